package oracle

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// book is a timeline, read once and sorted into what the rules ask for.
type book struct {
	entries  []timeline.Entry
	began    timeline.Began
	scenario spec.Scenario
	promise  spec.Promise

	start, end time.Duration // of the scenario
	ended      *timeline.Ended
	shows      []show
	served     []serving
	stops      []timeline.Entry // TargetStopped
	starts     []timeline.Entry // TargetStarted
	notes      []timeline.Entry // lines of the target
	moves      map[string][]move
	faults     []lie
}

// show is one credential presented, with everything known about it.
type show struct {
	seq        uint64
	presented  timeline.Presented
	minted     timeline.Minted
	from, to   time.Duration // elapsed
	at         time.Time     // machine time of the answer
	state      keyring.State // of the signing key when it was presented
	reachable  bool          // the key could have been fetched by then
	removed    time.Duration // elapsed at which the key left the documents; valid where state is Removed
	afterEnd   bool          // presented after a restart that no step asked for
	quality    quality
	discovered string // why it is neither good nor bad
}

type serving struct {
	seq uint64
	at  time.Duration
	timeline.Served
}

// move is a key's arrival in a state.
type move struct {
	at    time.Duration
	state keyring.State
}

// lie is a fault from its beginning to its end.
type lie struct {
	id       string
	seq      uint64
	rule     fault.Rule
	from, to time.Duration
}

// hides reports whether an app cannot learn a new key while the fault lasts.
func (l lie) hides() bool {
	switch l.rule.Effect() {
	case "cache", "extra", "reorder", "delay", "drip", "contentType":
		return false
	}
	return l.rule.Document == "" || l.rule.Document == string(timeline.JWKS) || l.rule.Document == string(timeline.Discovery)
}

const forever = time.Duration(1<<63 - 1)

func read(entries []timeline.Entry) (*book, error) {
	b := &book{entries: entries, moves: map[string][]move{}}
	first := slices.IndexFunc(entries, func(e timeline.Entry) bool { _, is := e.Event.(timeline.Began); return is })
	if first < 0 {
		return nil, fmt.Errorf("%w: it has no %q entry", ErrTimeline, timeline.Began{}.Type())
	}
	b.began = entries[first].Event.(timeline.Began)
	b.start = time.Duration(entries[first].Elapsed)
	if err := json.Unmarshal(b.began.Scenario, &b.scenario); err != nil {
		return nil, fmt.Errorf("%w: its scenario: %w", ErrTimeline, err)
	}
	if err := json.Unmarshal(b.began.Promise, &b.promise); err != nil {
		return nil, fmt.Errorf("%w: its promise: %w", ErrTimeline, err)
	}
	asked := 0 // restarts that the scenario's own steps ask for
	for _, s := range b.scenario.Steps {
		if _, is := s.Do.(spec.Restart); is {
			asked++
		}
	}
	var offset time.Duration
	minted := map[uint64]timeline.Minted{}
	for _, e := range entries {
		at := time.Duration(e.Elapsed)
		b.end = max(b.end, at)
		switch event := e.Event.(type) {
		case timeline.KeyChanged:
			for _, t := range event.Transitions {
				b.moves[t.Key] = append(b.moves[t.Key], move{at, t.To})
			}
		case timeline.ClockMoved:
			offset = time.Duration(event.Offset)
		case timeline.FaultSet:
			b.readFault(e, event)
		case timeline.Served:
			b.served = append(b.served, serving{e.Seq, at, event})
		case timeline.Minted:
			minted[e.Seq] = event
		case timeline.Presented:
			m, known := minted[event.Minted]
			if !known {
				return nil, fmt.Errorf("%w: entry %d presents a token that no entry before it minted", ErrTimeline, e.Seq)
			}
			b.shows = append(b.shows, show{
				seq: e.Seq, presented: event, minted: m, from: at - time.Duration(event.Took), to: at,
				at: e.At.Add(-offset), afterEnd: event.Step >= len(b.scenario.Steps) && len(b.starts) > 1+asked,
			})
		case timeline.TargetStarted:
			b.starts = append(b.starts, e)
		case timeline.TargetStopped:
			b.stops = append(b.stops, e)
		case timeline.Note:
			if e.Source == timeline.App {
				b.notes = append(b.notes, e)
			}
		case timeline.Ended:
			b.ended = &event
		}
	}
	for i := range b.shows {
		b.weigh(&b.shows[i])
	}
	return b, nil
}

func (b *book) readFault(e timeline.Entry, event timeline.FaultSet) {
	at := time.Duration(e.Elapsed)
	if event.Cleared {
		for i := range b.faults {
			if b.faults[i].id == event.ID && b.faults[i].to == forever {
				b.faults[i].to = at
			}
		}
		return
	}
	l := lie{id: event.ID, seq: e.Seq, from: at, to: forever}
	if err := json.Unmarshal(event.Rule, &l.rule); err == nil {
		b.faults = append(b.faults, l)
	}
}

// stateOf is the state of a key at a moment, and since when.
func (b *book) stateOf(key string, at time.Duration) (keyring.State, time.Duration) {
	var last move
	for _, m := range b.moves[key] {
		if m.at > at {
			break
		}
		last = m
	}
	return last.state, last.at
}

// reachable reports whether there was a moment up to at in which the key stood
// in documents that could be had.
func (b *book) reachable(key string, at time.Duration) bool {
	moves := b.moves[key]
	for i, m := range moves {
		if m.at > at {
			break
		}
		if !m.state.Served() {
			continue
		}
		to := at
		if i+1 < len(moves) {
			to = min(to, moves[i+1].at)
		}
		if b.clear(m.at, to) {
			return true
		}
	}
	return false
}

// clear reports whether some moment of the span is free of hiding faults.
func (b *book) clear(from, to time.Duration) bool {
	for _, l := range b.faults {
		if l.hides() && l.from <= from && from < l.to {
			if l.to > to {
				return false
			}
			return b.clear(l.to, to)
		}
	}
	return true
}

// fetchesOf returns the target's requests for a document, oldest first.
func (b *book) fetchesOf(d timeline.Document) []serving {
	var found []serving
	for _, s := range b.served {
		if s.Document == d && s.at >= b.start {
			found = append(found, s)
		}
	}
	return found
}

// isNew reports whether a key first stood in the documents after the scenario began.
func (b *book) isNew(key string) bool {
	for _, m := range b.moves[key] {
		if m.state.Served() {
			return m.at > b.start
		}
	}
	return false
}
