package oracle

import (
	"slices"

	"github.com/rollover-harness/rollover/mockidp/keyring"
)

const (
	fixKeep  = "keep the last good key set when a fetch fails"
	fixGuard = "replace a good key set by a new one only when the new one has usable keys"
)

// causeOfLoss says why a key is not accepted that stood in the documents from
// the beginning.
func (b *book) causeOfLoss(key string, c course) reason {
	s := c.refused[0]
	last := b.lastFetch(s)
	accepted := b.acceptedBefore(key, s)
	because := func(cause, fix string) reason {
		r := reason{cause, fix, nil}
		if last != nil {
			r.evidence = []uint64{last.seq}
		}
		return r
	}
	if last != nil && (accepted == nil || accepted.from < last.at) {
		switch names := slices.Contains(last.Keys, key); {
		case b.harmedBy(last, "extra"):
			return because("one unusable key discards the whole set", "skip keys that the library cannot use and keep the others (RFC 7517 section 5)")
		case names && len(last.Keys) > 1:
			return because("uses only some of the keys in the set", fixChoose)
		case names:
			return because("rejects a key although the key set that it was served last names it", fixChoose)
		case b.harmedBy(last, "empty"):
			return because("an empty key set replaces the good one", fixGuard)
		case last.Fault != "" && last.Status == 200:
			return because("a broken document replaces the good key set", fixGuard)
		case last.Fault != "":
			return because("known keys stop working while the documents are away", fixKeep)
		case b.missing(key, last):
			return because("holds on to a key set from the time when the key was missing", fixRefetch)
		}
	}
	for i := range b.lies {
		if l := &b.lies[i]; l.hides() && touched(l.spans, s.from, s.to) {
			return reason{"known keys stop working while the documents are away", fixKeep, []uint64{l.seq}}
		}
	}
	if r, known := b.pinned(s); known && accepted == nil {
		return r
	}
	if accepted != nil {
		return reason{"stops accepting a key that it accepted before", "keep every key that the issuer still serves", []uint64{accepted.seq}}
	}
	return reason{"does not accept a key that stood in the documents all the time", fixChoose, nil}
}

// lastFetch is the app's last request for keys before its answer, in this life.
func (b *book) lastFetch(s *show) *fetch {
	var last *fetch
	fetches := b.keyFetches()
	for i := range fetches {
		if f := &fetches[i]; f.at >= b.begins(s) && f.at <= s.to {
			last = f
		}
	}
	return last
}

// acceptedBefore finds the last token of the key that this life of the app accepted.
func (b *book) acceptedBefore(key string, before *show) *show {
	var last *show
	for i := range b.shows {
		s := &b.shows[i]
		if s.seq >= before.seq {
			break
		}
		if s.minted.Key == key && s.quality == good && s.accepted() && s.instance == before.instance {
			last = s
		}
	}
	return last
}

// missing reports whether the key was out of the documents at a fetch.
func (b *book) missing(key string, f *fetch) bool {
	var state keyring.State
	for _, m := range b.moves[key] {
		if m.seq < f.seq {
			state = m.state
		}
	}
	return state == keyring.Removed
}
