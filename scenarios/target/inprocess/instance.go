package inprocess

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/scenarios/target"
)

const (
	grace     = 2 * time.Second // for requests that are being answered
	lastLines = 40              // lines that are kept for errors
)

// instance is one handler that is being served.
type instance struct {
	name    string
	address string
	book    *book
	server  *http.Server
	served  chan struct{} // closed when the server has let go of its listener
	session target.Session
	shut    func() error
	end     context.CancelFunc // of the app's life
	grace   time.Duration

	once    sync.Once
	stopErr error
}

// Present implements target.Instance.
func (i *instance) Present(ctx context.Context, c credential.Credential) target.Observation {
	return i.session.Present(ctx, c)
}

// Done implements target.Instance: a handler does not end by itself.
func (i *instance) Done() <-chan struct{} { return nil }

// Err implements target.Instance.
func (i *instance) Err() error { return nil }

// Address implements target.Instance.
func (i *instance) Address() string { return i.address }

// PID implements target.Instance.
func (i *instance) PID() int { return 0 }

// Stop implements target.Instance. A handler cannot be killed: one that does
// not return although its request's context is done is an error.
func (i *instance) Stop(ctx context.Context) error {
	i.once.Do(func() { i.stopErr = i.stop(ctx) })
	return i.stopErr
}

func (i *instance) stop(ctx context.Context) error {
	i.session.Close() // first: an idle connection would keep the server waiting
	i.end()
	// Even without any patience a handler gets a moment to return.
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), i.grace)
	defer cancel()
	err := i.server.Shutdown(limited)
	if err != nil {
		err = fmt.Errorf("stop %s: requests are still being answered after %s", i.name, i.grace)
		_ = i.server.Close()
	}
	<-i.served
	if shutErr := i.shutApp(); shutErr != nil && err == nil {
		err = fmt.Errorf("stop %s: %w", i.name, shutErr)
	}
	i.book.close()
	return err
}

func (i *instance) shutApp() error {
	if i.shut == nil {
		return nil
	}
	return i.shut()
}

// book passes on what the app logs, a line at a time, until it is closed.
type book struct {
	log func(string)

	mu     sync.Mutex
	closed bool
	tail   []string
}

func (b *book) write(line string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	b.tail = append(b.tail, line)
	if len(b.tail) > lastLines {
		b.tail = slices.Delete(b.tail, 0, len(b.tail)-lastLines)
	}
	if b.log != nil {
		b.log(line)
	}
}

// Write makes lines of what net/http's server has to say.
func (b *book) Write(text []byte) (int, error) {
	for line := range strings.Lines(string(text)) {
		b.write(strings.TrimRight(line, "\r\n"))
	}
	return len(text), nil
}

func (b *book) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
}

func (b *book) lastWords() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.tail) == 0 {
		return ""
	}
	return "\nits last words:\n  | " + strings.Join(b.tail, "\n  | ")
}
