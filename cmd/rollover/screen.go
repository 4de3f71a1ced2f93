package main

import (
	"io"
	"os"
	"sync"

	"golang.org/x/term"

	"github.com/rollover-harness/rollover/scenarios/engine"
	"github.com/rollover-harness/rollover/scenarios/report"
)

// narrow and wide bound the width of what is printed for people; usual is for
// files and pipes.
const (
	narrow = 60
	usual  = 100
	wide   = 140
)

// terminal says how reports look where they go: colours and width only for people.
func (sh *shell) terminal() report.Options {
	is, width := attended(sh.stdout)
	return report.Options{Width: width, Color: is && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// attended reports whether somebody watches a stream, and how wide it may be.
func attended(w io.Writer) (terminal bool, width int) {
	f, is := w.(*os.File)
	if !is || !term.IsTerminal(int(f.Fd())) {
		return false, usual
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		return true, usual
	}
	return true, max(narrow, min(width, wide))
}

// live is the progress of one run, or of some side by side.
type live struct {
	one  sync.Mutex
	line *report.Live
}

func (sh *shell) live(scenarios int) *live {
	watched, width := attended(sh.stderr)
	return &live{line: report.NewLive(sh.stderr, report.LiveOptions{Terminal: watched, Total: scenarios, Width: width})}
}

// of shows the progress of one app; app stands before the ids where there are several.
func (l *live) of(app string) func(engine.Progress) {
	return func(p engine.Progress) {
		l.one.Lock()
		defer l.one.Unlock()
		l.line.Update(report.Progress{
			ID: app + p.ID, Doing: p.Doing, Step: p.Step, Steps: p.Steps, Done: p.Done, Seconds: p.Took.Seconds(),
		})
	}
}

// end clears the line.
func (l *live) end() {
	l.one.Lock()
	defer l.one.Unlock()
	l.line.Close()
}
