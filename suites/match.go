package suites

import (
	"fmt"
	"strings"

	"github.com/onsi/gomega"
	"github.com/onsi/gomega/gcustom"
	"github.com/onsi/gomega/types"

	"github.com/rollover-harness/rollover/scenarios/oracle"
)

// Pass matches a verdict that passed. The failure says what the app did.
func Pass() types.GomegaMatcher { return HaveOutcome(oracle.Pass) }

// HaveOutcome matches a verdict with that outcome.
func HaveOutcome(want oracle.Outcome) types.GomegaMatcher {
	return gcustom.MakeMatcher(func(v oracle.Verdict) (bool, error) { return v.Outcome == want, nil }).
		WithTemplate("Expected {{.Data.Want}}, got\n{{call .Data.Tell .Actual}}", map[string]any{"Want": want, "Tell": Tell})
}

// HaveGrade matches a verdict with that grade.
func HaveGrade(want oracle.Grade) types.GomegaMatcher {
	return gomega.WithTransform(func(v oracle.Verdict) oracle.Grade { return v.Grade }, gomega.Equal(want))
}

// Tell writes a verdict for people: outcome, findings and diagnosis.
func Tell(v oracle.Verdict) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s: %s", v.ID, v.Name, v.Outcome)
	if v.Grade != oracle.Ungraded {
		fmt.Fprintf(&text, " (%s)", v.Grade)
	}
	for _, f := range v.Findings {
		fmt.Fprintf(&text, "\n  %s %s: %s %v", f.Outcome, f.Rule, f.Text, f.Evidence)
	}
	for _, d := range v.Diagnosis {
		fmt.Fprintf(&text, "\n  because it %s [%s]; fix: %s", d.Cause, d.Code, d.Fix)
	}
	return text.String()
}
