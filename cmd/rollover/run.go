package main

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollover-harness/rollover/scenarios/engine"
	"github.com/rollover-harness/rollover/scenarios/report"
)

// runFlags are the flags of rollover run.
type runFlags struct {
	given                  func(flag string) bool
	url, issuer, audience  string
	issuerAt, issuerImage  string
	as, reply, start       string
	accepted, rejected     []int
	issuerProfile, promise string
	profile                string
	include, exclude       []string
	patience               time.Duration
	parallel               int
	seed                   uint64
	strict                 bool
	outputs
}

func (sh *shell) run() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run [FILE]",
		Short: "Runs an app through rollovers and prints the verdicts",
		Long: "Starts an issuer and the app of FILE (default rollover.yaml) for each scenario, carries the\n" +
			"scenario out, and judges what the app answered.\n\n" +
			"An app that is a container has its issuers in containers beside it, or with --issuer-at host\n" +
			"in this process.\n\n" +
			"With --url the app is running already and was configured for the issuer at --issuer.\n\n" +
			"Exit codes: 0 all passed, 1 a scenario failed, 2 usage or an invalid file, 3 something was\n" +
			"inconclusive (with --strict also not applicable), 4 the harness or the app's start failed,\n" +
			"130 interrupted.",
		Example: "  rollover run\n" +
			"  rollover run orders/rollover.yaml --include A5,B3 --json report.json --timelines timelines/\n" +
			"  rollover run orders/container.yaml --issuer-at host\n" +
			"  rollover run --url http://127.0.0.1:5000/api --issuer 127.0.0.1:8400 --audience api://orders\n" +
			"  rollover run --url http://127.0.0.1:5000/ --as wsfed-login --issuer-profile entra --audience urn:orders --profile federation",
		Args: cobra.MaximumNArgs(1),
		RunE: interruptible(func(ctx context.Context, args []string) error { return sh.runTarget(ctx, f, args) }),
	}
	flags := c.Flags()
	f.given = flags.Changed
	flags.StringVar(&f.url, "url", "", "URL of an app that is running already, with the path that demands a token or a login")
	flags.StringVar(&f.issuer, "issuer", "127.0.0.1:8400", "address at which the issuer of an app that is running already listens")
	flags.StringVar(&f.issuerAt, "issuer-at", "container", "of an app in a container: where its issuers run: container, beside it, or host, in this process")
	flags.StringVar(&f.issuerImage, "issuer-image", issuerImage, "image of issuers that run in containers")
	flags.StringVar(&f.audience, "audience", "", "with --url: audience of good tokens (default "+engine.DefaultAudience+")")
	flags.StringVar(&f.as, "as", "bearer", "with --url: how the app is asked: bearer, or a login by a browser: oidc-login, wsfed-login, saml-login")
	flags.StringVar(&f.reply, "reply", "", "with --as ...-login: path of the app's registered reply address, for apps that send none")
	flags.StringVar(&f.start, "start", "", "with --as ...-login: where a login begins: app (default) or issuer")
	flags.IntSliceVar(&f.accepted, "accepted", []int{200}, "with --url: HTTP statuses that mean accepted")
	flags.IntSliceVar(&f.rejected, "rejected", []int{401, 403}, "with --url: HTTP statuses that mean rejected")
	flags.StringVar(&f.issuerProfile, "issuer-profile", "", "issuer profile, instead of the file's: generic, entra or adfs")
	flags.StringVar(&f.promise, "promise", "", "promise to judge by, instead of the file's: strict, microsoft or pinned")
	flags.StringVar(&f.profile, "profile", "", "scenarios of this profile, instead of the file's: core, extended, forgery or federation")
	flags.StringSliceVar(&f.include, "include", nil, "scenarios by id or file, instead of the file's; with --profile on top of it")
	flags.StringSliceVar(&f.exclude, "exclude", nil, "scenarios by id that do not run")
	flags.DurationVar(&f.patience, "patience", engine.DefaultPatience, "the longest that the run waits for anything")
	flags.IntVar(&f.parallel, "parallel", 0, "scenarios that run side by side (default: all of them)")
	flags.Uint64Var(&f.seed, "seed", 0, "seed of everything random (default: a new one, which the report names)")
	flags.BoolVar(&f.strict, "strict", false, "exit code 3 also where a scenario was not applicable")
	f.outputs.register(flags)
	return c
}

func (sh *shell) runTarget(ctx context.Context, f runFlags, args []string) error {
	if err := f.check(args); err != nil {
		return err
	}
	t, err := f.task(args)
	if err != nil {
		return err
	}
	if err := f.outputs.check(); err != nil {
		return err
	}
	if !f.given("seed") {
		f.seed = uint64(rand.Uint32()) // short enough to be copied by hand
	}
	s, err := sh.stage(ctx, f, t)
	if err != nil {
		return err
	}
	defer sh.strike(s)
	c := engine.Config{
		Target: s.app, Open: s.open, Scenarios: t.chosen, Promise: t.file.Promise, Profile: t.file.Issuer.Profile, Audience: t.file.Target.Audience,
		Patience: f.patience, Parallel: cmp.Or(s.parallel, f.parallel), Seed: f.seed, Tool: sh.version,
	}
	progress := sh.live(len(t.chosen))
	c.Progress = progress.of("")
	run, err := sh.play(ctx, c)
	progress.end()
	if err != nil {
		return err
	}
	run.Reproduce, run.Chosen = f.reproduce(args)
	run.Sources, run.Timelines = t.sources, f.outputs.timelines
	// Files first, since nobody may be reading stdout; what goes wrong with them
	// must not cost the table.
	written := f.outputs.write(run)
	if err := report.Terminal(sh.stdout, run.Run, sh.terminal()); err != nil {
		return errors.Join(written, harness("print report: %w", err))
	}
	if written != nil {
		return written
	}
	return verdict(run.Verdicts, f.strict)
}
