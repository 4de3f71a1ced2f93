package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"

	"github.com/spf13/cobra"

	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/report"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

func (sh *shell) judge() *cobra.Command {
	var file string
	var strict bool
	c := &cobra.Command{
		Use:   "judge TIMELINE...",
		Short: "Judges saved timelines again, without issuer or app",
		Long: "Reads the timelines that rollover run --timelines kept and prints the verdicts again. They are\n" +
			"those of one run. A timeline that breaks off is inconclusive. Exit codes as those of rollover run.",
		Example: "  rollover judge timelines/*.jsonl --json again.json",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			run, err := judged(args)
			if err != nil {
				return err
			}
			if err := checkFile("--json", file); err != nil {
				return err
			}
			if file != "" {
				if err := atomically(file, func(to io.Writer) error { return report.JSON(to, run) }); err != nil {
					return harness("write report: %w", err)
				}
			}
			if err := report.Terminal(sh.stdout, run, sh.terminal()); err != nil {
				return harness("print report: %w", err)
			}
			return verdict(run.Verdicts, strict)
		},
	}
	c.Flags().StringVar(&file, "json", "", "write the report as JSON to this file")
	c.Flags().BoolVar(&strict, "strict", false, "exit code 3 also where a scenario was not applicable")
	return c
}

// judged is the report of saved timelines. They must be of one run: a report
// has one target and one promise.
func judged(files []string) (report.Run, error) {
	var run report.Run
	first := map[string]string{} // the file of each scenario
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return run, usage("read timeline: %w", err)
		}
		one, err := judgedOne(data)
		if err != nil {
			return run, usage("%s: %w (timelines are what rollover run --timelines keeps)", name, err)
		}
		v := one.Verdicts[0]
		if former, twice := first[v.ID]; twice {
			return run, usage("%s and %s are both of scenario %s: judge them apart", former, name, v.ID)
		}
		first[v.ID] = name
		if len(run.Verdicts) == 0 {
			run = one
			run.Timelines = filepath.Dir(name)
			continue
		}
		if run.Target != one.Target || run.Profile != one.Profile || !reflect.DeepEqual(run.Promise, one.Promise) {
			return run, usage("%s is of another run than %s, of %s (%s): judge them apart", name, files[0], run.Target.Name, run.Target.Kind)
		}
		if one.StartedAt.Before(run.StartedAt) {
			run.StartedAt = one.StartedAt
		}
		run.Seconds = max(run.Seconds, one.Seconds)
		run.Verdicts = append(run.Verdicts, v)
		run.Because[v.ID] = one.Because[v.ID]
	}
	return run, nil
}

// judgedOne is the report of one timeline.
func judgedOne(data []byte) (report.Run, error) {
	entries, err := timeline.Decode(bytes.NewReader(data))
	if err != nil {
		return report.Run{}, err
	}
	v, err := oracle.Judge(entries)
	if err != nil {
		return report.Run{}, err
	}
	began, at := opening(entries)
	run := report.Run{
		Tool: began.Tool, Seed: began.Seed, StartedAt: at.At, Seconds: v.Seconds, Profile: began.Profile,
		Target: report.Target{Name: began.Target.Name, Kind: began.Target.Kind}, Verdicts: []oracle.Verdict{v},
	}
	var scenario spec.Scenario
	if err := json.Unmarshal(began.Scenario, &scenario); err != nil {
		return run, fmt.Errorf("scenario: %w", err)
	}
	if err := json.Unmarshal(began.Promise, &run.Promise); err != nil {
		return run, fmt.Errorf("promise: %w", err)
	}
	run.Because = map[string]string{v.ID: scenario.Because}
	return run, nil
}

// opening is the entry with which a scenario's timeline opens; it is zero
// where a timeline is of no scenario.
func opening(entries []timeline.Entry) (timeline.Began, timeline.Entry) {
	for _, e := range entries {
		if began, is := e.Event.(timeline.Began); is {
			return began, e
		}
	}
	return timeline.Began{}, timeline.Entry{}
}
