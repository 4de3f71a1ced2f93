package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollover-harness/rollover/mockidp/keysource"
	"github.com/rollover-harness/rollover/scenarios"
	"github.com/rollover-harness/rollover/scenarios/engine"
	"github.com/rollover-harness/rollover/scenarios/engine/local"
	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/report"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target"
	"github.com/rollover-harness/rollover/scenarios/target/kind"
)

// runFlags are the flags of rollover run.
type runFlags struct {
	url, issuer, audience, path string
	accepted, rejected          []int
	profile, promise            string
	scenarios                   string
	include, exclude            []string
	patience                    time.Duration
	parallel                    int
	seed                        uint64
	strict                      bool
	outputs
}

func (sh *shell) run() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run [FILE]",
		Short: "Runs an app through rollovers and prints the verdicts",
		Long: "Starts an issuer and the app of FILE (default rollover.yaml) for each scenario, carries the\n" +
			"scenario out, and judges what the app answered.\n\n" +
			"With --url the app is running already and was configured for the issuer at --issuer.\n\n" +
			"Exit codes: 0 all passed, 1 a scenario failed, 2 usage or an invalid file, 3 something was\n" +
			"inconclusive (with --strict also not applicable), 4 the harness or the app's start failed,\n" +
			"130 interrupted.",
		Example: "  rollover run\n" +
			"  rollover run orders/rollover.yaml --include A5,B3 --json report.json --timelines timelines/\n" +
			"  rollover run --url http://127.0.0.1:5000/api --issuer 127.0.0.1:8400 --audience api://orders",
		Args: cobra.MaximumNArgs(1),
		RunE: interruptible(func(ctx context.Context, args []string) error { return sh.runTarget(ctx, f, args) }),
	}
	flags := c.Flags()
	flags.StringVar(&f.url, "url", "", "URL of an app that is running already, with the path that demands a token")
	flags.StringVar(&f.issuer, "issuer", "127.0.0.1:8400", "with --url: address at which the issuer listens")
	flags.StringVar(&f.audience, "audience", "", "with --url: audience of good tokens (default "+engine.DefaultAudience+")")
	flags.IntSliceVar(&f.accepted, "accepted", []int{200}, "with --url: HTTP statuses that mean accepted")
	flags.IntSliceVar(&f.rejected, "rejected", []int{401, 403}, "with --url: HTTP statuses that mean rejected")
	flags.StringVar(&f.profile, "issuer-profile", "", "issuer profile, instead of the file's: generic or entra")
	flags.StringVar(&f.promise, "promise", "", "promise to judge by, instead of the file's: strict, microsoft or pinned")
	flags.StringVar(&f.scenarios, "profile", "", "scenarios of this profile, instead of the file's: core, extended, forgery or federation")
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
	file, dir, err := f.file(args)
	if err != nil {
		return err
	}
	if err := f.override(&file); err != nil {
		return err
	}
	chosen, err := scenarios.Select(file.Scenarios, os.ReadFile)
	if err != nil {
		return usageOf(err)
	}
	if len(chosen) == 0 {
		return usage("no scenario is chosen: see rollover list")
	}
	if err := f.outputs.check(); err != nil {
		return err
	}
	if f.seed == 0 {
		f.seed = rand.Uint64()
	}
	app, err := kind.Of(file.Target, dir, os.Environ())
	if err != nil {
		return usage("%w", err)
	}
	c := engine.Config{
		Target: app, Scenarios: chosen, Promise: file.Promise, Profile: file.Issuer.Profile, Audience: file.Target.Audience,
		Patience: f.patience, Parallel: f.parallel, Seed: f.seed, Tool: sh.version,
	}
	where := local.Config{Profile: file.Issuer.Profile}
	if app.Kind() == "url" {
		// The app remembers keys from one scenario, and one run, to the next:
		// pool keys would come again.
		where.Source = keysource.New(keysource.Config{Fresh: true})
		defer where.Source.Close()
		where.Address = f.issuer
		c.Parallel = 1
		if err := sh.announce(file, f.issuer); err != nil {
			return err
		}
	}
	c.Open = local.Opener(where)
	run, err := sh.play(ctx, c)
	if err != nil {
		return err
	}
	run.Reproduce, run.Timelines = reproduce(args, f), f.outputs.timelines
	if err := f.outputs.write(run); err != nil {
		return err
	}
	if err := report.Terminal(sh.stdout, run.Run, sh.terminal()); err != nil {
		return harness("print report: %w", err)
	}
	return verdict(run.Verdicts, f.strict)
}

// file is the target file, or what the flags say of an app that runs already.
func (f runFlags) file(args []string) (file spec.File, dir string, err error) {
	if f.url == "" {
		name := "rollover.yaml"
		if len(args) == 1 {
			name = args[0]
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return file, "", usage("read target file: %w (name one: rollover run FILE, or an app that is running: --url)", err)
		}
		file, err := spec.DecodeFile(name, data)
		return file, filepath.Dir(name), err
	}
	if len(args) > 0 {
		return file, "", usage("either a target file or --url")
	}
	at, err := url.Parse(f.url)
	if err != nil || at.Host == "" || (at.Scheme != "http" && at.Scheme != "https") {
		return file, "", usage("--url %q is not an http or https URL", f.url)
	}
	path := at.RequestURI()
	file = spec.File{APIVersion: spec.APIVersion, Target: spec.Target{
		Name: at.Host, URL: at.Scheme + "://" + at.Host, Audience: f.audience,
		Present: spec.Carry{As: "bearer", Path: path}, Accepted: f.accepted, Rejected: f.rejected,
	}}
	if errs := spec.ValidateFile(file); len(errs) > 0 {
		return file, "", usage("%w", errs[0])
	}
	return file.WithDefaults(), ".", nil
}

// override puts the flags in the place of what the file says.
func (f runFlags) override(file *spec.File) error {
	if f.profile != "" {
		file.Issuer.Profile = f.profile
	}
	if f.promise != "" {
		p, err := spec.PromiseByName(f.promise)
		if err != nil {
			return usage("--promise: %w", err)
		}
		file.Promise = p
	}
	if f.scenarios != "" || len(f.include) > 0 {
		file.Scenarios = spec.Selection{Profile: f.scenarios, Include: f.include, Exclude: file.Scenarios.Exclude}
	}
	file.Scenarios.Exclude = append(file.Scenarios.Exclude, f.exclude...)
	if f.patience <= 0 {
		return usage("--patience %s is not above zero", f.patience)
	}
	return nil
}

// announce says where the issuer of a running app will be.
func (sh *shell) announce(file spec.File, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return usage("--issuer %q is not an address such as 127.0.0.1:8400", address)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		fmt.Fprintf(sh.stderr, "warning: the issuer at %s can be reached from other machines, and its private keys are public\n", address)
	}
	fmt.Fprintf(sh.stderr, "the issuer listens at %s while a scenario runs; one scenario after the other\n", address)
	return nil
}

// finished is a run that was carried out and judged.
type finished struct {
	report.Run
	results []engine.Result
}

// play carries the scenarios out and judges them.
func (sh *shell) play(ctx context.Context, c engine.Config) (finished, error) {
	attended, width := sh.attended()
	live := report.NewLive(sh.stderr, report.LiveOptions{Terminal: attended, Total: len(c.Scenarios), Width: width})
	c.Progress = func(p engine.Progress) {
		live.Update(report.Progress{ID: p.ID, Doing: p.Doing, Step: p.Step, Steps: p.Steps, Done: p.Done, Seconds: p.Took.Seconds()})
	}
	began := time.Now()
	results, err := engine.Run(ctx, c)
	took := time.Since(began)
	live.Close()
	if err != nil {
		return finished{}, failure(ctx, err, results)
	}
	run := finished{results: results, Run: report.Run{
		Tool: c.Tool, Seed: c.Seed, StartedAt: began.UTC(), Seconds: took.Seconds(),
		Target: report.Target{Name: c.Target.Name(), Kind: c.Target.Kind()}, Profile: c.Profile, Promise: c.Promise,
		Because: map[string]string{},
	}}
	for _, r := range results {
		v, err := oracle.Judge(r.Entries)
		if err != nil {
			return finished{}, harness("scenario %s: %w", r.Scenario.ID, err)
		}
		run.Verdicts = append(run.Verdicts, v)
		run.Because[v.ID] = r.Scenario.Because
	}
	return run, nil
}

// failure is the error of a run that came to no verdict.
func failure(ctx context.Context, err error, results []engine.Result) error {
	if ctx.Err() != nil {
		done := 0
		for _, r := range results {
			if r.Err == nil && len(r.Entries) > 0 {
				done++
			}
		}
		return &exit{code: codeInterrupted, err: fmt.Errorf("interrupted after %d of %d scenarios: every app was ended, no report was written", done, len(results))}
	}
	if errors.Is(err, target.ErrStart) || errors.Is(err, engine.ErrPlain) {
		return harness("%w", err)
	}
	return harness("the harness failed, so there is no verdict: %w", err)
}

// verdict is the exit code of a run.
func verdict(verdicts []oracle.Verdict, strict bool) error {
	code := 0
	for _, v := range verdicts {
		switch {
		case v.Error != "":
			return &exit{code: codeHarness}
		case v.Outcome == oracle.Fail:
			code = codeFailed
		case code == 0 && (v.Outcome == oracle.Inconclusive || strict && v.Outcome == oracle.NotApplicable):
			code = codeInconclusive
		}
	}
	if code == 0 {
		return nil
	}
	return &exit{code: code}
}

// reproduce is the command line of this run, for a report.
func reproduce(args []string, f runFlags) string {
	words := append([]string{"rollover", "run"}, args...)
	if f.url != "" {
		words = append(words, "--url", f.url, "--issuer", f.issuer)
		if f.audience != "" {
			words = append(words, "--audience", f.audience)
		}
	}
	if f.promise != "" {
		words = append(words, "--promise", f.promise)
	}
	return strings.Join(append(words, "--seed", fmt.Sprint(f.seed)), " ")
}

// usageOf leaves errors with positions as they are.
func usageOf(err error) error {
	var files spec.Errors
	if errors.As(err, &files) {
		return err
	}
	return usage("%w", err)
}
