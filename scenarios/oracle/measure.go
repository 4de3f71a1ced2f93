package oracle

import (
	"time"

	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// measure counts.
func (b *book) measure() Measures {
	var m Measures
	for i := range b.shows {
		s := &b.shows[i]
		switch {
		case s.presented.Outcome == timeline.Failed:
			m.ServerErrors++
		}
		if s.afterEnd {
			continue
		}
		switch {
		case s.quality == good && s.refused():
			m.RejectedGood++
		case b.overdue(s) && s.accepted():
			m.AcceptedBad++
		}
	}
	m.RecoverySeconds = b.recovery()
	m.RevocationLagSeconds = b.revocationLag()
	m.Fetches = Fetches{
		Discovery: len(b.fetchesOf(timeline.Discovery)), JWKS: len(b.fetchesOf(timeline.JWKS)),
		FederationMetadata: len(b.fetchesOf(timeline.FederationMetadata)), SAMLMetadata: len(b.fetchesOf(timeline.SAMLMetadata)),
	}
	for _, d := range []timeline.Document{timeline.Discovery, timeline.JWKS, timeline.FederationMetadata, timeline.SAMLMetadata} {
		peak, _ := busiest(b.fetchesOf(d), time.Minute)
		m.PeakFetchesPerMinute = max(m.PeakFetchesPerMinute, peak)
	}
	return m
}

// recovery is the longest way back over all keys; 0 when no good token was
// rejected, nil when one was and its key was not accepted again.
func (b *book) recovery() *float64 {
	var longest time.Duration
	shown := false
	for _, key := range b.keys() {
		c := b.follow(b.goodOf(key))
		if len(c.shows) == 0 {
			continue
		}
		shown = true
		if len(c.refused) == 0 {
			continue
		}
		if c.back == nil {
			return nil
		}
		longest = max(longest, c.took)
	}
	if !shown {
		return nil
	}
	return pointer(longest)
}

// revocationLag is the longest time from a key's removal to the first
// rejection after which none of its tokens was accepted; nil where no key was
// removed and shown again, or one was accepted to the end.
func (b *book) revocationLag() *float64 {
	var longest time.Duration
	measured := false
	for _, key := range b.keys() {
		var rejected *show
		removed := false
		for i := range b.shows {
			s := &b.shows[i]
			if s.minted.Key != key || s.quality != leaving || s.afterEnd {
				continue
			}
			removed = true
			switch {
			case s.accepted():
				rejected = nil
			case s.refused() && rejected == nil:
				rejected = s
			}
		}
		if !removed {
			continue
		}
		if rejected == nil {
			return nil
		}
		measured = true
		longest = max(longest, rejected.to-rejected.removed)
	}
	if !measured {
		return nil
	}
	return pointer(longest)
}

// keys are the names of all keys that ever were in the ring, in no order that matters.
func (b *book) keys() []string {
	names := make([]string, 0, len(b.moves))
	for name := range b.moves {
		names = append(names, name)
	}
	return names
}
