package fault

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// ErrIDTaken is wrapped by the error of Set for an id that is in force already.
var ErrIDTaken = errors.New("fault id is taken")

// ErrUnknown is wrapped by the error for clearing a fault that was never set.
var ErrUnknown = errors.New("no such fault")

// Table is the rules in force, in the order in which they were set. It is
// immutable: Set and Clear return another one. The zero value is empty.
type Table struct {
	armed []*armed
}

// armed is a rule in force with what it has done so far. The counters are the
// only thing in a table that moves, so that a request needs no lock.
type armed struct {
	Rule
	then  keyring.Snapshot // as it was when the rule was set
	until time.Time        // zero: no window
	over  chan struct{}    // closed when the rule is cleared: whoever waits in it goes on

	seen     atomic.Int64 // requests that came by
	finished atomic.Int64 // harmed requests that were answered
}

// Set returns the table with r at its end, in force from now on. then is the
// truth at that moment; keys that a Metadata names must be in it. The rule must be
// valid and have an id.
func (t Table) Set(r Rule, then keyring.Snapshot, now time.Time) (Table, error) {
	if t.Has(r.ID) {
		return t, fmt.Errorf("fault %q: %w", r.ID, ErrIDTaken)
	}
	if r.Metadata != nil {
		if err := r.Metadata.validateIn(then); err != nil {
			return t, err
		}
	}
	a := &armed{Rule: r, then: then, over: make(chan struct{})}
	if r.For > 0 {
		a.until = now.Add(time.Duration(r.For))
	}
	return Table{append(slices.Clip(slices.Clone(t.armed)), a)}, nil
}

// Without returns the table without the rules of these ids. What waits in them
// (a hang, a delay) waits until Release.
func (t Table) Without(ids ...string) Table {
	kept := slices.Clone(t.armed)
	return Table{slices.DeleteFunc(kept, func(a *armed) bool { return slices.Contains(ids, a.ID) })}
}

// Release lets go of the requests that wait in rules of t which next no longer
// holds. It is called once, by whoever swapped next in for t.
func (t Table) Release(next Table) {
	for _, a := range t.armed {
		if !slices.Contains(next.armed, a) {
			close(a.over)
		}
	}
}

// Equal reports whether u has the same rules in force, not merely alike ones.
func (t Table) Equal(u Table) bool { return slices.Equal(t.armed, u.armed) }

// Has reports whether a rule of that id is in the table.
func (t Table) Has(id string) bool {
	return slices.ContainsFunc(t.armed, func(a *armed) bool { return a.ID == id })
}

// Rules returns the rules of the table, in the order in which they were set.
func (t Table) Rules() []Rule {
	rules := make([]Rule, len(t.armed))
	for i, a := range t.armed {
		rules[i] = a.Rule
	}
	return rules
}

// Expired returns the ids of rules whose window is over at now, and how long
// the next window lasts from now (0: there is none).
func (t Table) Expired(now time.Time) (ids []string, next time.Duration) {
	for _, a := range t.armed {
		switch left := a.until.Sub(now); {
		case a.until.IsZero():
		case left <= 0:
			ids = append(ids, a.ID)
		case next == 0 || left < next:
			next = left
		}
	}
	return ids, next
}

// Refused reports whether a rule closes the issuer's own listener at now.
func (t Table) Refused(now time.Time) bool {
	return slices.ContainsFunc(t.armed, func(a *armed) bool {
		return a.ClosesListener() && a.inWindow(now)
	})
}

// ClosesListener reports whether the rule is carried out by the listener, where
// the issuer has one of its own.
func (r Rule) ClosesListener() bool { return r.Refuse != nil && r.Document == "" }

func (a *armed) inWindow(now time.Time) bool { return a.until.IsZero() || now.Before(a.until) }

// hit counts a request for document and reports which harmed one it is,
// from 0; harmed is false where the rule lets it pass.
func (a *armed) hit(document string, now time.Time) (nth int, harmed bool) {
	if !a.inWindow(now) || !a.concerns(document) {
		return 0, false
	}
	nth = int(a.seen.Add(1)) - 1 - a.After
	return nth, nth >= 0 && (a.Count == 0 || nth < a.Count)
}

// concerns reports whether the rule is about what is asked for. A rule without
// a document is about all documents, a refused connection about every path.
func (a *armed) concerns(document string) bool {
	if a.Document != "" {
		return Concerns(a.Document, document)
	}
	if document == signIn && a.views() {
		return false // nobody signs in by a key set
	}
	return a.Refuse != nil || slices.Contains(Documents(), document)
}
