package main

import (
	"context"
	"fmt"
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

// demoPatience is short: nothing in the demo has a cool-down to wait for.
const demoPatience = 10 * time.Second

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
	sound, err := sh.demoRun(ctx, chosen, "sound-app", "")
	if err != nil {
		return err
	}
	pinned, err := sh.demoRun(ctx, chosen, "pinned-keys-app", "frozen-key-set")
	if err != nil {
		return err
	}
	for _, run := range []finished{sound, pinned} {
		if err := report.Terminal(sh.stdout, run.Run, sh.terminal()); err != nil {
			return harness("print report: %w", err)
		}
		fmt.Fprintln(sh.stdout)
	}
	survived, broke := count(sound.Verdicts, oracle.Pass), count(pinned.Verdicts, oracle.Fail)
	if survived != len(sound.Verdicts) || broke == 0 {
		return harness("the demo did not show what it is meant to: %d of %d passed by %s, %d failed by %s",
			survived, len(sound.Verdicts), sound.Target.Name, broke, pinned.Target.Name)
	}
	fmt.Fprintf(sh.stdout, `%s survives: %d of %d scenarios passed. It refetches the key set when a token names a key that it does not know.
%s does not: %d of %d failed. It keeps the keys that it read first, so the day its provider rolls, sign-in breaks.

Next: say how your app starts, in rollover.yaml, and run it:

  apiVersion: rollover/v1
  target:
    name: my-api
    process:
      command: [node, server.js]
      env: {AUTHORITY: "${issuer}", AUDIENCE: "${audience}", PORT: "${port}"}
    ready: {path: /healthz}
    present: {as: bearer, path: /api}

  rollover run
`, sound.Target.Name, survived, len(sound.Verdicts), pinned.Target.Name, broke, len(pinned.Verdicts))
	return nil
}

// demoRun runs one sample app.
func (sh *shell) demoRun(ctx context.Context, chosen []spec.Scenario, name, defect string) (finished, error) {
	fmt.Fprintf(sh.stderr, "%s: %d scenarios\n", name, len(chosen))
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
		Seed: 1, Tool: sh.version, Open: local.Opener(local.Config{}),
	})
}

func count(verdicts []oracle.Verdict, outcome oracle.Outcome) int {
	n := 0
	for _, v := range verdicts {
		if v.Outcome == outcome {
			n++
		}
	}
	return n
}
