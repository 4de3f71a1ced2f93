package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollover-harness/rollover/scenarios"
	"github.com/rollover-harness/rollover/scenarios/engine"
	"github.com/rollover-harness/rollover/scenarios/engine/local"
	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/report"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/suites/relyingparty/sample"
)

const (
	// demoPatience is short: nothing in the demo has a cool-down to wait for.
	demoPatience = 8 * time.Second
	// telltale is the scenario that the demo tells in full: the next key is
	// published and used at once.
	telltale = "A5"
)

func (sh *shell) demo() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Shows a rollover that breaks one app and not another, in a minute",
		Long: "Runs the core scenarios against two sample apps within this process: one that survives, and one\n" +
			"that pins the keys it saw first. Needs nothing but this command. Exit code 0 when it showed that.",
		Example: "  rollover demo",
		RunE:    interruptible(func(ctx context.Context, _ []string) error { return sh.showDemo(ctx) }),
	}
}

func (sh *shell) showDemo(ctx context.Context) error {
	chosen, err := scenarios.Select(spec.Selection{Profile: "core"}, nil)
	if err != nil {
		return harness("%w", err)
	}
	sound, pinned, err := sh.demoRuns(ctx, chosen)
	if err != nil {
		return err
	}
	for _, one := range []struct {
		run     finished
		details []string
	}{{sound, []string{}}, {pinned, []string{telltale}}} {
		options := sh.terminal()
		options.Details = one.details
		if err := report.Terminal(sh.stdout, one.run.Run, options); err != nil {
			return harness("print report: %w", err)
		}
		fmt.Fprintln(sh.stdout)
	}
	story, err := tell(sound.Run, pinned.Run)
	if err != nil {
		return err
	}
	fmt.Fprint(sh.stdout, story)
	return nil
}

// demoRuns runs the sample apps side by side.
func (sh *shell) demoRuns(ctx context.Context, chosen []spec.Scenario) (sound, pinned finished, err error) {
	progress := sh.live(2 * len(chosen))
	defer progress.end()
	var soundErr, pinnedErr error
	var both sync.WaitGroup
	both.Go(func() { sound, soundErr = sh.demoRun(ctx, chosen, progress, "sound-app", "") })
	both.Go(func() { pinned, pinnedErr = sh.demoRun(ctx, chosen, progress, "pinned-keys-app", "frozen-key-set") })
	both.Wait()
	if soundErr != nil {
		return sound, pinned, soundErr
	}
	return sound, pinned, pinnedErr
}

// demoRun runs one sample app.
func (sh *shell) demoRun(ctx context.Context, chosen []spec.Scenario, progress *live, name, defect string) (finished, error) {
	app, err := sample.Target(name, defect)
	if err != nil {
		return finished{}, harness("%w", err)
	}
	file, err := sample.File()
	if err != nil {
		return finished{}, harness("%w", err)
	}
	return sh.play(ctx, engine.Config{
		Target: app, Scenarios: chosen, Promise: file.Promise, Profile: file.Issuer.Profile, Patience: demoPatience,
		Seed: 1, Tool: sh.version, Open: local.Opener(local.Config{}), Progress: progress.of(name + " "),
	})
}

// next is what to do after the demo.
const next = `Next: say in rollover.yaml how your app starts, then: rollover run

  apiVersion: rollover/v1
  target:
    name: my-api
    process:
      command: [node, server.js]
      env: {AUTHORITY: "${issuer}", AUDIENCE: "${audience}", PORT: "${port}"}
    ready: {path: /healthz}
    present: {as: bearer, path: /api}
`

// tell says what the verdicts come to. It fails where they are not what the
// demo is there to show.
func tell(sound, pinned report.Run) (string, error) {
	survivor, broken := verdictOf(sound, telltale), verdictOf(pinned, telltale)
	if s := sound.Summary(); s.Fail+s.Inconclusive > 0 || survivor.Outcome != oracle.Pass {
		return "", harness("the demo did not show what it is meant to: %s: %s", sound.Target.Name, s)
	}
	if broken.Outcome != oracle.Fail || len(broken.Diagnosis) == 0 {
		return "", harness("the demo did not show what it is meant to: %s: %s", pinned.Target.Name, pinned.Summary())
	}
	return fmt.Sprintf("%s survives: %s; in %s graded %s, %d good tokens rejected.\n"+
		"%s does not: %s; in %s graded %s, %d good tokens rejected. Likely cause:\n%s.\n\n%s",
		sound.Target.Name, sound.Summary(), telltale, survivor.Grade, survivor.Measures.RejectedGood,
		pinned.Target.Name, pinned.Summary(), telltale, broken.Grade, broken.Measures.RejectedGood, broken.Diagnosis[0].Cause, next), nil
}

// verdictOf is the zero verdict where the run has none of that id.
func verdictOf(run report.Run, id string) oracle.Verdict {
	if at := slices.IndexFunc(run.Verdicts, func(v oracle.Verdict) bool { return v.ID == id }); at >= 0 {
		return run.Verdicts[at]
	}
	return oracle.Verdict{}
}
