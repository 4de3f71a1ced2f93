package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/rollover-harness/rollover/scenarios/oracle"
)

// The shape that build servers read: Ant's, with the members that Jenkins,
// GitLab and GitHub's actions share.
type (
	junitSuites struct {
		XMLName xml.Name `xml:"testsuites"`
		junitCounts
		Suite junitSuite `xml:"testsuite"`
	}
	junitCounts struct {
		Name     string `xml:"name,attr"`
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Skipped  int    `xml:"skipped,attr"`
		Time     string `xml:"time,attr"` // seconds
	}
	junitSuite struct {
		junitCounts
		Timestamp  string          `xml:"timestamp,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name    string       `xml:"name,attr"`
		Class   string       `xml:"classname,attr"`
		Time    string       `xml:"time,attr"`
		Failure *junitResult `xml:"failure"`
		Error   *junitResult `xml:"error"`
		Skipped *junitResult `xml:"skipped"`
		Output  *junitResult `xml:"system-out"`
	}
	junitResult struct {
		Message string `xml:"message,attr,omitempty"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",cdata"` // so that people can read it in the file
	}
)

// JUnit writes one test suite for the target and one test case for each
// scenario: fail is a failure, inconclusive an error, not-applicable skipped.
// A scenario that passed with a diagnosis has it in system-out.
func JUnit(w io.Writer, r Run) error {
	promise, err := promised(r.Promise)
	if err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	s := r.Summary()
	counts := junitCounts{
		Tests: len(r.Verdicts), Failures: s.Fail, Errors: s.Inconclusive, Skipped: s.NotApplicable,
		Time: fmt.Sprintf("%.3f", r.Seconds),
	}
	out := junitSuites{junitCounts: counts, Suite: junitSuite{junitCounts: counts}}
	out.Name, out.Suite.Name = "rollover", clean(r.Target.Name)
	out.Suite.Timestamp = r.StartedAt.UTC().Format("2006-01-02T15:04:05") // ISO 8601 without a zone, as Ant writes it
	out.Suite.Properties = []junitProperty{
		{"tool.version", clean(r.Tool)}, {"seed", fmt.Sprint(r.Seed)}, {"target.kind", clean(r.Target.Kind)},
		{"issuer.profile", clean(r.Profile)}, {"promise", promise},
	}
	for _, v := range r.ordered() {
		out.Suite.Cases = append(out.Suite.Cases, r.junitOf(v))
	}
	text, err := xml.MarshalIndent(out, "", "  ")
	if err != nil {
		return fmt.Errorf("encode JUnit report: %w", err)
	}
	return send(w, "JUnit report", xml.Header+string(text)+"\n")
}

func (r Run) junitOf(v oracle.Verdict) junitCase {
	c := junitCase{
		Name: clean(v.ID + " " + v.Name), Class: clean(r.Target.Name), Time: fmt.Sprintf("%.3f", v.Seconds),
	}
	switch v.Outcome {
	case oracle.Fail:
		c.Failure = &junitResult{first(v), "fail", r.prose(v)}
	case oracle.Inconclusive:
		c.Error = &junitResult{first(v), "inconclusive", r.prose(v)}
	case oracle.NotApplicable:
		c.Skipped = &junitResult{Message: clean(strings.Join(unjudged(v), "; "))}
		if telling(v) {
			c.Output = &junitResult{Text: r.prose(v)}
		}
	case oracle.Pass:
		if telling(v) {
			c.Output = &junitResult{Text: r.prose(v)}
		}
	}
	return c
}

// first is the text of the finding that decided the outcome.
func first(v oracle.Verdict) string {
	for _, f := range v.Findings {
		if f.Outcome == v.Outcome {
			return clean(f.Text)
		}
	}
	return "no rule was judged"
}

// prose tells a verdict in lines of plain text.
func (r Run) prose(v oracle.Verdict) string {
	var b strings.Builder
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%s: %s\n", label, text)
		}
	}
	b.WriteString("\n")
	line("title", clean(v.Title))
	line("grade", string(v.Grade))
	for _, f := range v.Findings {
		line(fmt.Sprintf("%s %s", f.Outcome, clean(f.Rule)), clean(f.Text))
		line("  evidence", entries(v.ID, f.Evidence))
	}
	for _, d := range v.Diagnosis {
		line("likely cause", cause(d))
		line("  fix", clean(d.Fix))
		line("  evidence", entries(v.ID, d.Evidence))
	}
	line("again", clean(r.again(v.ID)))
	return b.String()
}
