package probe

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestAwait(t *testing.T) {
	var asked atomic.Int32
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/healthz" && asked.Add(1) > 3:
			w.WriteHeader(http.StatusNoContent)
		case r.URL.Path == "/hang":
			<-r.Context().Done()
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer app.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	refused := "http://" + l.Addr().String()
	closed := make(chan struct{})
	close(closed)
	done, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted")
	cancel(interrupted)

	for name, c := range map[string]struct {
		ready Ready
		base  string
		ctx   context.Context
		ended chan struct{}
		is    error
		want  string
	}{
		"at the fourth time":  {ready: Ready{Path: "/healthz"}, base: app.URL},
		"any answer will do":  {base: app.URL},
		"never 2xx":           {ready: Ready{Path: "/x", Timeout: 200 * time.Millisecond}, base: app.URL + "/", is: ErrNotReady, want: "not ready within 200ms (GET " + app.URL + "/x: answered 503)"},
		"refused":             {ready: Ready{Timeout: 200 * time.Millisecond}, base: refused, is: ErrNotReady, want: "not ready within 200ms (GET " + refused + "/: connection refused)"},
		"no answer":           {ready: Ready{Path: "/hang", Timeout: 100 * time.Millisecond}, base: app.URL, is: ErrNotReady, want: "/hang: no answer)"},
		"the app ends first":  {base: refused, ended: closed, is: ErrEnded, want: "ended before it was ready"},
		"somebody interrupts": {base: refused, ctx: done, is: interrupted, want: "interrupted"},
		"relative path":       {ready: Ready{Path: "x"}, base: refused, is: ErrConfig},
		"negative timeout":    {ready: Ready{Timeout: -1}, base: refused, is: ErrConfig},
		"no URL":              {base: "app", is: ErrConfig},
	} {
		ctx := c.ctx
		if ctx == nil {
			ctx = t.Context()
		}
		err := c.ready.Await(ctx, c.base, c.ended)
		if !errors.Is(err, c.is) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %v, %q", name, err, c.is, c.want)
		}
	}
}
