package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"github.com/spf13/pflag"

	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/report"
)

// outputs are the files that a run writes.
type outputs struct {
	json, junit, markdown, timelines string
}

func (o *outputs) register(flags *pflag.FlagSet) {
	flags.StringVar(&o.json, "json", "", "write the report as JSON to this file")
	flags.StringVar(&o.junit, "junit", "", "write the report as JUnit XML to this file")
	flags.StringVar(&o.markdown, "markdown", "", "write the report as Markdown to this file")
	flags.StringVar(&o.timelines, "timelines", "", "keep the timeline of every scenario in this folder, for rollover judge")
}

// check finds out before the run what would be lost after it: a folder that is
// not there or cannot be written to.
func (o outputs) check() error {
	for _, file := range []string{o.json, o.junit, o.markdown} {
		if file == "" {
			continue
		}
		probe, err := os.CreateTemp(filepath.Dir(file), ".rollover-*")
		if err != nil {
			return usage("cannot write %s: %w", file, err)
		}
		_ = probe.Close()
		_ = os.Remove(probe.Name())
	}
	if o.timelines != "" {
		if err := os.MkdirAll(o.timelines, 0o755); err != nil {
			return usage("cannot write timelines: %w", err)
		}
	}
	return nil
}

// write writes every file whole or not at all.
func (o outputs) write(run finished) error {
	writers := []struct {
		file  string
		write func(io.Writer, report.Run) error
	}{{o.json, report.JSON}, {o.junit, report.JUnit}, {o.markdown, report.Markdown}}
	for _, w := range writers {
		if w.file == "" {
			continue
		}
		if err := atomically(w.file, func(to io.Writer) error { return w.write(to, run.Run) }); err != nil {
			return harness("write report: %w", err)
		}
	}
	if o.timelines == "" {
		return nil
	}
	return o.writeTimelines(run)
}

// ownFile is a name that writeTimelines gives.
var ownFile = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*\.jsonl$`)

// writeTimelines writes one file for each scenario and takes away those of an
// earlier run, so that the folder is that of this run. Other files stay.
func (o outputs) writeTimelines(run finished) error {
	keep := map[string]bool{}
	for _, r := range run.results {
		name := r.Scenario.ID + ".jsonl"
		keep[name] = true
		err := atomically(filepath.Join(o.timelines, name), func(to io.Writer) error { return timeline.Encode(to, r.Entries) })
		if err != nil {
			return harness("write timeline: %w", err)
		}
	}
	files, err := os.ReadDir(o.timelines)
	if err != nil {
		return harness("write timelines: %w", err)
	}
	for _, f := range files {
		if keep[f.Name()] || !ownFile.MatchString(f.Name()) || !isTimeline(filepath.Join(o.timelines, f.Name())) {
			continue
		}
		if err := os.Remove(filepath.Join(o.timelines, f.Name())); err != nil {
			return harness("remove timeline of an earlier run: %w", err)
		}
	}
	return nil
}

func isTimeline(file string) bool {
	data, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	entries, err := timeline.Decode(bytes.NewReader(data))
	return err == nil && len(entries) > 0
}

// atomically writes a file beside its place and moves it there.
func atomically(file string, write func(io.Writer) error) (err error) {
	draft, err := os.CreateTemp(filepath.Dir(file), ".rollover-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(draft.Name())
		}
	}()
	if err := errors.Join(write(draft), draft.Chmod(0o644), draft.Close()); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.Rename(draft.Name(), file)
}
