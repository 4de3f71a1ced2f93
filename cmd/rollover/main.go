// Command rollover proves that applications survive when an identity provider
// changes its signing keys.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/rollover-harness/rollover/cmd/internal/serve"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

func main() { os.Exit(execute()) }

// shell is the one place that touches the process: its streams, its signals,
// its version.
type shell struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	version        string
}

// execute runs the command line and turns its error into an exit code.
func execute() int {
	sh := &shell{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, version: version()}
	return sh.report(sh.root().Execute())
}

// interruptible is for commands that Ctrl-C, SIGTERM and a closed terminal end
// with code 130.
func interruptible(run func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(_ *cobra.Command, args []string) error {
		signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
		if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
			signals = append(signals, syscall.SIGHUP)
		}
		ctx, stop := signal.NotifyContext(context.Background(), signals...)
		defer stop()
		// A second Ctrl-C ends the tool at once; processes end with it all the same,
		// containers when the next run removes them.
		context.AfterFunc(ctx, stop)
		err := run(ctx, args)
		var e *exit
		said := errors.As(err, &e) && (e.err == nil || e.code == codeInterrupted) // a verdict stands, however late Ctrl-C came
		if err != nil && ctx.Err() != nil && !said {
			err = &exit{code: codeInterrupted, err: errors.New("interrupted")}
		}
		return err
	}
}

func (sh *shell) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "rollover",
		Short: "Proves that applications survive when an identity provider changes its signing keys",
		Long: "rollover rehearses a change of signing keys: it runs your app against an issuer that\n" +
			"rotates, removes, restores and skews its keys on command, and says what happened.\n\n" +
			"For tests only: the issuer's private keys are public.",
		Example:       "  rollover demo\n  rollover run rollover.yaml --json report.json --timelines timelines/",
		Version:       sh.version,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(c *cobra.Command, given []string) error {
			if len(given) == 0 {
				return nil // help, for those who come for the first time
			}
			return oneOf(c, given)
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetOut(sh.stdout)
	root.SetErr(sh.stderr)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("%w (see %s --help)", err, c.CommandPath())
	})
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetHelpCommand(&cobra.Command{Hidden: true}) // --help is the one way
	root.AddCommand(sh.demo(), sh.run(), sh.judge(), sh.list(), sh.show(), sh.lint(), sh.schema(), sh.thumbprint(), sh.ctl())
	strictArgs(root)
	root.AddCommand(serve.Command("serve", "rollover serve")) // strict by itself
	return root
}

// strictArgs makes errors about arguments say what the command takes, and
// refuses arguments where it takes none.
func strictArgs(c *cobra.Command) {
	args := c.Args
	if args == nil {
		args = func(_ *cobra.Command, given []string) error {
			if len(given) > 0 {
				return fmt.Errorf("unexpected argument %q", given[0])
			}
			return nil
		}
	}
	c.Args = func(c *cobra.Command, given []string) error {
		if err := args(c, given); err != nil {
			return usage("%w (%s; see %s --help)", err, strings.TrimSuffix(c.UseLine(), " [flags]"), c.CommandPath())
		}
		return nil
	}
	for _, sub := range c.Commands() {
		strictArgs(sub)
	}
}

// oneOf refuses what is none of a command's own commands.
func oneOf(c *cobra.Command, given []string) error {
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	if len(given) == 0 {
		return errors.New("which one? " + strings.Join(names, ", "))
	}
	return fmt.Errorf("unknown command %q: %s", given[0], spec.DidYouMean(given[0], names))
}

// version is that of the module, or of the commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "devel"
	}
	return strings.Trim(info.Main.Version, "()")
}
