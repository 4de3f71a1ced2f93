package oracle

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// ruleSurvives is the rule that no scenario has to state: the app stays up.
const ruleSurvives = "survives"

// Judge reads a finished timeline and says what it comes to. An error means
// that the book tells of no scenario and wraps ErrTimeline; whatever the app
// or the harness did wrong is in the verdict.
func Judge(entries []timeline.Entry) (Verdict, error) {
	b, err := read(entries)
	if err != nil {
		return Verdict{}, fmt.Errorf("judge: %w", err)
	}
	v := Verdict{
		ID: b.scenario.ID, Name: b.scenario.Name, Title: b.scenario.Title, Profile: b.scenario.Profile,
		Seconds: seconds(b.end - b.opened.at),
	}
	if len(b.began.Missing) > 0 {
		v.Outcome = NotApplicable
		v.Findings = []Finding{{Rule: "needs", Outcome: NotApplicable, Text: strings.Join(b.began.Missing, "; ")}}
		return v, nil
	}
	b.spend()
	v.Findings = append(append(v.Findings, b.survives()...), b.wrongNames()...)
	for _, e := range b.scenario.Expect {
		v.Findings = append(v.Findings, b.apply(e.Rule)...)
	}
	switch {
	case b.ended == nil:
		v.Error = "the timeline ends before the scenario does: the run was interrupted"
	case b.ended.Error != "":
		v.Error = b.ended.Error
	}
	if v.Error != "" {
		v.Findings = append(v.Findings, Finding{Rule: "harness", Outcome: Inconclusive, Text: v.Error})
	}
	v.Outcome = overall(v.Findings, v.Error != "")
	v.Measures = b.measure()
	v.Grade = b.grade()
	v.Diagnosis = b.diagnose(v)
	return v, nil
}

// overall is fail where a rule failed, inconclusive where one is, not
// applicable where a promise could not be observed, and pass only where at
// least one rule was really judged. Where the harness failed, nothing is known.
func overall(findings []Finding, broken bool) Outcome {
	count := map[Outcome]int{}
	aside := 0
	for _, f := range findings {
		if f.aside {
			aside++
			continue
		}
		count[f.Outcome]++
	}
	switch {
	case slices.ContainsFunc(findings, func(f Finding) bool { return f.Rule == ruleSurvives }):
		return Fail // an app that is dead is so whatever went wrong then
	case broken:
		return Inconclusive
	case count[Fail] > 0:
		return Fail
	case count[Inconclusive] > 0:
		return Inconclusive
	case count[NotApplicable] > 0:
		return NotApplicable
	case count[Pass] > 0:
		return Pass
	case aside > 0:
		return NotApplicable
	}
	return Inconclusive
}

func (b *book) apply(rule spec.Rule) []Finding {
	switch r := rule.(type) {
	case spec.Accepts:
		return b.accepts(r)
	case spec.Rejects:
		return b.rejects(r)
	case spec.Fetches:
		return []Finding{b.bounds(r)}
	case spec.Leeway:
		return b.leeway(r)
	}
	return []Finding{{Rule: rule.Rule(), Outcome: Inconclusive, Text: "this version cannot judge the rule"}}
}

// survives fails an app that ended although nobody asked it to.
func (b *book) survives() []Finding {
	var findings []Finding
	for _, d := range b.deaths {
		findings = append(findings, Finding{Rule: ruleSurvives, Outcome: Fail, Text: "the app ended during the scenario: " + d.detail, Evidence: []uint64{d.seq}})
	}
	return findings
}

// resolve turns a span of a rule into a length of time. declared is false
// where the promise does not have the member.
func (b *book) resolve(s spec.Span) (length time.Duration, declared bool) {
	switch s.Word {
	case "":
		return time.Duration(s.Duration), true
	case spec.Patience:
		return time.Duration(b.began.Patience), true
	case "promise.recovery":
		if b.promise.Recovery != nil {
			return time.Duration(b.promise.Recovery.Within), true
		}
	case "promise.revocationLag":
		if b.promise.RevocationLag != nil {
			return time.Duration(*b.promise.RevocationLag), true
		}
	case "promise.announcement":
		if b.promise.Announcement != nil {
			return time.Duration(*b.promise.Announcement), true
		}
	case "promise.outage":
		if b.promise.Outage != nil {
			return time.Duration(*b.promise.Outage), true
		}
	}
	return 0, false
}

// undeclare leaves a rule unjudged because the promise says nothing about it.
func (f *Finding) undeclare(member string) { f.setAside("the promise has no " + member) }

// setAside leaves a rule unjudged that nobody was put to the test by.
func (f *Finding) setAside(reason string) {
	f.withhold(reason)
	f.aside = true
}

// withhold leaves a rule unjudged that the run could not see to its end.
func (f *Finding) withhold(reason string) {
	f.Outcome = NotApplicable
	f.Text += "; not judged: " + reason
}

// unseen is the finding of a rule whose tokens were never shown.
func unseen(rule, what string) Finding {
	return Finding{Rule: rule, Outcome: Inconclusive, Text: "no " + what + " was presented"}
}

// seqs picks the evidence: the first and the last few, so that a long row
// does not drown its ends.
func seqs(shows []*show) []uint64 {
	const ends = 3
	var picked []uint64
	for i, s := range shows {
		if i < ends || i >= len(shows)-ends {
			picked = append(picked, s.seq)
		}
	}
	return picked
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
