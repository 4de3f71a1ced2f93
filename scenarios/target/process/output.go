package process

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
)

const (
	longestLine = 8 << 10 // bytes; a longer line is cut into several
	lastLines   = 40      // lines that are kept for errors
	// How long output is waited for when the app and its group are dead. Only a
	// daemon that left the group can still hold the pipe open then.
	drainWait = 250 * time.Millisecond
)

// output reads what an app writes. stdout and stderr share one pipe, so that
// the order of lines is the order in which the app wrote them.
type output struct {
	read *os.File
	done chan struct{}

	mu   sync.Mutex
	tail []string
}

// capture begins to read. The end for the app has to be closed here as soon as
// the app has been started.
func capture(log func(string)) (*output, *os.File, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("capture output: %w", err)
	}
	o := &output{read: read, done: make(chan struct{})}
	go o.lines(log)
	return o, write, nil
}

// lines is the one goroutine that calls log.
func (o *output) lines(log func(string)) {
	defer close(o.done)
	reader := bufio.NewReaderSize(o.read, longestLine)
	for {
		line, _, err := reader.ReadLine()
		if err != nil {
			return
		}
		text := string(line)
		o.mu.Lock()
		o.tail = append(o.tail, text)
		if len(o.tail) > lastLines {
			o.tail = slices.Delete(o.tail, 0, len(o.tail)-lastLines)
		}
		o.mu.Unlock()
		if log != nil {
			log(text)
		}
	}
}

// close waits until everything that was written has been read.
func (o *output) close() {
	if err := o.read.SetReadDeadline(time.Now().Add(drainWait)); errors.Is(err, os.ErrNoDeadline) {
		_ = o.read.Close() // a pipe that cannot be given up otherwise
	}
	<-o.done
	_ = o.read.Close()
}

// lastWords is the end of what the app wrote, as lines to put below an error.
func (o *output) lastWords() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.tail) == 0 {
		return "\n  (it wrote nothing)"
	}
	var b strings.Builder
	b.WriteString("\nits last words:")
	for _, line := range o.tail {
		b.WriteString("\n  | ")
		b.WriteString(strings.Map(visible, strings.ToValidUTF8(line, "?")))
	}
	return b.String()
}

// visible keeps an app's control characters off the reader's terminal.
func visible(r rune) rune {
	if unicode.IsControl(r) && r != '\t' {
		return -1
	}
	return r
}
