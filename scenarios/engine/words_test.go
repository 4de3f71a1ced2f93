package engine

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Every line is written once and in its order, however slow the book is, and
// whoever flushes finds what was said before.
func TestWords(t *testing.T) {
	var mu sync.Mutex
	var written []string
	batches := 0
	slow := make(chan struct{})
	w := newWords(func(lines []string) {
		<-slow
		mu.Lock()
		defer mu.Unlock()
		batches++
		written = append(written, lines...)
	})
	var want []string
	for n := range 1000 { // nobody waits, although nothing is written yet
		line := fmt.Sprint("line ", n)
		want = append(want, line)
		w.say(line)
	}
	close(slow)
	w.flush()
	mu.Lock()
	if !slices.Equal(written, want) || batches > 10 {
		t.Errorf("%d lines in %d batches", len(written), batches)
	}
	mu.Unlock()
	long := strings.Repeat("x", batchBytes)
	for range 3 {
		w.say(long)
	}
	w.say("last")
	w.close()
	if len(written) != 1004 || written[1003] != "last" {
		t.Errorf("%d lines", len(written))
	}
}
