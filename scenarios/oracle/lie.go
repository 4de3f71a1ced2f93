package oracle

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

const forever = time.Duration(1<<63 - 1)

// opening is the shortest time in which an app can be expected to have fetched
// a document without being asked: two steps of a scenario are less apart.
const opening = time.Second

// span is a stretch of time; to is outside it.
type span struct {
	from, to time.Duration
	cause    uint64 // the entry of the fault that began it
}

// lie is a fault and when it was in force.
type lie struct {
	entry
	id     string
	rule   fault.Rule
	effect string
	closed bool // nobody could connect, so that nothing is in the book
	to     time.Duration
	spans  []span // when documents were harmed by it
}

func (b *book) readFault(here entry, event timeline.FaultSet) error {
	if event.Cleared {
		for i := range b.lies {
			if b.lies[i].id == event.ID && b.lies[i].to == forever {
				b.lies[i].to = here.at
			}
		}
		return nil
	}
	l := lie{entry: here, id: event.ID, to: forever, closed: strings.Contains(event.Detail, "closed")}
	if err := json.Unmarshal(event.Rule, &l.rule); err != nil {
		return fmt.Errorf("%w: entry %d: its fault: %w", ErrTimeline, here.seq, err)
	}
	l.effect = l.rule.Effect()
	b.lies = append(b.lies, l)
	return nil
}

// settleFaults finds out when documents could not be had.
func (b *book) settleFaults() {
	b.darkKeys, b.shutKeys = map[bool][]span{}, map[bool][]span{}
	for i := range b.lies {
		l := &b.lies[i]
		l.spans = b.spansOf(l)
		if l.harms() && l.rule.Document != string(timeline.SignIn) {
			b.harm = append(b.harm, l.spans...)
		}
		if !l.hides() {
			continue
		}
		for _, saml := range []bool{false, true} {
			if l.concerns(timeline.JWKS) && !saml || saml && (l.concerns(timeline.FederationMetadata) || l.concerns(timeline.SAMLMetadata)) {
				b.darkKeys[saml] = append(b.darkKeys[saml], l.spans...)
				b.shutKeys[saml] = append(b.shutKeys[saml], l.whole()...)
			}
		}
		if l.concerns(timeline.Discovery) {
			b.darkConfig = append(b.darkConfig, l.spans...)
			b.shutConfig = append(b.shutConfig, l.whole()...)
		}
	}
	b.harm = join(b.harm)
	for _, dark := range []map[bool][]span{b.darkKeys, b.shutKeys} {
		dark[false], dark[true] = join(dark[false]), join(dark[true])
	}
	b.darkConfig, b.shutConfig = join(b.darkConfig), join(b.shutConfig)
}

// spansOf is when a fault did harm. One that lets requests pass first begins
// with the first that it harmed; one that is counted harms single requests:
// whoever asks again uses it up.
func (b *book) spansOf(l *lie) []span {
	if l.closed || l.rule.After == 0 && l.rule.Count == 0 {
		return []span{{l.at, l.to, l.seq}}
	}
	var spans []span
	for _, f := range b.fetches {
		if !f.Harmed(l.id) || f.seq < l.seq {
			continue
		}
		if l.rule.Count == 0 {
			return []span{{f.at, l.to, l.seq}}
		}
		spans = append(spans, span{f.at - time.Duration(f.Took), f.at + 1, l.seq})
	}
	return spans
}

// whole is when a fetch would have been harmed: a counted fault waits for it.
func (l *lie) whole() []span {
	if l.rule.Count > 0 && l.rule.After == 0 {
		return []span{{l.at, l.to, l.seq}}
	}
	return l.spans
}

func (l *lie) concerns(d timeline.Document) bool {
	return l.rule.Document == "" || fault.Concerns(l.rule.Document, string(d))
}

// hides reports whether an app cannot learn a new key from a document that the
// fault harms. Replicas and odd neighbours leave the key where it can be found.
func (l *lie) hides() bool {
	switch l.effect {
	case "delay":
		return time.Duration(l.rule.Delay.By) >= opening
	case "metadata":
		return l.rule.Metadata.Refusable()
	case "drip":
		return true // how long a document drips is not in the book before it is out
	}
	return slices.Contains([]string{"", "status", "refuse", "hang", "truncate", "html", "body", "empty", "stale"}, l.effect)
}

// during reports whether the fault was in force at some moment of the time.
func (l *lie) during(from, to time.Duration) bool { return l.at <= to && from < l.to }

// join sorts spans and makes one of those that overlap.
func join(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var joined []span
	for _, s := range spans {
		if n := len(joined); n > 0 && s.from <= joined[n-1].to {
			joined[n-1].to = max(joined[n-1].to, s.to)
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

// touched reports whether one of the spans touches the time.
func touched(spans []span, from, to time.Duration) bool {
	for _, s := range spans {
		if s.from <= to && from < s.to {
			return true
		}
	}
	return false
}

// opened reports whether the time has a stretch of at least an opening that no
// span touches.
func opened(spans []span, from, to time.Duration) bool {
	for _, s := range spans {
		if s.to <= from {
			continue
		}
		if s.from > to {
			break
		}
		if s.from-from >= opening {
			return true
		}
		from = s.to
	}
	return to-from >= opening
}

// reachable reports whether an app can be expected to know the key: the token
// is presented while the documents can be had, or there was a time before, in
// this life of the app, in which they could, or they were had. served is since
// when the key stands in them.
func (b *book) reachable(s *show, served time.Duration) bool {
	begins := b.begins(s)
	since := max(served, begins)
	saml := b.saml(s)
	if touched(b.darkKeys[saml], s.from, s.to) && !opened(b.shutKeys[saml], since, s.from) && !b.was(served, s) {
		return false
	}
	if saml || !touched(b.darkConfig, s.from, s.to) || opened(b.shutConfig, begins, s.from) {
		return true
	}
	return slices.ContainsFunc(b.fetches, func(f fetch) bool {
		return f.Document == timeline.Discovery && f.Status == 200 && f.Fault == "" && f.at >= begins && f.at <= s.from
	})
}

// was reports whether the app was served the key since then.
func (b *book) was(since time.Duration, s *show) bool {
	begins := b.begins(s)
	for i := range b.fetches {
		f := &b.fetches[i]
		if f.at > s.from {
			return false
		}
		if f.at >= since && f.at >= begins && b.holdsKeys(f.Document) && slices.Contains(f.Keys, s.minted.Key) {
			return true
		}
	}
	return false
}
