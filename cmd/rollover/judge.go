package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

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
		Long: "Reads timelines that rollover run --timelines kept and prints the verdicts again, one report for\n" +
			"each app. Exit codes as those of rollover run.",
		Example: "  rollover judge timelines/*.jsonl --json again.json",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			run, err := judged(args)
			if err != nil {
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

// judged is the report of saved timelines. They must be of one app: a report
// has one target.
func judged(files []string) (report.Run, error) {
	var run report.Run
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return run, usage("read timeline: %w", err)
		}
		entries, err := timeline.Decode(bytes.NewReader(data))
		if err != nil {
			return run, usage("%s: %w", name, err)
		}
		v, err := oracle.Judge(entries)
		if err != nil {
			return run, usage("%s: %w", name, err)
		}
		began, at := opening(entries)
		header, err := headerOf(began)
		if err != nil {
			return run, usage("%s: %w", name, err)
		}
		if len(run.Verdicts) == 0 {
			run = header
			run.StartedAt = at.At
		}
		if run.Target != header.Target {
			return run, usage("%s is of %s (%s), the timelines before it are of %s (%s): judge them apart", name,
				header.Target.Name, header.Target.Kind, run.Target.Name, run.Target.Kind)
		}
		if at.At.Before(run.StartedAt) {
			run.StartedAt = at.At
		}
		run.Seconds = max(run.Seconds, v.Seconds)
		run.Verdicts = append(run.Verdicts, v)
	}
	if len(files) > 0 {
		run.Timelines = filepath.Dir(files[0])
	}
	run.Reproduce = "rollover judge " + strings.Join(files, " ")
	return run, nil
}

// opening is the entry with which a scenario's timeline opens; Judge has seen
// that there is one.
func opening(entries []timeline.Entry) (timeline.Began, timeline.Entry) {
	for _, e := range entries {
		if began, is := e.Event.(timeline.Began); is {
			return began, e
		}
	}
	return timeline.Began{}, timeline.Entry{}
}

func headerOf(began timeline.Began) (report.Run, error) {
	var promise spec.Promise
	if err := json.Unmarshal(began.Promise, &promise); err != nil {
		return report.Run{}, fmt.Errorf("promise: %w", err)
	}
	return report.Run{
		Tool: began.Tool, Seed: began.Seed, Profile: began.Profile, Promise: promise,
		Target: report.Target{Name: began.Target.Name, Kind: began.Target.Kind},
	}, nil
}
