package engine

import (
	"context"
	"sync"

	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// batchBytes is how much text goes into the book at once: a request to an issuer
// elsewhere may have a megabyte.
const batchBytes = 256 << 10

// words writes down what an app logs, in batches: an app may well say more than
// one request a line lets through, and must not be held up by that.
type words struct {
	write func(lines []string)

	writing sync.Mutex // held while lines go into the book, in their order

	mu    sync.Mutex
	lines []string
	more  chan struct{} // has one where there are lines
	done  chan struct{} // closed when nothing is written any more
}

func newWords(write func(lines []string)) *words {
	w := &words{write: write, more: make(chan struct{}, 1), done: make(chan struct{})}
	go w.run()
	return w
}

// say takes a line, and never waits.
func (w *words) say(line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, line)
	select {
	case w.more <- struct{}{}:
	default:
	}
}

func (w *words) run() {
	defer close(w.done)
	for range w.more {
		w.flush()
	}
}

// flush returns when everything that was said so far is in the book.
func (w *words) flush() {
	w.writing.Lock()
	defer w.writing.Unlock()
	for batch := w.take(); len(batch) > 0; batch = w.take() {
		w.write(batch)
	}
}

func (w *words) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, bytes := 0, 0
	for n < len(w.lines) && (n == 0 || bytes+len(w.lines[n]) <= batchBytes) {
		bytes += len(w.lines[n])
		n++
	}
	batch := w.lines[:n]
	w.lines = w.lines[n:]
	return batch
}

// close waits until everything that was said is written. Nothing may be said
// afterwards.
func (w *words) close() {
	close(w.more)
	<-w.done
}

// writeDown puts lines of the app into the book. One that cannot be written down
// is a failure of the issuer, which the next step meets.
func (p *play) writeDown(ctx context.Context, lines []string) {
	notes := make([]command.Command, len(lines))
	for n, line := range lines {
		notes[n] = command.Record{Source: timeline.App, Event: timeline.Note{Text: line}}
	}
	_, _ = p.site.Apply(context.WithoutCancel(ctx), notes...)
}
