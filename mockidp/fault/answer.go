package fault

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// answer is what a handler would have sent.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
	cut    bool // the handler aborted after this much
}

// capture runs next without sending anything.
func capture(next http.Handler, r *http.Request) (a *answer) {
	a = &answer{header: http.Header{}}
	defer func() {
		if p := recover(); p != nil {
			err, is := p.(error)
			if !is || !errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			a.cut = true
		}
		if a.status == 0 {
			a.status = http.StatusOK
		}
	}()
	next.ServeHTTP(a, r)
	return a
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// Flush implements http.Flusher: there is nothing to send yet.
func (a *answer) Flush() {}

// begin sends the head, with the length of the whole body unless a handler
// further in has announced one.
func (a *answer) begin(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	if w.Header().Get("Content-Length") == "" {
		w.Header().Set("Content-Length", strconv.Itoa(a.body.Len()))
	}
	w.WriteHeader(a.status)
}

// headWriter changes the head just before it is sent.
type headWriter struct {
	http.ResponseWriter
	change func(http.Header)
	sent   bool
}

// WriteHeader implements http.ResponseWriter.
func (w *headWriter) WriteHeader(status int) {
	if !w.sent {
		w.sent = true
		w.change(w.Header())
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *headWriter) Write(p []byte) (int, error) {
	if !w.sent {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *headWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// pause waits for d, or less where the rule ends first. It reports false where
// the client left.
func pause(r *http.Request, d time.Duration, over <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-r.Context().Done():
		return false
	case <-over:
	case <-timer.C:
	}
	return r.Context().Err() == nil
}

// abort ends the request without an answer, or in the middle of one.
func abort() { panic(http.ErrAbortHandler) }
