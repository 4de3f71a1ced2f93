package mockidp

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
)

// flights are the requests under way, so that Close can end all of them and
// wait until the book has them. The zero value is empty.
type flights struct {
	flightsMu sync.Mutex
	up        map[*recorder]struct{}
	landed    chan struct{} // not nil once they were told to end; closed when the last has
}

// readerPatience is how long Close waits for a client that does not read, or does
// not send what it announced.
const readerPatience = time.Second

// takeOff counts a request in; it reports false where Close came first.
func (f *flights) takeOff(out *recorder) bool {
	f.flightsMu.Lock()
	defer f.flightsMu.Unlock()
	if f.landed != nil {
		return false
	}
	if f.up == nil {
		f.up = map[*recorder]struct{}{}
	}
	f.up[out] = struct{}{}
	return true
}

// cancellable returns r so that Close ends it wherever it waits.
func (f *flights) cancellable(out *recorder, r *http.Request) *http.Request {
	ctx, cancel := context.WithCancel(r.Context())
	f.flightsMu.Lock()
	defer f.flightsMu.Unlock()
	out.cancel = cancel
	if f.landed != nil {
		cancel()
	}
	return r.WithContext(ctx)
}

// land counts a request out, once the book has it.
func (f *flights) land(out *recorder) {
	f.flightsMu.Lock()
	defer f.flightsMu.Unlock()
	if out.cancel != nil {
		out.cancel()
	}
	delete(f.up, out)
	if f.landed == nil {
		return
	}
	// The connection may serve other issuers.
	control := http.NewResponseController(out.ResponseWriter)
	_, _ = control.SetWriteDeadline(time.Time{}), control.SetReadDeadline(time.Time{})
	if len(f.up) == 0 {
		close(f.landed)
	}
}

// end tells all requests to end and lets no more in. What it returns is closed
// when the last has ended: writing to a client that does not read ends soon, and so
// does reading from one that does not write; nothing else lets a request wait.
func (f *flights) end() <-chan struct{} {
	f.flightsMu.Lock()
	defer f.flightsMu.Unlock()
	if f.landed != nil {
		return f.landed
	}
	f.landed = make(chan struct{})
	for out := range f.up {
		if out.cancel != nil {
			out.cancel()
		}
		// Where the writer knows no deadlines, as in tests, it does not block either.
		control, soon := http.NewResponseController(out.ResponseWriter), clock.System{}.Now().Add(readerPatience)
		_, _ = control.SetWriteDeadline(soon), control.SetReadDeadline(soon)
	}
	if len(f.up) == 0 {
		close(f.landed)
	}
	return f.landed
}
