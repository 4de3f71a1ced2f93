package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// LiveOptions say how progress is shown.
type LiveOptions struct {
	Terminal bool // one line that is drawn anew; otherwise a line for each scenario that ends
	Total    int  // scenarios of the run
	Width    int  // of the terminal, in characters; default 80
}

// Progress is how far one scenario has come.
type Progress struct {
	ID      string
	Doing   string  // the step's verb, or what the harness does beside steps
	Step    int     // from 0; below 0 or from Steps on: beside the steps
	Steps   int     // in all
	Done    bool    // the scenario has ended
	Seconds float64 // how long it took, when it has ended; 0: not known
}

// Live shows how a run goes on. It is not for concurrent use. What cannot be
// written is lost: progress is a courtesy, and no reason to end a run.
type Live struct {
	w       io.Writer
	options LiveOptions
	running map[string]Progress
	done    int
	drawn   string
}

// NewLive returns progress that writes to w.
func NewLive(w io.Writer, o LiveOptions) *Live {
	if o.Width <= 0 {
		o.Width = 80
	}
	return &Live{w: w, options: o, running: map[string]Progress{}}
}

// Update shows where a scenario is.
func (l *Live) Update(p Progress) {
	if p.Done {
		l.done++
		delete(l.running, p.ID)
	} else {
		l.running[p.ID] = p
	}
	switch {
	case l.options.Terminal:
		l.draw(l.text())
	case p.Done && p.Seconds > 0:
		fmt.Fprintf(l.w, "%d/%d done  %s in %.1f s\n", l.done, l.options.Total, clean(p.ID), p.Seconds)
	case p.Done:
		fmt.Fprintf(l.w, "%d/%d done  %s\n", l.done, l.options.Total, clean(p.ID))
	}
}

// Close clears the line.
func (l *Live) Close() {
	if l.drawn != "" {
		l.draw("")
	}
}

// draw writes the line over the former one: carriage return, text, and erase
// to the end of the line (ECMA-48 section 8.3.41).
func (l *Live) draw(text string) {
	if text == l.drawn {
		return
	}
	l.drawn = text
	fmt.Fprint(l.w, "\r"+text+"\x1b[K")
}

// text is the line: as many of the running scenarios as fit, in the order of
// their ids so that they do not jump, and the number of the others.
func (l *Live) text() string {
	var items []string
	for _, id := range slices.SortedFunc(maps.Keys(l.running), compareIDs) {
		items = append(items, l.running[id].words())
	}
	head := fmt.Sprintf("%d/%d done", l.done, l.options.Total)
	for shown := len(items); shown > 0; shown-- {
		list := items[:shown:shown]
		if rest := len(items) - shown; rest > 0 {
			list = append(list, fmt.Sprintf("%d more", rest))
		}
		// A character in the last column would make some terminals go on to the next line.
		if text := head + gap + strings.Join(list, ", "); size(text) < l.options.Width {
			return text
		}
	}
	return string([]rune(head)[:min(size(head), l.options.Width-1)])
}

func (p Progress) words() string {
	text := clean(p.ID + " " + p.Doing)
	if p.Step < 0 || p.Step >= p.Steps {
		return text
	}
	return fmt.Sprintf("%s %d/%d", text, p.Step+1, p.Steps)
}
