package oracle

import (
	"slices"
	"time"

	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// measure counts.
func (b *book) measure() Measures {
	var m Measures
	for i := range b.shows {
		s := &b.shows[i]
		if !s.judged() {
			continue
		}
		if s.presented.Outcome == timeline.Failed {
			m.ServerErrors++
		}
		switch {
		case s.demanded && s.refused():
			m.RejectedGood++
		case s.unwanted && s.accepted():
			m.AcceptedBad++
		}
	}
	m.RecoverySeconds = b.recovery()
	m.RevocationLagSeconds = b.revocationLag()
	for _, document := range []struct {
		name  timeline.Document
		count *int
	}{
		{timeline.Discovery, &m.Fetches.Discovery}, {timeline.JWKS, &m.Fetches.JWKS},
		{timeline.FederationMetadata, &m.Fetches.FederationMetadata}, {timeline.SAMLMetadata, &m.Fetches.SAMLMetadata},
	} {
		fetches := b.fetchesOf(document.name)
		*document.count = len(fetches)
		peak, _ := busiest(fetches, time.Minute)
		m.PeakFetchesPerMinute = max(m.PeakFetchesPerMinute, peak)
	}
	return m
}

// recovery is the longest way back over all keys; 0 when no good token was
// rejected, nil when one was and its key was not accepted again, or nothing is known.
func (b *book) recovery() *float64 {
	var longest time.Duration
	answered := false
	for _, key := range b.shownKeys() {
		switch c := b.follow(goodOf(key)); {
		case len(c.refused) > 0 && c.back == nil:
			return nil
		case len(c.refused) > 0 || c.accepted > 0:
			answered = true
			longest = max(longest, c.took)
		}
	}
	if !answered {
		return nil
	}
	return pointer(longest)
}

// revocationLag is the longest time from a key's removal to the first
// rejection after which none of its tokens was accepted; nil where no key was
// removed and shown again, or one was accepted to the end.
func (b *book) revocationLag() *float64 {
	rejected := map[string]*show{} // nil: accepted last
	var keys []string
	for i := range b.shows {
		s := &b.shows[i]
		if s.quality != leaving || !s.judged() || !s.accepted() && !s.refused() {
			continue
		}
		key := s.minted.Key
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
		switch {
		case s.accepted():
			rejected[key] = nil
		case rejected[key] == nil:
			rejected[key] = s
		}
	}
	var longest time.Duration
	for _, key := range keys {
		s := rejected[key]
		if s == nil {
			return nil
		}
		longest = max(longest, s.to-s.removed)
	}
	if len(keys) == 0 {
		return nil
	}
	return pointer(longest)
}
