package oracle

import (
	"slices"
	"time"
)

// severity orders grades: the higher, the worse.
func severity(g Grade) int {
	return slices.Index([]Grade{Ungraded, SameRequest, NextRequest, CoolDown, Expiry, Restart, NotRecovered}, g)
}

// grade is the worst of the new keys' grades.
func (b *book) grade() Grade {
	worst := Ungraded
	for _, key := range b.shownKeys() {
		if !b.isNew(key) {
			continue
		}
		if g := b.gradeOf(b.follow(goodOf(key))); severity(g) > severity(worst) {
			worst = g
		}
	}
	return worst
}

// shownKeys are all keys of which a good token was presented, in that order.
func (b *book) shownKeys() []string {
	var keys []string
	for i := range b.shows {
		if s := &b.shows[i]; s.quality == good && !slices.Contains(keys, s.minted.Key) {
			keys = append(keys, s.minted.Key)
		}
	}
	return keys
}

// gradeOf says how the app came back for the tokens of a new key.
func (b *book) gradeOf(c course) Grade {
	switch {
	case len(c.refused) == 0 && c.accepted == 0:
		return Ungraded
	case len(c.refused) == 0 && len(c.early()) > 0:
		return Ungraded // how long the way back took was not seen
	case len(c.refused) == 0:
		return SameRequest
	case c.back == nil && c.restarted != nil:
		return Restart
	case c.back == nil:
		return NotRecovered
	case c.took < slow:
		return NextRequest
	}
	if p := b.pauseOf(c); p.known && p.afterwards == renewed {
		return Expiry
	}
	return CoolDown
}

// pause is what lay between the fetch that brought a new key and the one before it.
type pause struct {
	brought, former fetch
	came            bool          // the key was fetched on the way back
	held            bool          // it had been fetched before the first token was rejected
	known           bool          // there was a fetch before
	age             time.Duration // of what was fetched before
	afterwards      afterwards
	again           fetch // the one that proves renewed
}

// afterwards is what the app did once a second pause had passed in which only
// tokens of known keys were presented.
type afterwards int

const (
	unwatched afterwards = iota // nobody looked long enough
	renewed                     // it fetched again: its cache had run out
	quiet                       // it did not: it needs an unknown kid
)

// pauseOf looks for the fetch that helped an app which came back.
func (b *book) pauseOf(c course) pause {
	key, refused := c.refused[0].minted.Key, c.refused[0]
	var p pause
	fetches := b.keyFetches()
	at := -1
	for i := range fetches {
		f := &fetches[i]
		if f.at > c.back.to {
			break
		}
		if !slices.Contains(f.Keys, key) {
			continue
		}
		if f.at < refused.from {
			p.held = true
		} else if at < 0 {
			at = i
		}
	}
	if at < 0 {
		return p
	}
	p.came, p.brought = true, fetches[at]
	if at > 0 && fetches[at-1].at >= b.begins(refused) {
		p.known, p.former = true, fetches[at-1]
		p.age = p.brought.at - p.former.at
		b.lookBack(&p, fetches[at:])
	}
	return p
}

// A cache that runs out does so at about the same age each time; requests come
// up to two seconds later.
const tolerance = 1.15

// lookBack tells a cache that runs out from a pause after an unknown kid:
// while only tokens of known keys are presented, the one fetches again at the
// age at which it did before, the other does not.
func (b *book) lookBack(p *pause, fetches []fetch) {
	longest := time.Duration(float64(p.age) * tolerance)
	for i, f := range fetches {
		until := f.at + longest
		if i+1 < len(fetches) {
			next := fetches[i+1]
			if lived := next.at - f.at; lived > p.age/2 && lived <= longest+2*time.Second && !b.lured(f.at, next.at) {
				p.afterwards, p.again = renewed, next
				return
			}
			until = min(until, next.at)
		}
		if until == f.at+longest && until <= b.end && !b.lured(f.at, until) && b.asked(f.at+p.age, b.end) {
			p.afterwards = quiet
		}
	}
}

// lured reports whether a token was presented in that time that makes an app
// look for keys.
func (b *book) lured(from, to time.Duration) bool {
	i, _ := slices.BinarySearch(b.unknown, from)
	return i < len(b.unknown) && b.unknown[i] <= to
}

// asked reports whether a good token was presented in that time: many apps look
// after their cache only when a request comes.
func (b *book) asked(from, to time.Duration) bool {
	for i := len(b.shows) - 1; i >= 0 && b.shows[i].to >= from; i-- {
		if s := &b.shows[i]; s.quality == good && s.from >= from && s.from <= to {
			return true
		}
	}
	return false
}
