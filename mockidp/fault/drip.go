package fault

import (
	"net/http"
	"time"
)

const (
	dripBytes = 64
	dripEvery = 100 * time.Millisecond
)

// Wire sends the body piece by piece: an overloaded endpoint that never runs
// into a client's idle timeout, only into one for the whole request. When over
// is closed the rest goes out at once.
func (f Drip) Wire(next http.Handler, over <-chan struct{}) http.Handler {
	size, every := f.Bytes, time.Duration(f.Every)
	if size == 0 {
		size = dripBytes
	}
	if every == 0 {
		every = dripEvery
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := capture(next, r)
		a.begin(w)
		control := http.NewResponseController(w)
		for rest := a.body.Bytes(); len(rest) > 0; {
			piece := rest[:min(size, len(rest))]
			rest = rest[len(piece):]
			if _, err := w.Write(piece); err != nil {
				abort()
			}
			// The last piece goes out when the handlers further out are done with the
			// request: the whole body is not there before it is written down.
			if len(rest) > 0 || a.cut {
				_ = control.Flush()
			}
			if len(rest) > 0 && !pause(r, every, over) {
				abort()
			}
		}
		if a.cut {
			abort()
		}
	})
}
