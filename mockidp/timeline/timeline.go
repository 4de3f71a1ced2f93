// Package timeline is the book in which an issuer writes down what it did and
// what was asked of it, and a harness what it presented and was answered.
// Verdicts come from the book alone.
package timeline

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
)

// The sources of entries.
const (
	Issuer  = "issuer"
	Harness = "harness"
	App     = "target"
)

// Entry is one line of the book.
type Entry struct {
	Seq     uint64         // 1, 2, 3 ... without gaps
	At      time.Time      // issuer time
	Elapsed clock.Duration // since the log began, by the monotonic clock
	Source  string         // Issuer, Harness or App
	Event   Event
}

// Log is an append-only book in memory, safe for concurrent use.
type Log struct {
	clock clock.Clock // issuer time
	base  clock.Clock // for Elapsed
	limit int         // entries kept; 0 is without limit

	mu      sync.Mutex
	began   time.Time
	next    uint64
	entries []Entry
	changed chan struct{} // closed at the next append
	ended   chan struct{} // closed by End
	end     sync.Once
}

// ErrEnded is returned to who waits for entries of a book that has ended.
var ErrEnded = errors.New("the timeline has ended")

// New begins a log. issuer gives the time of entries, base the monotonic time
// that Elapsed is measured by. Where limit is above 0, only about the last
// limit entries are kept.
func New(issuer, base clock.Clock, limit int) *Log {
	return &Log{clock: issuer, base: base, limit: limit, began: base.Now(), next: 1, changed: make(chan struct{}), ended: make(chan struct{})}
}

// Append writes an entry and returns it.
func (l *Log) Append(source string, event Event) Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := Entry{
		Seq:     l.next,
		At:      l.clock.Now().UTC(),
		Elapsed: clock.Duration(l.base.Now().Sub(l.began)),
		Source:  source,
		Event:   event,
	}
	l.next++
	l.entries = append(l.entries, e)
	// Twice the limit before a trim makes dropping cheap on average.
	if l.limit > 0 && len(l.entries)/2 >= l.limit {
		l.entries = append([]Entry(nil), l.entries[len(l.entries)-l.limit:]...)
	}
	close(l.changed)
	l.changed = make(chan struct{})
	return e
}

// After returns the entries whose Seq is above seq. The slice is the caller's.
func (l *Log) After(seq uint64) []Entry {
	entries, _ := l.after(seq)
	return entries
}

// Wait returns the entries whose Seq is above seq as soon as there is one, or
// none when ctx is done first. The error is ErrEnded where there will be none.
func (l *Log) Wait(ctx context.Context, seq uint64) ([]Entry, error) {
	for {
		entries, changed := l.after(seq)
		if len(entries) > 0 {
			return entries, nil
		}
		select {
		case <-ctx.Done():
			return nil, nil
		case <-changed:
		case <-l.ended:
			if entries := l.After(seq); len(entries) > 0 {
				return entries, nil
			}
			return nil, ErrEnded
		}
	}
}

// End wakes all who wait: nothing more will be written. What was written can
// still be read. It may be called again.
func (l *Log) End() { l.end.Do(func() { close(l.ended) }) }

func (l *Log) after(seq uint64) ([]Entry, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if seq >= l.next-1 {
		return nil, l.changed
	}
	// The last entry's Seq is next-1, so the first kept one's is next-len.
	first := l.next - uint64(len(l.entries))
	from := 0
	if seq+1 > first {
		from = int(seq + 1 - first)
	}
	return append([]Entry(nil), l.entries[from:]...), l.changed
}
