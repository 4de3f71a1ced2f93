package oracle

import (
	"fmt"
	"slices"

	"github.com/rollover-harness/rollover/scenarios/spec"
)

// lasts judges whether a known key went on working while a fault kept or broke
// the documents, and after it where the app had lost the key by then. It says
// nothing of an app that rejected no token: how long an outage it would have
// stood was not seen.
func (b *book) lasts(r spec.Accepts, what string, c course) []Finding {
	if r.Through.IsZero() || len(b.lies) == 0 {
		return nil
	}
	began := b.lies[0].at
	for _, l := range b.lies {
		began = min(began, l.at)
	}
	lost := slices.DeleteFunc(slices.Clone(c.refused), func(s *show) bool { return s.from < began })
	if len(lost) == 0 {
		return nil
	}
	f := Finding{Rule: r.Rule(), Evidence: seqs(lost)}
	f.Text = fmt.Sprintf("%s: %s since the documents broke, the first after %.1f s", what,
		plural(len(lost), "rejected", "rejected"), (lost[0].from - began).Seconds())
	limit, declared := b.resolve(r.Through)
	switch {
	case !declared:
		f.Outcome, f.undeclared = NotApplicable, true
		f.Text += "; not judged: the promise has no outage"
	case lost[0].from-began <= limit:
		f.Outcome = Fail
		f.Text += fmt.Sprintf("; known keys are promised to work through %s", text(limit))
	default:
		f.Outcome = Pass
		f.Text += fmt.Sprintf("; %s is promised", text(limit))
	}
	return []Finding{f}
}
