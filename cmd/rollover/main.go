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
	"golang.org/x/term"

	"github.com/rollover-harness/rollover/cmd/internal/serve"
	"github.com/rollover-harness/rollover/scenarios/report"
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

// interruptible is for commands that Ctrl-C and SIGTERM end with code 130.
func interruptible(run func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(_ *cobra.Command, args []string) error {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		// A second Ctrl-C ends the tool at once; the apps end with it all the same.
		context.AfterFunc(ctx, stop)
		err := run(ctx, args)
		var e *exit
		if err != nil && ctx.Err() != nil && !(errors.As(err, &e) && e.code == codeInterrupted) {
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
	}
	root.SetOut(sh.stdout)
	root.SetErr(sh.stderr)
	root.SetIn(sh.stdin)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("%w (see rollover %s --help)", err, strings.TrimPrefix(c.CommandPath(), "rollover "))
	})
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		sh.demo(), sh.run(), sh.judge(), sh.list(), sh.show(), sh.lint(), sh.schema(), sh.ctl(), serve.Command("serve", "rollover serve"),
	)
	for _, c := range root.Commands() {
		args := c.Args
		c.Args = func(c *cobra.Command, given []string) error {
			if args == nil {
				args = cobra.NoArgs
			}
			if err := args(c, given); err != nil {
				return usage("%w (see rollover %s --help)", err, c.Name())
			}
			return nil
		}
	}
	return root
}

// The exit codes, which scripts rely on.
const (
	codeFailed       = 1
	codeUsage        = 2
	codeInconclusive = 3
	codeHarness      = 4
	codeInterrupted  = 130
)

// exit is an error with the code that the process ends with.
type exit struct {
	code int
	err  error // nil: everything was said already
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

func usage(format string, args ...any) error {
	return &exit{code: codeUsage, err: fmt.Errorf(format, args...)}
}

func harness(format string, args ...any) error {
	return &exit{code: codeHarness, err: fmt.Errorf(format, args...)}
}

// report prints an error once and gives the exit code.
func (sh *shell) report(err error) int {
	if err == nil {
		return 0
	}
	var files spec.Errors
	if errors.As(err, &files) {
		for _, e := range files {
			fmt.Fprintln(sh.stderr, e)
		}
		return codeUsage
	}
	var e *exit
	var served *serve.Error
	switch {
	case errors.As(err, &e):
	case errors.As(err, &served):
		e = &exit{code: served.Code, err: served}
	default:
		// What is left are cobra's own errors: unknown commands and the like.
		e = &exit{code: codeUsage, err: err}
	}
	if e.err != nil {
		fmt.Fprintln(sh.stderr, "rollover:", e.err)
	}
	return e.code
}

// narrow and wide bound the width of what is printed for people; usual is for
// files and pipes.
const (
	narrow = 60
	usual  = 100
	wide   = 140
)

// terminal says how reports look where they go: colours and width only for people.
func (sh *shell) terminal() report.Options {
	is, width := attended(sh.stdout)
	return report.Options{Width: width, Color: is && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// attended reports whether somebody watches the progress, and how wide it may be.
func (sh *shell) attended() (terminal bool, width int) { return attended(sh.stderr) }

func attended(w io.Writer) (terminal bool, width int) {
	f, is := w.(*os.File)
	if !is || !term.IsTerminal(int(f.Fd())) {
		return false, usual
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return true, usual
	}
	return true, max(narrow, min(width, wide))
}

// version is that of the module, or of the commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "devel"
	}
	return strings.Trim(info.Main.Version, "()")
}
