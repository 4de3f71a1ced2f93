package oracle

import (
	"fmt"
	"math"
	"slices"
	"time"
)

const (
	fixRefetch = "refetch the key set when a token names an unknown kid (at most every few minutes), and once in a while"
	fixRequest = "fetch the key set within the request that names an unknown kid, and validate once more"
	fixChoose  = "choose the key by the token's kid from the whole set, not by its place"
)

// causeOf says why good tokens of a key were rejected.
func (b *book) causeOf(key string, c course) reason {
	switch {
	case c.refused[0].presented.Undelivered:
		return b.withheld(c.refused[0])
	case !b.isNew(key):
		return b.causeOfLoss(key, c)
	case c.back == nil:
		return b.causeOfAbsence(key, c)
	}
	p, rejected := b.pauseOf(c), c.refused[0]
	way := []uint64{c.back.seq}
	if p.came {
		way = append(way, p.brought.seq)
	}
	if p.known {
		way = append(way, p.former.seq)
	}
	switch {
	case p.held && !p.came:
		return reason{fmt.Sprintf("has been served the new key and yet rejects its tokens for %.1f s", c.took.Seconds()), "put a fetched key set to use at once", way}
	case !p.came:
		return reason{fmt.Sprintf("accepts a new key only %.1f s after its first token, without a fetch that was seen", c.took.Seconds()), fixRequest, way}
	case c.took < slow && p.brought.at <= rejected.to+settle:
		return reason{"refreshes its keys beside the request: the one that brings the new key is refused, a later one passes", fixRequest, way}
	case c.took < slow || !p.known:
		return reason{fmt.Sprintf("fetches a new key only %.1f s after its first token", (p.brought.at - rejected.from).Seconds()), fixRequest, way}
	}
	age := fmt.Sprintf("%.0f s", math.Round(p.age.Seconds()))
	switch p.afterwards {
	case renewed:
		return reason{
			fmt.Sprintf("refetches only when its cache of %s runs out, whatever kid a token names", age),
			"refetch the key set when a token names an unknown kid", append(way, p.again.seq),
		}
	case quiet:
		return reason{
			fmt.Sprintf("refetches but is still inside its %s cool-down", age),
			"shorten the pause between refetches (jose cooldownDuration, ConfigurationManager.RefreshInterval, ...), or announce keys for longer than it", way,
		}
	case unwatched:
	}
	return reason{
		fmt.Sprintf("refetches only once its key set is %s old: a cool-down, or a cache that has to run out", age),
		"shorten the pause between refetches, or announce keys for longer than it", way,
	}
}

// causeOfAbsence says why an app did not come back for a new key.
func (b *book) causeOfAbsence(key string, c course) reason {
	first, last := c.refused[0], c.refused[len(c.refused)-1]
	published, _ := b.published(key)
	begins := b.begins(last)
	var had, odd, tried *fetch
	readings := b.readings()
	for i := range readings {
		f := &readings[i]
		if f.seq < published.seq || f.at < begins || f.at+settle > last.from {
			continue
		}
		tried = f
		if slices.Contains(f.Keys, key) {
			if b.harmedBy(f, "extra") {
				odd = f
			} else {
				had = f
			}
		}
	}
	waited := func(since time.Duration) string {
		return fmt.Sprintf("%.0f s", math.Round((c.until - since).Seconds()))
	}
	switch {
	case had != nil:
		return reason{"fetches the new key set and does not use the new key", fixChoose, []uint64{had.seq, last.seq}}
	case odd != nil:
		return reason{"one unusable key discards the whole set", "skip keys that the library cannot use and keep the others (RFC 7517 section 5)", []uint64{odd.seq, last.seq}}
	case tried != nil && (tried.Fault != "" || tried.Status != 200):
		return reason{
			"tried to refetch while the new key could not be had, and has not tried again for " + waited(tried.at),
			"retry a failed fetch soon, and refetch on an unknown kid", []uint64{tried.seq, last.seq},
		}
	case tried != nil:
		return reason{"reads documents again, but does not fetch the new key", fixRefetch, []uint64{tried.seq, last.seq}}
	case b.fetchedIn(key, first.from, c.until+1):
		return reason{fmt.Sprintf("fetches a new key only %.1f s after its first token", (b.firstWith(key, first.from) - first.from).Seconds()), fixRequest, []uint64{last.seq}}
	}
	if l := b.refusedBefore(published.at, last.from); l != nil {
		return reason{
			"does not look for keys for " + waited(l.to) + " after its connections were refused",
			"retry a failed fetch soon, and refetch on an unknown kid", []uint64{l.seq, last.seq},
		}
	}
	if r, known := b.pinned(last); known {
		return r
	}
	if bait, answer := b.baited(first.from); bait != nil {
		return reason{
			"does not look for a key again: earlier unknown kids used up its refetches or are remembered as missing",
			"limit refetches by time rather than for good, and do not remember misses for long", []uint64{bait.seq, answer.seq, last.seq},
		}
	}
	if b.refetches(last) {
		return reason{"does not refetch the key set for an unknown kid: nothing in the " + waited(first.from) + " that were watched", fixRefetch, []uint64{last.seq}}
	}
	return reason{"never refetches the key set: nothing in the " + waited(first.from) + " that were watched", fixRefetch, []uint64{last.seq}}
}

// harmedBy reports whether a fault of that kind changed an answer.
func (b *book) harmedBy(f *fetch, effect string) bool {
	return slices.ContainsFunc(b.lies, func(l lie) bool { return l.effect == effect && f.Harmed(l.id) })
}

func (b *book) fetchedIn(key string, from, to time.Duration) bool {
	at := b.firstWith(key, from)
	return at >= 0 && at < to
}

// firstWith is when the key was first served from then on; below zero: never.
func (b *book) firstWith(key string, from time.Duration) time.Duration {
	for _, f := range b.readings() {
		if f.at >= from && slices.Contains(f.Keys, key) {
			return f.at
		}
	}
	return -1
}

// refusedBefore finds a fault that closed the door and was over by then: what
// the app tried meanwhile is not in the book.
func (b *book) refusedBefore(from, to time.Duration) *lie {
	for i := range b.lies {
		if l := &b.lies[i]; l.closed && l.during(from, to) && l.to < to {
			return l
		}
	}
	return nil
}

// baited finds a token with a kid that no document named, and the fetch that it led to.
func (b *book) baited(before time.Duration) (bait *show, answer *fetch) {
	fetches := b.keyFetches()
	for i := range b.shows {
		s := &b.shows[i]
		if s.from >= before || s.quality == good || s.plain {
			continue
		}
		for j := range fetches {
			if f := &fetches[j]; f.at >= s.from && f.at <= min(s.to+settle, before) {
				return s, f
			}
		}
	}
	return nil, nil
}

// refetches reports whether the app fetched keys more than once in this life
// before: on its way up it reads them in any case.
func (b *book) refetches(s *show) bool {
	begins, n := b.begins(s), 0
	var last time.Duration
	for _, f := range b.keyFetches() {
		if f.at < begins || f.at > s.from {
			continue
		}
		if n == 0 || f.at-last > settle {
			n++
		}
		last = f.at
	}
	return n > 1
}
