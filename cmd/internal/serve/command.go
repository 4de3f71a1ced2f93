// Package serve is the mock issuer as a command: the flags and the life that
// `rollover serve` and `mockidp` share.
package serve

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Error is a failure with the code that the process exits with.
type Error struct {
	Code int    // 1: asked for its health, it has none; 2: usage; 4: it cannot serve; 130: interrupted
	Hint string // what to change
	Err  error
}

func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Err.Error()
	}
	return e.Err.Error() + " (" + e.Hint + ")"
}

// Unwrap is for errors.Is.
func (e *Error) Unwrap() error { return e.Err }

// ExitCode is what the process exits with.
func (e *Error) ExitCode() int { return e.Code }

// Why the command's context ends. SIGTERM asks for an orderly end and gets one.
var (
	errInterrupted = errors.New("interrupted")
	errTerminated  = errors.New("terminated")
)

// Command returns the command under the name that it is called by: path is
// what stands before its flags in an example ("rollover serve", "mockidp").
// Its errors are *Error. SIGTERM ends it without one, SIGINT and the end of
// the caller's context with code 130.
func Command(use, path string) *cobra.Command {
	var c Config
	cmd := &cobra.Command{
		Use:   use,
		Short: "Run the mock issuer on its own (for tests only)",
		Long: `Run the mock issuer on its own, for tests only: its private keys are public.

Apps talk to the protocol listener; keys, clock and faults are changed over the
control listener (GET /openapi.json there describes it).`,
		Example: "  " + path + "\n" +
			"  " + path + " --profile entra --tls\n" +
			"  " + path + " --listen 127.0.0.1:0 --control 127.0.0.1:0 --config issuers.yaml",
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.NoArgs(cmd, args); err != nil {
				return &Error{Code: 2, Hint: "see --help", Err: err}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := untilSignal(cmd.Context())
			defer stop()
			if err := Run(ctx, c, cmd.OutOrStdout(), cmd.ErrOrStderr()); err != nil {
				return err
			}
			if errors.Is(context.Cause(ctx), errTerminated) {
				return nil
			}
			return &Error{Code: 130, Err: errInterrupted}
		},
		SilenceUsage: true, SilenceErrors: true,
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return &Error{Code: 2, Hint: "see --help", Err: err}
	})
	flags := cmd.Flags()
	flags.StringVar(&c.Listen, "listen", "127.0.0.1:8400", "address of the protocol listener, which apps talk to")
	flags.StringVar(&c.Control, "control", "127.0.0.1:8401", "address of the control listener; whoever reaches it commands the issuers")
	flags.StringVar(&c.Profile, "profile", "generic", "provider whose shapes issuers have that name none: generic, entra or adfs")
	flags.StringVar(&c.File, "config", "", "YAML or JSON file with the issuers; left out: one named default")
	flags.StringVar(&c.Host, "host", "", "host name in the issuers' URLs, for apps in other containers; left out: that of --listen")
	flags.BoolVar(&c.TLS, "tls", false, "serve https with a throw-away CA; GET /ca.pem on the control listener gives it")
	flags.UintVar(&c.TimelineLimit, "timeline-limit", timelineLimit, "entries that the timeline of each issuer keeps, about; 0: all of them")
	return cmd
}

// untilSignal ends the context at SIGINT and SIGTERM, with the cause.
func untilSignal(parent context.Context) (context.Context, func()) {
	if parent == nil {
		parent = context.Background()
	}
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case s := <-signals:
			if s == syscall.SIGTERM {
				cancel(errTerminated)
				return
			}
			cancel(errInterrupted)
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
		<-done
	}
}
