package mockidp

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// Warning is sent with every answer as the header Rollover-Warning.
const Warning = "for tests only: the private keys of this issuer are public"

// Handler serves the issuer inside another server. Config.Base tells it where.
func (i *Issuer) Handler() http.Handler { return http.HandlerFunc(i.serve) }

func (i *Issuer) serve(w http.ResponseWriter, r *http.Request) {
	out := &recorder{ResponseWriter: w, head: r.Method == http.MethodHead}
	if !i.takeOff(out) {
		problem(w, http.StatusServiceUnavailable, "issuer is closed", r.URL.Path, nil)
		return
	}
	defer i.land(out)
	began := i.config.Clock.Now()
	st := i.state.Load()
	head := w.Header()
	head["Rollover-Warning"] = warning[:]
	head["Access-Control-Allow-Origin"] = anyOrigin[:]

	truth, at, err := st.locate(r.URL)
	if at != nil {
		head["Cache-Control"] = noStore[:] // RFC 6749 section 5.1
	}
	answer := timeline.Served{Document: timeline.Other, Method: r.Method, Path: r.URL.Path, Generation: st.snapshot.Generation}
	var plan fault.Plan
	served := (*document)(nil)
	defer func() {
		trouble := recover()
		answer.Status, answer.Bytes = out.status, out.bytes
		if served != nil {
			answer.Generation = served.generation
			if out.status == http.StatusOK && out.bytes == len(served.Body) && trouble == nil {
				answer.Keys = served.Keys
			}
		}
		answer.Client, answer.UserAgent = r.RemoteAddr, r.UserAgent()
		answer.Took = clock.Duration(i.config.Clock.Now().Sub(began))
		i.write(timeline.Issuer, answer)
		if ended := plan.Finish(); ended != nil {
			i.endFaults(ended)
		}
		if trouble != nil {
			panic(trouble)
		}
	}()
	switch {
	case err != nil:
		problem(out, http.StatusInternalServerError, "cannot render the document", err.Error(), nil)
		return
	case r.Method == http.MethodOptions:
		preflight(out, at)
		return
	case truth != nil && !slices.Contains(reading, r.Method):
		head.Set("Allow", "GET, HEAD, OPTIONS")
		problem(out, http.StatusMethodNotAllowed, "documents are only read", r.Method+" "+r.URL.Path, nil)
		return
	case at != nil && !slices.Contains(at.methods, r.Method):
		head.Set("Allow", strings.Join(at.methods, ", ")+", OPTIONS")
		problem(out, http.StatusMethodNotAllowed, "not a way to sign in", r.Method+" "+r.URL.Path, nil)
		return
	}
	answer.Document = kind(truth, at)
	plan = st.faults.Plan(string(answer.Document), began)
	if at != nil {
		answer.Fault = plan.IDs()
		plan.Wire(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer.Generation = i.enter(w, r, at, answer.Generation)
		})).ServeHTTP(out, i.cancellable(out, r))
		return
	}
	if plan.Harmless() {
		served = truth
		st.answer(out, r, truth)
		return
	}
	answer.Fault = plan.IDs()
	plan.Wire(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lie := truth
		if truth != nil {
			if lie, err = st.lie(truth, plan, i.clock.Now); err != nil {
				problem(w, http.StatusInternalServerError, "cannot render the document", err.Error(), nil)
				return
			}
		}
		served = lie
		st.answer(w, r, lie)
	})).ServeHTTP(out, i.cancellable(out, r))
}

// answer writes a document, or what is at paths without one.
func (st *state) answer(w http.ResponseWriter, r *http.Request, d *document) {
	if d == nil {
		st.answerOther(w, r)
		return
	}
	head := w.Header()
	head["Content-Type"] = d.contentType
	head["Content-Length"] = d.contentLength
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(d.Body)
}

// recorder notes what went out. It keeps the last byte of what is written back
// in net/http's buffer, which is sent when the handler returns: nobody has a
// whole answer before the book says so, unless somebody flushes.
type recorder struct {
	http.ResponseWriter
	head   bool // of a HEAD request: bodies do not go out
	status int  // 0: nothing did
	bytes  int
	cancel context.CancelFunc // ends the request where it waits; guarded by flights
}

// WriteHeader implements http.ResponseWriter.
func (o *recorder) WriteHeader(status int) {
	if o.status == 0 {
		o.status = status
	}
	o.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (o *recorder) Write(p []byte) (int, error) {
	if o.status == 0 {
		o.status = http.StatusOK
	}
	// net/http sends at once what is larger than its buffer; a single byte never is.
	last := max(0, len(p)-1)
	n, err := o.ResponseWriter.Write(p[:last])
	if err == nil {
		var m int
		m, err = o.ResponseWriter.Write(p[last:])
		n += m
	}
	if !o.head {
		o.bytes += n
	}
	return n, err
}

// Unwrap is for http.ResponseController.
func (o *recorder) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// Shared by all answers, never changed: a header's value costs no allocation.
//
//nolint:gochecknoglobals // constants in all but name
var (
	warning   = [...]string{Warning}
	anyOrigin = [...]string{"*"}
	noStore   = [...]string{"no-store"}
	reading   = []string{http.MethodGet, http.MethodHead}
)

const headerPatience = 10 * time.Second // for a request's head: a stuck client must not hold a connection for ever
