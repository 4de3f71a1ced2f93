package oracle

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollover-harness/rollover/scenarios/spec"
)

// lasts judges whether a known key went on working while a fault kept or broke
// the documents, and after it where the app had lost the key by then: the
// promise allows a rejection only where that took longer than it says. It says
// nothing of an app that rejected no token: how long an outage it would have
// stood was not seen.
func (b *book) lasts(r spec.Accepts, what string, c course) []Finding {
	if r.Through.IsZero() {
		return nil
	}
	var lost []*show
	var first time.Duration
	f := Finding{Rule: r.Rule()}
	for _, s := range c.refused {
		lasted, cause, harmed := b.outage(s)
		if !harmed {
			continue
		}
		if lost = append(lost, s); len(lost) == 1 {
			first, f.Evidence = lasted, []uint64{cause}
		}
	}
	if len(lost) == 0 {
		return nil
	}
	f.Evidence = append(f.Evidence, seqs(lost)...)
	f.Text = fmt.Sprintf("%s: %d rejected since documents were away or broken, the first after %.1f s of it", what, len(lost), first.Seconds())
	limit, declared := b.resolve(r.Through)
	switch {
	case !declared:
		f.undeclare(trimPromise(r.Through.Word))
	case first <= limit:
		f.Outcome = Fail
		f.Text += fmt.Sprintf("; known keys are promised to work through %s", text(limit))
	default:
		f.Outcome = Pass
		f.Text += fmt.Sprintf("; %s is promised", text(limit))
	}
	return []Finding{f}
}

// outage is how long documents had been away or broken when a token was
// presented, or were until they were back, and the entry of the fault that
// began it. harmed is false where that never was.
func (b *book) outage(s *show) (lasted time.Duration, cause uint64, harmed bool) {
	for _, o := range b.harm {
		if o.from <= s.to {
			lasted, cause, harmed = max(0, min(s.from, o.to)-o.from), o.cause, true
		}
	}
	return lasted, cause, harmed
}

// harms reports whether the fault keeps or breaks documents.
func (l *lie) harms() bool {
	return !slices.Contains([]string{"cache", "reorder", "delay", "drip"}, l.effect)
}
