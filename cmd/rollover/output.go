package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

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

// output is one report and the file that it goes to.
type output struct {
	flag, file string
	write      func(io.Writer, report.Run) error
}

func (o outputs) reports() []output {
	return []output{{"--json", o.json, report.JSON}, {"--junit", o.junit, report.JUnit}, {"--markdown", o.markdown, report.Markdown}}
}

// check finds out before the run what would be lost after it: a folder that is
// not there or cannot be written to, two reports in one file.
func (o outputs) check() error {
	flags := map[string]string{}
	for _, r := range o.reports() {
		if err := checkFile(r.flag, r.file); err != nil {
			return err
		}
		at := filepath.Clean(r.file)
		if former, taken := flags[at]; taken && r.file != "" {
			return usage("%s and %s name the same file, %s", former, r.flag, r.file)
		}
		flags[at] = r.flag
	}
	if o.timelines == "" {
		return nil
	}
	if err := os.MkdirAll(o.timelines, 0o755); err != nil {
		return usage("--timelines %s: %w (name a folder; it is made where there is none)", o.timelines, err)
	}
	return writable("--timelines "+o.timelines, o.timelines)
}

// checkFile refuses a file that cannot be moved into its place. What is there
// must be a file: a report is moved over it, and /dev/stdout would be lost.
func checkFile(flag, file string) error {
	if file == "" {
		return nil
	}
	if at, err := os.Stat(file); err == nil && !at.Mode().IsRegular() {
		return usage("%s %s is not a file (reports are written whole, and moved into their place)", flag, file)
	}
	return writable(flag+" "+file, filepath.Dir(file))
}

func writable(what, folder string) error {
	probe, err := os.CreateTemp(folder, draftName)
	if err != nil {
		return usage("%s cannot be written: %w (the folder has to be there, and writable)", what, reason(err))
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// reason leaves out the name of a draft, which nobody knows.
func reason(err error) error {
	if at := (*os.PathError)(nil); errors.As(err, &at) {
		return at.Err
	}
	return err
}

// write writes every file whole or not at all. One that cannot be written
// does not keep the others from being.
func (o outputs) write(run finished) error {
	var errs []error
	for _, r := range o.reports() {
		if r.file != "" {
			errs = append(errs, atomically(r.file, func(to io.Writer) error { return r.write(to, run.Run) }))
		}
	}
	if o.timelines != "" {
		errs = append(errs, o.writeTimelines(run))
	}
	if err := errors.Join(errs...); err != nil {
		return harness("%w", err)
	}
	return nil
}

// writeTimelines writes one file for each scenario and takes away those of an
// earlier run, so that the folder is that of this run. Other files stay.
func (o outputs) writeTimelines(run finished) error {
	keep := map[string]bool{}
	for _, r := range run.results {
		name := r.Scenario.ID + timelineEnding
		keep[name] = true
		if err := atomically(filepath.Join(o.timelines, name), func(to io.Writer) error { return timeline.Encode(to, r.Entries) }); err != nil {
			return err
		}
	}
	files, err := os.ReadDir(o.timelines)
	if err != nil {
		return fmt.Errorf("look for timelines of an earlier run: %w", err)
	}
	for _, f := range files {
		path := filepath.Join(o.timelines, f.Name())
		if keep[f.Name()] || !f.Type().IsRegular() || !ofRun(path) {
			continue
		}
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("remove timeline of an earlier run: %w", err)
		}
	}
	return nil
}

const timelineEnding = ".jsonl"

// ofRun reports whether a file is what writeTimelines writes: a scenario's
// timeline under the name of the scenario.
func ofRun(file string) bool {
	id, is := strings.CutSuffix(filepath.Base(file), timelineEnding)
	if !is {
		return false
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	run, err := judgedOne(data)
	return err == nil && run.Verdicts[0].ID == id
}

// draftName is the pattern of files that are not in their place yet.
const draftName = ".rollover-*"

// atomically writes a file beside its place and moves it there.
func atomically(file string, write func(io.Writer) error) (err error) {
	draft, err := os.CreateTemp(filepath.Dir(file), draftName)
	if err != nil {
		return fmt.Errorf("write %s: %w", file, reason(err))
	}
	defer func() {
		if err != nil {
			_ = os.Remove(draft.Name())
		}
	}()
	if err := errors.Join(write(draft), draft.Chmod(0o644), draft.Close()); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	if err := os.Rename(draft.Name(), file); err != nil {
		return fmt.Errorf("write %s: %w", file, reason(err))
	}
	return nil
}
