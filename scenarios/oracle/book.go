package oracle

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// book is a timeline, read once and sorted into what the rules ask for.
type book struct {
	began    timeline.Began
	scenario spec.Scenario
	promise  spec.Promise

	federated  bool  // people sign in over WS-Federation or SAML: the app is shown assertions, and learns keys from metadata or not at all
	opened     entry // the Began entry
	end        time.Duration
	ended      *timeline.Ended
	shows      []show
	unknown    []time.Duration // when tokens were presented that make an app look for keys, sorted
	fetches    []fetch         // of documents, since the scenario began
	instances  []instance
	deaths     []death // of apps that nobody asked to end
	lines      []line
	moves      map[string][]move
	lies       []lie
	darkKeys   map[bool][]span    // by form of the token (true: SAML): when a new key could not be learnt
	darkConfig []span             // when the discovery document could not be had
	shutKeys   map[bool][]span    // when asking for a new key would have been in vain
	shutConfig []span             // when asking for the discovery document would have been
	harm       []span             // when documents were away or broken
	accepted   map[string][]*show // tokens that were accepted, by key, oldest first

	spent int // good tokens rejected, of all rules that count them
}

// entry is the place of an entry in the book.
type entry struct {
	seq uint64
	at  time.Duration
}

type fetch struct {
	entry
	timeline.Served
}

// instance is one life of the app.
type instance struct {
	entry               // when it was ready
	from  time.Duration // when it was started
}

type death struct {
	entry
	detail string
}

type line struct {
	entry
	text string
}

// move is a key's arrival in a state.
type move struct {
	entry
	state keyring.State
}

// read sorts the entries. Machine time is that of the first entry plus what
// has elapsed: the issuer's own clock may be moved and drift.
func read(entries []timeline.Entry) (*book, error) {
	first := slices.IndexFunc(entries, func(e timeline.Entry) bool { _, is := e.Event.(timeline.Began); return is })
	if first < 0 {
		return nil, fmt.Errorf("%w: it has no %q entry", ErrTimeline, timeline.Began{}.Type())
	}
	b := &book{moves: map[string][]move{}, opened: placeOf(entries[first]), began: entries[first].Event.(timeline.Began)}
	if err := json.Unmarshal(b.began.Scenario, &b.scenario); err != nil {
		return nil, fmt.Errorf("%w: its scenario: %w", ErrTimeline, err)
	}
	if err := json.Unmarshal(b.began.Promise, &b.promise); err != nil {
		return nil, fmt.Errorf("%w: its promise: %w", ErrTimeline, err)
	}
	b.scenario = b.scenario.WithDefaults()
	b.federated = slices.Contains(b.began.Target.Features, "federation")
	zero := entries[0].At.Round(0).Add(-time.Duration(entries[0].Elapsed))
	minted := map[uint64]mint{}
	for _, e := range entries {
		here := placeOf(e)
		if b.ended == nil { // what was still being served then is written down after it
			b.end = max(b.end, here.at)
		}
		switch event := e.Event.(type) {
		case timeline.KeyChanged:
			for _, t := range event.Transitions {
				b.moves[t.Key] = append(b.moves[t.Key], move{here, t.To})
			}
		case timeline.FaultSet:
			if err := b.readFault(here, event); err != nil {
				return nil, err
			}
		case timeline.Served:
			if here.seq > b.opened.seq && event.Document != timeline.Other && event.Document != timeline.SignIn {
				b.fetches = append(b.fetches, fetch{here, event})
			}
		case timeline.Minted:
			minted[e.Seq] = mint{event, here.at}
		case timeline.Presented:
			m, known := minted[event.Minted]
			if !known {
				return nil, fmt.Errorf("%w: entry %d presents a token that no entry before it minted", ErrTimeline, e.Seq)
			}
			b.shows = append(b.shows, show{
				signed: m.at,
				entry:  here, presented: event, minted: m.Minted, instance: len(b.instances) - 1, machine: zero.Add(here.at),
				// The answer is written down a little after it came; nothing is shown before it is minted.
				from: max(m.at, here.at-time.Duration(event.Took)), to: here.at,
			})
		case timeline.TargetStarted:
			b.instances = append(b.instances, instance{here, here.at - time.Duration(event.Took)})
		case timeline.TargetStopped:
			if !event.Asked {
				b.deaths = append(b.deaths, death{here, event.Detail})
			}
		case timeline.Note:
			if e.Source == timeline.App {
				b.lines = append(b.lines, line{here, event.Text})
			}
		case timeline.Ended:
			b.ended = &event
		}
	}
	b.settleFaults()
	b.weighAll()
	return b, nil
}

type mint struct {
	timeline.Minted
	at time.Duration
}

func placeOf(e timeline.Entry) entry { return entry{e.Seq, time.Duration(e.Elapsed)} }

// before reports whether the entry comes before the other, and not later than at.
func (e entry) before(seq uint64, at time.Duration) bool { return e.seq < seq && e.at <= at }

// stateAt is the state of a key as a token is presented: since when it has it,
// and since when it stands in the documents without a break.
func (b *book) stateAt(key string, s *show) (state keyring.State, since, served time.Duration, ever bool) {
	for _, m := range b.moves[key] {
		if !m.before(s.seq, s.from) {
			break
		}
		if m.state.Served() && !state.Served() {
			served, ever = m.at, true
		}
		state, since = m.state, m.at
	}
	return state, since, served, ever
}

// published is when a key first stood in the documents.
func (b *book) published(key string) (at entry, ever bool) {
	for _, m := range b.moves[key] {
		if m.state.Served() {
			return m.entry, true
		}
	}
	return entry{}, false
}

// isNew reports whether a key first stood in the documents after the scenario began.
func (b *book) isNew(key string) bool {
	at, ever := b.published(key)
	return ever && at.seq > b.opened.seq
}

// fetchesOf returns the target's requests for a document, oldest first.
func (b *book) fetchesOf(d timeline.Document) []fetch {
	return b.fetchesWhere(func(f *fetch) bool { return f.Document == d })
}

// keyFetches are the requests for documents that hold keys.
func (b *book) keyFetches() []fetch {
	return b.fetchesWhere(func(f *fetch) bool { return b.holdsKeys(f.Document) })
}

// readings are the requests by which an app can come to know keys: where it
// reads discovery on the way, that belongs to it.
func (b *book) readings() []fetch {
	return b.fetchesWhere(func(f *fetch) bool { return b.holdsKeys(f.Document) || !b.federated })
}

func (b *book) fetchesWhere(wanted func(*fetch) bool) []fetch {
	var found []fetch
	for i := range b.fetches {
		if f := &b.fetches[i]; wanted(f) {
			found = append(found, *f)
		}
	}
	return found
}

// begins is when the app's life began in which a token was presented.
func (b *book) begins(s *show) time.Duration {
	if s.instance < 0 {
		return b.opened.at
	}
	return b.instances[s.instance].from
}
