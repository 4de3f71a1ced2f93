package oracle

import (
	"slices"
	"time"

	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// severity orders grades, best first.
var severity = [...]Grade{Ungraded, SameRequest, NextRequest, CoolDown, Expiry, Restart, NotRecovered}

// grade is the worst of the new keys' grades.
func (b *book) grade() Grade {
	worst := Ungraded
	for _, key := range b.newKeys() {
		if g, _ := b.gradeOf(key); slices.Index(severity[:], g) > slices.Index(severity[:], worst) {
			worst = g
		}
	}
	return worst
}

// newKeys are the keys that first stood in the documents during the scenario
// and of which a good token was presented, in the order of their tokens.
func (b *book) newKeys() []string {
	var keys []string
	for _, s := range b.shows {
		if s.quality == good && b.isNew(s.minted.Key) && !slices.Contains(keys, s.minted.Key) {
			keys = append(keys, s.minted.Key)
		}
	}
	return keys
}

// pause is what lay between two fetches of the key set when an app came back late.
type pause struct {
	brought serving       // the fetch that brought the new key
	age     time.Duration // of the key set that it replaced
	known   bool
}

// gradeOf says how the app came back for one key, and what the way back shows.
func (b *book) gradeOf(key string) (Grade, pause) {
	c := b.follow(b.goodOf(key))
	switch {
	case len(c.shows) == 0:
		return Ungraded, pause{}
	case c.back == nil && c.restarted != nil:
		return Restart, pause{}
	case c.back == nil:
		return NotRecovered, pause{}
	case len(c.refused) == 0:
		return SameRequest, pause{}
	case c.took < slow:
		return NextRequest, b.pauseBefore(key, c.back.to)
	}
	p := b.pauseBefore(key, c.back.to)
	if p.known && b.refetchedKnown(p) {
		return Expiry, p
	}
	return CoolDown, p
}

// pauseBefore finds the fetch that brought the key, and the one before it.
func (b *book) pauseBefore(key string, until time.Duration) pause {
	var p pause
	var former time.Duration
	for _, s := range b.fetchesOf(timeline.JWKS) {
		if s.Status != 200 || s.at > until {
			continue
		}
		if slices.Contains(s.Keys, key) {
			p.brought, p.known = s, former > 0
			p.age = s.at - former
			return p
		}
		former = s.at
	}
	return p
}

// refetchedKnown tells expiry from a cool-down: after the way back, while only
// tokens of known keys were presented, was the key set fetched again at the
// age at which it was fetched before? A pause after an unknown kid does not do
// that, a cache that runs out does.
func (b *book) refetchedKnown(p pause) bool {
	const tolerance = 1.15
	for _, s := range b.fetchesOf(timeline.JWKS) {
		if s.at <= p.brought.at {
			continue
		}
		age := s.at - p.brought.at
		return age <= time.Duration(float64(p.age)*tolerance)+2*time.Second && !b.unknownShown(p.brought.at, s.at)
	}
	return false
}

// unknownShown reports whether a token was presented in that time whose kid no
// document named: it would have made the app look again.
func (b *book) unknownShown(from, to time.Duration) bool {
	return slices.ContainsFunc(b.shows, func(s show) bool {
		return s.from >= from && s.from <= to && s.quality != good
	})
}
