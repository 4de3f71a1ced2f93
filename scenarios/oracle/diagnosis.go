package oracle

import (
	"fmt"
	"slices"

	"github.com/rollover-harness/rollover/scenarios/spec"
)

// reason is why an app did what it did, with what proves it.
type reason struct {
	cause, fix string
	evidence   []uint64
}

// diagnose names the likely causes wherever a good token was rejected or a bad
// one accepted, whatever the outcome. A cause says no more than the book shows.
func (b *book) diagnose(v Verdict) []Diagnosis {
	var found []Diagnosis
	add := func(r reason, code string) {
		r = b.inTongue(r)
		if !slices.ContainsFunc(found, func(f Diagnosis) bool { return f.Cause == r.cause }) {
			found = append(found, Diagnosis{code, r.cause, r.fix, distinct(r.evidence)})
		}
	}
	for _, d := range b.deaths {
		add(reason{"the app ends instead of answering", "catch the error where tokens are validated; its last lines are in the timeline", []uint64{d.seq}}, "")
	}
	if s, only := b.neverPlain(); only {
		b.explain(s, reason{
			"rejects a good token before anything has happened",
			"see that the app is configured for this issuer and audience, and can reach the issuer", nil,
		}, add)
	}
	for _, key := range b.shownKeys() {
		if c := b.follow(goodOf(key)); len(c.refused) > 0 {
			b.explain(c.refused[0], b.causeOf(key, c), add)
		}
	}
	b.blameLabels(add)
	b.blameAccepted(add)
	for i := range v.Findings {
		if f := &v.Findings[i]; f.Rule == (spec.Fetches{}).Rule() && f.Outcome == Fail {
			add(b.causeOfFetches(f), "")
		}
	}
	return found
}

// explain adds a cause for a rejection, with the app's own code for it.
func (b *book) explain(s *show, r reason, add func(reason, string)) {
	r.evidence = append([]uint64{s.seq}, r.evidence...)
	said, _ := b.said(s)
	if said.code != "" {
		r.evidence = append(r.evidence, said.seq)
	}
	add(r, said.code)
}

// neverPlain finds the first rejection of an app that accepted nothing at all
// before the first step.
func (b *book) neverPlain() (first *show, only bool) {
	for i := range b.shows {
		s := &b.shows[i]
		if !s.plain || s.accepted() {
			return nil, false
		}
		if first == nil && s.refused() {
			first = s
		}
	}
	return first, first != nil
}

// blameLabels explains rejections of tokens that the scenario's own rules demand.
func (b *book) blameLabels(add func(reason, string)) {
	var labels []string
	for i := range b.shows {
		s := &b.shows[i]
		if label := s.presented.Token; s.judged() && s.demanded && s.quality != good && s.refused() && !slices.Contains(labels, label) {
			labels = append(labels, label)
			b.explain(s, reason{fmt.Sprintf("rejects the token labelled %q", s.presented.Token), "see what the scenario says of this token, and what the app answered to it", nil}, add)
		}
	}
}

// causeOfFetches says why an app fetched too often.
func (b *book) causeOfFetches(f *Finding) reason {
	strange, all := 0, 0
	fetches := b.fetchesWhere(func(g *fetch) bool { return slices.Contains(f.Evidence, g.seq) })
	if len(fetches) > 1 {
		from, to := fetches[0].at, fetches[len(fetches)-1].at
		for i := range b.shows {
			if s := &b.shows[i]; s.to >= from && s.from <= to {
				all++
				if s.quality != good {
					strange++
				}
			}
		}
	}
	switch n := len(fetches); {
	case strange >= n && n > 1 && strange*2 >= all:
		return reason{"fetches the key set once for every unknown kid", "limit refetches for unknown kids (a cool-down with one refetch at once, then one in a while)", f.Evidence}
	case all >= n && n > 1 && strange == 0:
		return reason{"fetches its documents again although only known keys were presented", "keep fetched documents for a while (minutes at least), whatever their cache headers say", f.Evidence}
	}
	return reason{"fetches its documents more often than promised", "keep fetched documents for a while, and limit refetches for unknown kids", f.Evidence}
}

// distinct sorts seqs and drops doubles.
func distinct(seqs []uint64) []uint64 {
	seqs = slices.Clone(seqs)
	slices.Sort(seqs)
	return slices.Compact(seqs)
}
