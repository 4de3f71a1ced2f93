package timeline_test

import (
	"context"
	"errors"
	"math"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollover-harness/rollover/mockidp/timeline"
)

type at struct{ time.Time }

func (a *at) Now() time.Time { return a.Time }

func note(n int) timeline.Note { return timeline.Note{Text: strconv.Itoa(n)} }

func seqs(entries []timeline.Entry) (first, last uint64) {
	if len(entries) == 0 {
		return 0, 0
	}
	return entries[0].Seq, entries[len(entries)-1].Seq
}

func TestAppend(t *testing.T) {
	issuer := &at{start.Add(time.Hour).In(time.FixedZone("somewhere", 3600))}
	base := &at{start}
	log := timeline.New(issuer, base, 0)
	base.Time = start.Add(1500 * time.Millisecond)
	first := log.Append(timeline.Issuer, note(1))
	second := log.Append(timeline.Harness, note(2))
	want := timeline.Entry{Seq: 1, At: start.Add(time.Hour), Elapsed: first.Elapsed, Source: timeline.Issuer, Event: note(1)}
	if first != want || first.Elapsed.String() != "1.5s" {
		t.Errorf("first entry %+v, want %+v", first, want)
	}
	if second.Seq != 2 || second.Source != timeline.Harness {
		t.Errorf("second entry %+v", second)
	}
}

func TestAfter(t *testing.T) {
	tests := []struct {
		limit, appended int
		after           uint64
		first, last     uint64
	}{
		{0, 0, 0, 0, 0},
		{0, 5, 0, 1, 5},
		{0, 5, 3, 4, 5},
		{0, 5, 5, 0, 0},
		{0, 5, 6, 0, 0},
		{0, 5, math.MaxUint64, 0, 0},
		{0, 5, math.MaxUint64 - 1, 0, 0},
		{10, 19, 0, 1, 19}, // trimmed at twice the limit
		{10, 20, 0, 11, 20},
		{10, 20, 5, 11, 20},
		{10, 20, 10, 11, 20},
		{10, 20, 11, 12, 20},
		{10, 1000, 0, 991, 1000},
		{1, 7, 0, 7, 7},
	}
	for _, test := range tests {
		log := timeline.New(&at{start}, &at{start}, test.limit)
		for i := range test.appended {
			log.Append(timeline.Issuer, note(i+1))
		}
		entries := log.After(test.after)
		first, last := seqs(entries)
		if first != test.first || last != test.last || last > 0 && len(entries) != int(last-first)+1 {
			t.Errorf("limit %d, %d entries, after %d: %d to %d, want %d to %d", test.limit, test.appended, test.after, first, last, test.first, test.last)
		}
		for _, e := range entries {
			if e.Event != timeline.Event(note(int(e.Seq))) {
				t.Errorf("entry %d holds %v", e.Seq, e.Event)
			}
		}
	}
}

func TestAfterGivesACopy(t *testing.T) {
	log := timeline.New(&at{start}, &at{start}, 0)
	log.Append(timeline.Issuer, note(1))
	log.After(0)[0].Seq = 9
	if log.After(0)[0].Seq != 1 {
		t.Error("a reader changed the book")
	}
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := timeline.New(&at{start}, &at{start}, 0)
		got := make(chan []timeline.Entry, 1)
		go func() { got <- wait(t, log, 1) }()
		synctest.Wait()
		log.Append(timeline.Issuer, note(1)) // wakes it, and is not what it waits for
		synctest.Wait()
		select {
		case entries := <-got:
			t.Fatalf("entries up to 1 were given to who waits for later ones: %v", entries)
		default:
		}
		log.Append(timeline.Issuer, note(2))
		if first, last := seqs(<-got); first != 2 || last != 2 {
			t.Errorf("entries %d to %d, want 2", first, last)
		}
		if first, last := seqs(wait(t, log, 0)); first != 1 || last != 2 {
			t.Errorf("entries %d to %d were there already, want 1 to 2", first, last)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if entries, err := log.Wait(ctx, 2); entries != nil || err != nil {
			t.Errorf("entries %v (%v) after the end of waiting", entries, err)
		}
	})
}

func wait(t *testing.T, log *timeline.Log, seq uint64) []timeline.Entry {
	t.Helper()
	entries, err := log.Wait(t.Context(), seq)
	if err != nil {
		t.Error(err)
	}
	return entries
}

func TestEndWakesWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := timeline.New(&at{start}, &at{start}, 0)
		log.Append(timeline.Issuer, note(1))
		got := make(chan error)
		go func() {
			_, err := log.Wait(t.Context(), 1)
			got <- err
		}()
		synctest.Wait()
		log.End()
		if err := <-got; !errors.Is(err, timeline.ErrEnded) {
			t.Errorf("who waited was told %v", err)
		}
		if _, err := log.Wait(t.Context(), 1); !errors.Is(err, timeline.ErrEnded) {
			t.Errorf("who comes later is told %v", err)
		}
		if first, last := seqs(wait(t, log, 0)); first != 1 || last != 1 {
			t.Errorf("entries %d to %d can be read, want 1", first, last)
		}
	})
}

func TestLogFromManyGoroutines(t *testing.T) {
	log := timeline.New(&at{start}, &at{start}, 0)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 100 {
				log.Append(timeline.Issuer, note(i))
			}
		})
	}
	var seen uint64
	for seen < 800 {
		for _, e := range wait(t, log, seen) {
			if e.Seq != seen+1 {
				t.Fatalf("entry %d after %d", e.Seq, seen)
			}
			seen = e.Seq
		}
	}
	group.Wait()
}
