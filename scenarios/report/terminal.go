package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rollover-harness/rollover/scenarios/oracle"
)

// Options say how a report looks on a terminal.
type Options struct {
	Color bool // with ANSI colours; outcomes are words in any case
	Width int  // in characters, to which text is wrapped; default 80

	// Details are the ids of the scenarios of which more than the table's row is
	// told. Nil: all that need it.
	Details []string
}

// Terminal writes the report for people: the table of verdicts, then what is
// to be told of each scenario that did not simply pass, and a summary as the
// last line.
func Terminal(w io.Writer, r Run, o Options) error {
	setting, err := r.setting()
	if err != nil {
		return fmt.Errorf("print report: %w", err)
	}
	if o.Width <= 0 {
		o.Width = 80
	}
	s := screen{Options: o, text: &strings.Builder{}}
	s.pair(fact{label: clean(r.Target.Name), text: setting, color: bold}, 0)
	verdicts := r.ordered()
	if len(verdicts) > 0 {
		s.line("")
		s.table(verdicts)
	}
	cites := false
	for _, v := range verdicts {
		if telling(v) && (o.Details == nil || slices.Contains(o.Details, v.ID)) {
			s.line("")
			cites = s.tell(r, v) || cites
		}
	}
	s.unjudged(verdicts)
	s.line("")
	switch {
	case r.Timelines != "":
		s.line("Timelines: " + clean(r.Timelines))
	case cites:
		for _, line := range wrap("Evidence is cited by timeline entry; rollover run --timelines DIR keeps the timelines.", s.Width) {
			s.line(line)
		}
	}
	s.line(s.summary(r))
	return send(w, "report", s.text.String())
}

// screen is the text of a terminal that is being put together.
type screen struct {
	Options
	text *strings.Builder
}

// line adds a line, without spaces at its end.
func (s screen) line(text string) {
	s.text.WriteString(strings.TrimRight(text, " "))
	s.text.WriteByte('\n')
}

// indent is what stands before all that is told of one scenario.
const indent = "    "

// fact is a label, its text, and the evidence of it.
type fact struct {
	label, text, evidence string
	color                 color // of the label
}

// pair adds a fact, wrapped so that no line of its text begins left of the
// first. Labels are filled up to that many characters.
func (s screen) pair(f fact, labels int) {
	if f.text == "" {
		return
	}
	labels = max(labels, size(f.label))
	const narrowest = 24 // below it, lines run over rather than fall to single words
	lines := wrap(f.text, max(narrowest, s.Width-labels-size(gap)))
	if f.evidence != "" {
		lines = append(lines, wrap("evidence: "+f.evidence, max(narrowest, s.Width-labels-size(gap)))...)
	}
	lead := s.paint(f.color, pad(f.label, labels, false)) + gap
	for _, line := range lines {
		s.line(lead + line)
		lead = strings.Repeat(" ", labels+size(gap))
	}
}

// tell writes findings, diagnosis and the way to see it again. It reports
// whether evidence was cited.
func (s screen) tell(r Run, v oracle.Verdict) (cites bool) {
	came := []string{string(v.Outcome)}
	if v.Grade != oracle.Ungraded {
		came = append(came, string(v.Grade))
	}
	heading := fmt.Sprintf("%s %s: %s", clean(v.ID), clean(v.Name), strings.Join(came, ", "))
	s.line(s.paint(tone(v.Outcome), mark(v.Outcome)) + " " + s.paint(bold, heading))
	if v.Title != "" {
		s.block(wrap(clean(v.Title), s.Width-len(indent)))
	}
	if because := clean(r.Because[v.ID]); because != "" {
		s.block(wrap("Why: "+because, s.Width-len(indent)))
	}
	s.line("")
	told, labels := facts(v), 0
	for _, f := range told {
		labels = max(labels, size(f.label))
		cites = cites || f.evidence != ""
	}
	for _, f := range told {
		s.pair(f, labels)
	}
	if again := clean(r.again(v.ID)); again != "" {
		s.line(pad(indent+"again", labels, false) + gap + again) // in one line, so that it can be copied
	}
	return cites
}

func facts(v oracle.Verdict) []fact {
	var list []fact
	for _, f := range v.Findings {
		list = append(list, fact{indent + fmt.Sprintf("%s %s", f.Outcome, clean(f.Rule)), clean(f.Text), entries(v.ID, f.Evidence), tone(f.Outcome)})
	}
	for _, d := range v.Diagnosis {
		list = append(list,
			fact{indent + "likely cause", cause(d), entries(v.ID, d.Evidence), bold},
			fact{indent + "fix", clean(d.Fix), "", bold})
	}
	return list
}

func (s screen) block(lines []string) {
	for _, line := range lines {
		s.line(indent + line)
	}
}

// unjudged says why scenarios do not apply, and where a rule of a passed one
// was left out: not judged is not passed.
func (s screen) unjudged(verdicts []oracle.Verdict) {
	var partly []string
	heading, labels := "Not applicable", 0
	for _, v := range verdicts {
		labels = max(labels, size(indent+v.ID))
	}
	for _, v := range verdicts {
		reasons := unjudged(v)
		switch {
		case telling(v) || len(reasons) == 0:
		case v.Outcome != oracle.NotApplicable:
			partly = append(partly, clean(v.ID))
		default:
			if heading != "" {
				s.line("\n" + s.paint(bold, heading))
				heading = ""
			}
			s.pair(fact{label: indent + clean(v.ID), text: clean(strings.Join(reasons, "; "))}, labels)
		}
	}
	if len(partly) > 0 {
		s.line("")
		s.pair(fact{label: "Passed with a rule left unjudged:", text: strings.Join(partly, ", ")}, 0)
	}
}

func (s screen) summary(r Run) string {
	sum := r.Summary()
	color := green
	switch {
	case sum.Fail > 0:
		color = red
	case sum.Inconclusive > 0 || sum.Pass == 0:
		color = yellow
	}
	return s.paint(color, fmt.Sprintf("%s in %.1f s", sum, r.Seconds))
}
