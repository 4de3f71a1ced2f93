// Package report writes what a run came to: for people at a terminal, for
// scripts (JSON), for build servers (JUnit) and for pages (Markdown). Writers
// are pure: each makes the whole text first and hands it to the io.Writer in
// one call, so that a report is written whole or not at all.
package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// Run is what is known of one target after its scenarios.
type Run struct {
	Tool      string    // version of the harness
	Seed      uint64    // of everything random in the run
	StartedAt time.Time // written in UTC
	Seconds   float64   // how long the whole run took
	Target    Target
	Profile   string // of the issuer
	Promise   spec.Promise
	Verdicts  []oracle.Verdict // in any order: writers sort by id, A2 before A10

	// Because says by scenario id why the scenario exists. May be nil.
	Because map[string]string
	// Reproduce is the command line of the run without what chose its scenarios;
	// " --include ID" appended to it runs one of them. Empty: not shown.
	Reproduce string
	// Chosen are the flags that chose the scenarios, such as "--include A5,F4".
	// Empty: the target file did.
	Chosen string
	// Sources says by id which --include takes a scenario that is not in the
	// catalogue: its file. May be nil.
	Sources map[string]string
	// Timelines is the folder where the timelines were kept, as the user named
	// it. Empty: the report says which flag keeps them.
	Timelines string
}

// Target names the app under test.
type Target struct {
	Name string
	Kind string // process, container, url or inprocess
}

// Summary counts outcomes.
type Summary struct {
	Pass, Fail, Inconclusive, NotApplicable int
}

// Summary counts the run's outcomes. An outcome that is none of the four is
// counted as inconclusive: unknown is not pass.
func (r Run) Summary() Summary {
	var s Summary
	for _, v := range r.Verdicts {
		switch known(v.Outcome) {
		case oracle.Pass:
			s.Pass++
		case oracle.Fail:
			s.Fail++
		case oracle.NotApplicable:
			s.NotApplicable++
		case oracle.Inconclusive:
			s.Inconclusive++
		}
	}
	return s
}

// String says the counts in words, without those of rare outcomes that did not occur.
func (s Summary) String() string {
	if s == (Summary{}) {
		return "no scenario was run"
	}
	text := fmt.Sprintf("%d passed, %d failed", s.Pass, s.Fail)
	if s.Inconclusive > 0 {
		text += fmt.Sprintf(", %d inconclusive", s.Inconclusive)
	}
	if s.NotApplicable > 0 {
		text += fmt.Sprintf(", %d not applicable", s.NotApplicable)
	}
	return text
}

// ordered are the verdicts as writers want them: sorted by id, every outcome
// one of the four, and an error of the harness told by a finding too.
func (r Run) ordered() []oracle.Verdict {
	verdicts := slices.Clone(r.Verdicts)
	for i := range verdicts {
		v := &verdicts[i]
		v.Outcome = known(v.Outcome)
		told := func(f oracle.Finding) bool { return f.Text == v.Error }
		if v.Error != "" && !slices.ContainsFunc(v.Findings, told) {
			v.Findings = append(slices.Clone(v.Findings), oracle.Finding{Rule: "harness", Outcome: oracle.Inconclusive, Text: v.Error})
		}
	}
	slices.SortStableFunc(verdicts, func(a, b oracle.Verdict) int { return compareIDs(a.ID, b.ID) })
	return verdicts
}

func known(o oracle.Outcome) oracle.Outcome {
	switch o {
	case oracle.Pass, oracle.Fail, oracle.Inconclusive, oracle.NotApplicable:
		return o
	}
	return oracle.Inconclusive
}

// compareIDs orders ids as people do: runs of digits by their number.
func compareIDs(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		m, n := digits(x), digits(y)
		if m == 0 || n == 0 {
			if x[0] != y[0] {
				return cmp.Compare(x[0], y[0])
			}
			x, y = x[1:], y[1:]
			continue
		}
		p, q := strings.TrimLeft(x[:m], "0"), strings.TrimLeft(y[:n], "0")
		if c := cmp.Or(cmp.Compare(len(p), len(q)), cmp.Compare(p, q)); c != 0 {
			return c
		}
		x, y = x[m:], y[n:]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(a, b))
}

// digits is how many digits the text begins with.
func digits(s string) int {
	return len(s) - len(strings.TrimLeft(s, "0123456789"))
}

// telling reports whether the verdict has more to say than its row in the
// table: it did not pass, or it did although a good token was rejected or a
// bad one accepted.
func telling(v oracle.Verdict) bool {
	return v.Outcome == oracle.Fail || v.Outcome == oracle.Inconclusive || len(v.Diagnosis) > 0
}

// unjudged are the reasons for which rules, or the whole scenario, were not judged.
func unjudged(v oracle.Verdict) []string {
	var reasons []string
	for _, f := range v.Findings {
		if f.Outcome == oracle.NotApplicable {
			reasons = append(reasons, f.Text)
		}
	}
	return reasons
}

// again is the command line that runs one scenario of the run again.
func (r Run) again(id string) string {
	if r.Reproduce == "" {
		return ""
	}
	if source, own := r.Sources[id]; own {
		id = source
	}
	return r.Reproduce + " --include " + id
}

// send hands a finished text over.
func send(w io.Writer, what, text string) error {
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	return nil
}
