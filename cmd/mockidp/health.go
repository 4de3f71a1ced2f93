package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollover-harness/rollover/cmd/internal/serve"
)

// health is the command that asks a running issuer whether it serves, for
// images that have no shell to ask with. Its errors are *serve.Error: code 1
// where it does not, 2 for what it cannot ask.
func health() *cobra.Command {
	var address string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask a running issuer whether it serves: exit code 0, or one line and 1",
		Example: "  mockidp health\n" +
			"  mockidp health --control 127.0.0.1:9401 --timeout 500ms",
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.NoArgs(cmd, args); err != nil {
				return &serve.Error{Code: 2, Hint: "see --help", Err: err}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			host, port, err := net.SplitHostPort(address)
			if err != nil {
				return &serve.Error{Code: 2, Hint: "--control is HOST:PORT", Err: err}
			}
			if host == "" {
				host = "127.0.0.1" // ":8401" listens everywhere, so here too
			}
			ctx, cancel := context.WithTimeoutCause(cmd.Context(), timeout, fmt.Errorf("no answer within %s", timeout))
			defer cancel()
			if err := ask(ctx, "http://"+net.JoinHostPort(host, port)+"/healthz"); err != nil {
				return &serve.Error{Code: 1, Hint: "is the issuer's control listener at " + address + "? --control says where", Err: err}
			}
			return nil
		},
		SilenceUsage: true, SilenceErrors: true,
	}
	cmd.Flags().StringVar(&address, "control", "127.0.0.1:8401", "address of the control listener")
	cmd.Flags().DurationVar(&timeout, "timeout", 2*time.Second, "how long an answer may take")
	return cmd
}

// ask expects 200. It asks directly: a proxy of the environment is for others.
func ask(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	answer, err := new(http.Transport).RoundTrip(request)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return fmt.Errorf("ask for health: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("ask for health: %s", answer.Status)
	}
	return errors.Join(err, answer.Body.Close())
}
