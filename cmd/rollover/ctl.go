package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/control"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// remote is the issuer that rollover ctl speaks to.
type remote struct {
	sh            *shell
	control, name string
}

func (sh *shell) ctl() *cobra.Command {
	r := &remote{sh: sh}
	c := &cobra.Command{
		Use:   "ctl VERB",
		Short: "Commands an issuer that rollover serve runs",
		Long: "Commands an issuer that rollover serve (or mockidp) runs, over its control listener. What a verb\n" +
			"needs beside a key is written as in a step of a scenario file: a YAML or JSON mapping.",
		Example: "  rollover ctl keys\n" +
			"  rollover ctl rotate\n" +
			"  rollover ctl skew +5m\n" +
			"  rollover ctl fault '{id: down, document: jwks, status: {code: 503, retryAfter: 10s}}'\n" +
			"  rollover ctl mint '{key: old, forge: alg-none}'",
		Args: oneOf,
		RunE: func(*cobra.Command, []string) error { return nil }, // Args lets nobody come here
	}
	c.PersistentFlags().StringVar(&r.control, "control", "127.0.0.1:8401", "address of the control listener")
	c.PersistentFlags().StringVar(&r.name, "issuer", "default", "name of the issuer")
	c.AddCommand(
		r.keys(), r.rotate(), r.publish(),
		r.byKey("activate", "Makes a published or retired key the signer", func(k string) command.Command { return keyring.Activate{Key: k} }),
		r.byKey("retire", "Stops a key from signing; it stays served", func(k string) command.Command { return keyring.Retire{Key: k} }),
		r.byKey("remove", "Takes a key out of the documents", func(k string) command.Command { return keyring.Remove{Key: k} }),
		r.byKey("restore", "Brings a removed key back", func(k string) command.Command { return keyring.Restore{Key: k} }),
		r.skew(), r.mapping("fault", "Sets a fault", "'{document: jwks, status: {code: 503}, count: 3}'"),
		r.clear(), r.mapping("do", "Carries out any command, or a list of them as one", "'[{publish: {name: next}}, {activate: {key: next}}]'"),
		r.mint(), r.timeline(), r.reset(),
	)
	return c
}

// with calls the issuer and words what can go wrong on the way.
func (r *remote) with(run func(ctx context.Context, issuer *control.Remote, args []string) error) func(*cobra.Command, []string) error {
	return interruptible(func(ctx context.Context, args []string) error {
		client := control.NewClient(r.control)
		defer client.Close()
		err := run(ctx, client.Issuer(r.name), args)
		var answered *control.Error
		var network net.Error
		switch {
		case err == nil:
			return nil
		case errors.As(err, &answered) && answered.Status < 500:
			return usage("%w", err)
		case errors.As(err, &network):
			return harness("%w (is rollover serve running? its control address is --control)", err)
		}
		var own *exit
		if errors.As(err, &own) {
			return err
		}
		return harness("%w", err)
	})
}

func (r *remote) apply(ctx context.Context, issuer *control.Remote, commands ...command.Command) error {
	result, err := issuer.Apply(ctx, commands...)
	if err != nil {
		return err
	}
	return r.sh.printJSON(result)
}

func (sh *shell) printJSON(value any) error {
	encoder := json.NewEncoder(sh.stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

func (r *remote) keys() *cobra.Command {
	return &cobra.Command{
		Use: "keys", Short: "Lists the keys with their states and thumbprints", Example: "  rollover ctl keys | jq -r '.keys[].thumbprint'",
		RunE: r.with(func(ctx context.Context, issuer *control.Remote, _ []string) error {
			set, err := issuer.Keys(ctx)
			if err != nil {
				return err
			}
			return r.sh.printJSON(set)
		}),
	}
}

func (r *remote) rotate() *cobra.Command {
	var abrupt bool
	c := &cobra.Command{
		Use: "rotate", Short: "Makes the waiting key, or a new one, the signer; the former one stays served",
		Example: "  rollover ctl rotate\n  rollover ctl rotate --abrupt   # nothing but the new key stays",
		RunE: r.with(func(ctx context.Context, issuer *control.Remote, _ []string) error {
			return r.apply(ctx, issuer, keyring.Rotate{Abrupt: abrupt})
		}),
	}
	c.Flags().BoolVar(&abrupt, "abrupt", false, "nothing but the new key stays")
	return c
}

func (r *remote) publish() *cobra.Command {
	var alg string
	c := &cobra.Command{
		Use: "publish NAME", Short: "Puts a new key, or a generated one, into the documents",
		Example: "  rollover ctl publish next\n  rollover ctl publish next --alg ES256", Args: cobra.ExactArgs(1),
		RunE: r.with(func(ctx context.Context, issuer *control.Remote, args []string) error {
			return r.apply(ctx, issuer, keyring.Publish{Name: args[0], Alg: alg})
		}),
	}
	c.Flags().StringVar(&alg, "alg", "", "algorithm of a new key: RS256 (default), PS256, ES256, EdDSA")
	return c
}

func (r *remote) byKey(verb, short string, make func(key string) command.Command) *cobra.Command {
	return &cobra.Command{
		Use: verb + " KEY", Short: short, Example: "  rollover ctl " + verb + " initial", Args: cobra.ExactArgs(1),
		RunE: r.with(func(ctx context.Context, issuer *control.Remote, args []string) error {
			return r.apply(ctx, issuer, make(args[0]))
		}),
	}
}

func (r *remote) skew() *cobra.Command {
	return &cobra.Command{
		Use: "skew BY", Short: "Puts the issuer's clock ahead, or back", Example: "  rollover ctl skew +5m\n  rollover ctl skew -- -30s",
		Args: cobra.ExactArgs(1),
		RunE: r.with(func(ctx context.Context, issuer *control.Remote, args []string) error {
			var by clock.Duration
			if err := by.UnmarshalText([]byte(args[0])); err != nil {
				return usage("%w", err)
			}
			return r.apply(ctx, issuer, command.Skew{By: by})
		}),
	}
}

func (r *remote) clear() *cobra.Command {
	return &cobra.Command{
		Use: "clear [FAULT]", Short: "Ends a fault, or all of them", Example: "  rollover ctl clear down", Args: cobra.MaximumNArgs(1),
		RunE: r.with(func(ctx context.Context, issuer *control.Remote, args []string) error {
			return r.apply(ctx, issuer, command.Clear{Fault: strings.Join(args, "")})
		}),
	}
}

func (r *remote) timeline() *cobra.Command {
	var after uint64
	var follow bool
	c := &cobra.Command{
		Use: "timeline", Short: "Prints what the issuer did and was asked for, as JSON lines",
		Example: "  rollover ctl timeline\n  rollover ctl timeline --follow",
		RunE: r.with(func(ctx context.Context, issuer *control.Remote, _ []string) error {
			for {
				var wait time.Duration
				if follow {
					wait = 20 * time.Second
				}
				entries, err := issuer.Timeline(ctx, after, wait)
				if err != nil {
					return err
				}
				if err := timeline.Encode(r.sh.stdout, entries); err != nil {
					return err
				}
				if len(entries) > 0 {
					after = entries[len(entries)-1].Seq
				}
				if !follow {
					return nil
				}
			}
		}),
	}
	c.Flags().Uint64Var(&after, "after", 0, "only entries after this number")
	c.Flags().BoolVar(&follow, "follow", false, "go on as entries come, until Ctrl-C")
	return c
}

func (r *remote) reset() *cobra.Command {
	return &cobra.Command{
		Use: "reset", Short: "Brings the issuer back to the state of its start", Example: "  rollover ctl reset",
		RunE: r.with(func(ctx context.Context, issuer *control.Remote, _ []string) error { return issuer.Reset(ctx) }),
	}
}
