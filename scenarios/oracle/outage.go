package oracle

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/rollover-harness/rollover/scenarios/spec"
)

// lasts judges whether a known key went on working while a fault kept or broke
// the documents, and after it where the app had lost the key by then: the
// promise allows a rejection only where that took longer than it says.
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
		return b.stood(r, what, c)
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

// stood judges an app that rejected no token. It has shown something where it
// met the broken documents, or where they were broken for as long as is promised.
func (b *book) stood(r spec.Accepts, what string, c course) []Finding {
	limit, declared := b.resolve(r.Through)
	if !declared || len(b.harm) == 0 || c.accepted == 0 {
		return nil
	}
	var longest time.Duration
	f := Finding{Rule: r.Rule(), Outcome: Pass}
	for _, o := range b.harm {
		longest = max(longest, min(o.to, b.end)-o.from)
		f.Evidence = append(f.Evidence, o.cause)
	}
	met := 0
	for _, fetched := range b.fetches {
		if slices.ContainsFunc(b.lies, func(l lie) bool { return l.harms() && fetched.Harmed(l.id) }) {
			if met++; met == 1 {
				f.Evidence = append(f.Evidence, fetched.seq)
			}
		}
	}
	f.Text = fmt.Sprintf("%s: went on while documents were away or broken for %.1f s", what, longest.Seconds())
	switch {
	case met > 0:
		f.Text += fmt.Sprintf(", and the app was served %s", plural(met, "such answer", "such answers"))
	case longest < limit:
		f.withhold(fmt.Sprintf("the app fetched nothing meanwhile, and %s is promised", text(limit)))
	}
	return []Finding{f}
}

// outage is how long documents had been away or broken when a token was
// presented, or were until they were back, and the entry of the fault that
// began it. harmed is false where that never was.
func (b *book) outage(s *show) (lasted time.Duration, cause uint64, harmed bool) {
	after, _ := slices.BinarySearchFunc(b.harm, s.to, func(o span, at time.Duration) int { return cmp.Compare(o.from, at+1) })
	if after == 0 {
		return 0, 0, false
	}
	o := b.harm[after-1]
	return max(0, min(s.from, o.to)-o.from), o.cause, !b.overcame(o, s)
}

// overcame reports whether the app had the key again after the outage and
// before the token: what it rejects then is no matter of the outage.
func (b *book) overcame(o span, s *show) bool {
	accepted := b.accepted[s.minted.Key]
	before, _ := slices.BinarySearchFunc(accepted, s.from, func(other *show, at time.Duration) int { return cmp.Compare(other.to, at) })
	return before > 0 && accepted[before-1].from >= o.to
}

// harms reports whether the fault keeps or breaks documents.
func (l *lie) harms() bool {
	return !slices.Contains([]string{"cache", "reorder", "delay", "drip"}, l.effect)
}
