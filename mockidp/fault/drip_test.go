package fault_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/fault"
)

// pieces records what was written and when.
type pieces struct {
	http.ResponseWriter
	sizes   []int
	flushed []time.Duration
	began   time.Time
}

func (p *pieces) Write(b []byte) (int, error) {
	p.sizes = append(p.sizes, len(b))
	return p.ResponseWriter.Write(b)
}

func (p *pieces) Flush() { p.flushed = append(p.flushed, time.Since(p.began)) }

func TestDripSendsPiecesWithPausesBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recorder := httptest.NewRecorder()
		out := &pieces{ResponseWriter: recorder, began: time.Now()}
		h := planned(t, fault.Rule{Drip: &fault.Drip{Bytes: 10, Every: clock.Duration(time.Second)}})
		h.ServeHTTP(out, httptest.NewRequest(http.MethodGet, "/", nil))
		if want := []int{10, 10, 4}; !slices.Equal(out.sizes, want) {
			t.Errorf("pieces %v, want %v", out.sizes, want)
		}
		if want := []time.Duration{0, time.Second}; !slices.Equal(out.flushed, want) {
			t.Errorf("sent at %v, want %v: the last piece goes out with the end of the request", out.flushed, want)
		}
		if recorder.Body.String() != original || recorder.Header().Get("Content-Length") != "24" {
			t.Errorf("%q of %s bytes", recorder.Body, recorder.Header().Get("Content-Length"))
		}
	})
}

func TestDripDefaultsAre64BytesEvery100ms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		long := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 130)) })
		out := &pieces{ResponseWriter: httptest.NewRecorder(), began: time.Now()}
		h := table(t, fault.Rule{Drip: &fault.Drip{}}).Plan("jwks", start).Wire(long)
		h.ServeHTTP(out, httptest.NewRequest(http.MethodGet, "/", nil))
		if want := []int{64, 64, 2}; !slices.Equal(out.sizes, want) {
			t.Errorf("pieces %v, want %v", out.sizes, want)
		}
		if want := []time.Duration{0, 100 * time.Millisecond}; !slices.Equal(out.flushed, want) {
			t.Errorf("sent at %v, want %v: the last piece goes out with the end of the request", out.flushed, want)
		}
	})
}

func TestDripStopsWhenTheClientLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		recorder := httptest.NewRecorder()
		h := planned(t, fault.Rule{Drip: &fault.Drip{Bytes: 10, Every: clock.Duration(time.Second)}})
		if !aborts(h, recorder, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)) {
			t.Error("it was not aborted")
		}
		if recorder.Body.Len() != 20 {
			t.Errorf("%d bytes went out", recorder.Body.Len())
		}
	})
}

// aborts reports whether the handler cut the connection.
func aborts(h http.Handler, w http.ResponseWriter, r *http.Request) (cut bool) {
	defer func() {
		err, is := recover().(error)
		cut = is && errors.Is(err, http.ErrAbortHandler)
	}()
	h.ServeHTTP(w, r)
	return false
}
