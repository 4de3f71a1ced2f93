package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"time"

	"github.com/rollover-harness/rollover/scenarios/engine"
	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/report"
	"github.com/rollover-harness/rollover/scenarios/target"
)

// finished is a run that was carried out and judged.
type finished struct {
	report.Run
	results []engine.Result
}

// play carries the scenarios out and judges them.
func (sh *shell) play(ctx context.Context, c engine.Config) (finished, error) {
	// One thread more than signatures are made at a time, so that documents
	// answer at once while tokens are minted (see the issuer's Gate).
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1))
	began := time.Now()
	results, err := engine.Run(ctx, c)
	took := time.Since(began)
	if err != nil {
		return finished{}, failure(ctx, c, err, results)
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
func failure(ctx context.Context, c engine.Config, err error, results []engine.Result) error {
	done := 0
	for _, r := range results {
		if r.Err == nil && len(r.Entries) > 0 {
			done++
		}
	}
	switch {
	case ctx.Err() != nil:
		apps := "every app was ended"
		if c.Target.Kind() == "url" {
			apps = "the app goes on"
		}
		return &exit{code: codeInterrupted, err: fmt.Errorf("interrupted after %d of %d scenarios: %s, no report was written", done, len(results), apps)}
	case (errors.Is(err, target.ErrStart) || errors.Is(err, engine.ErrPlain)) && done > 0:
		return harness("%w (after %d of %d scenarios, of which no report was written)", err, done, len(results))
	case errors.Is(err, target.ErrStart), errors.Is(err, engine.ErrPlain):
		return harness("%w", err)
	case c.Target.Kind() == "url" && errors.Is(err, syscall.EADDRINUSE):
		return harness("%w (the issuer of the run needs that address: stop what listens there, maybe rollover serve, or configure the app for another and name that by --issuer)", err)
	}
	return harness("the harness failed, so there is no verdict: %w", err)
}

// verdict is the exit code of a run.
func verdict(verdicts []oracle.Verdict, strict bool) error {
	code := 0
	for _, v := range verdicts {
		switch {
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
