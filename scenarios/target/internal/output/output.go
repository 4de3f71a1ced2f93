// Package output reads what an app under test writes.
package output

import (
	"bufio"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode"
)

const (
	// LongestLine is how many bytes of a line come in one piece; a longer one is
	// cut into several.
	LongestLine = 8 << 10
	lastLines   = 40 // lines that are kept for errors
)

// Output is being read, line by line.
type Output struct {
	done chan struct{}

	mu   sync.Mutex
	tail []string
}

// Read begins to read until from ends. log, where not nil, gets each line, from
// one goroutine.
func Read(from io.Reader, log func(line string)) *Output {
	o := &Output{done: make(chan struct{})}
	go o.lines(from, log)
	return o
}

// Done is closed when everything was read and log has returned.
func (o *Output) Done() <-chan struct{} { return o.done }

// lines is the one goroutine that calls log.
func (o *Output) lines(from io.Reader, log func(string)) {
	defer close(o.done)
	reader := bufio.NewReaderSize(from, LongestLine)
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

// LastWords is the end of what the app wrote, as lines to put below an error.
func (o *Output) LastWords() string {
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
