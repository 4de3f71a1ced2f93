package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/target"
)

// serve runs an app and opens a session to it.
func serve(t *testing.T, b Bearer, app http.HandlerFunc) target.Session {
	t.Helper()
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	return open(t, b, server.URL)
}

func open(t *testing.T, b Bearer, base string) target.Session {
	t.Helper()
	s, err := b.Open(base, target.Environment{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func present(t *testing.T, s target.Session) target.Observation {
	t.Helper()
	return s.Present(t.Context(), credential.Credential{Token: "a.b.c"})
}

func TestOutcome(t *testing.T) {
	own := Bearer{Accepted: []int{204, 302, 503}, Rejected: []int{400, 500}}
	for _, c := range []struct {
		bearer Bearer
		status int
		want   timeline.Outcome
	}{
		{Bearer{}, 200, timeline.Accepted},
		{Bearer{}, 401, timeline.Rejected},
		{Bearer{}, 403, timeline.Rejected},
		{Bearer{}, 500, timeline.Failed},
		{Bearer{}, 503, timeline.Failed},
		{Bearer{}, 599, timeline.Failed},
		{Bearer{}, 204, timeline.Unreachable},
		{Bearer{}, 302, timeline.Unreachable},
		{Bearer{}, 400, timeline.Unreachable},
		{Bearer{}, 404, timeline.Unreachable},
		{Bearer{}, 600, timeline.Unreachable},
		{own, 204, timeline.Accepted},
		{own, 302, timeline.Accepted},
		{own, 503, timeline.Accepted},
		{own, 400, timeline.Rejected},
		{own, 500, timeline.Rejected},
		{own, 200, timeline.Unreachable},
		{own, 401, timeline.Unreachable},
		{own, 502, timeline.Failed},
		{Bearer{Accepted: []int{204}}, 401, timeline.Rejected},
		{Bearer{Rejected: []int{400}}, 200, timeline.Accepted},
	} {
		s := serve(t, c.bearer, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(c.status) })
		if o := present(t, s); o.Outcome != c.want || o.Status != c.status || o.Took <= 0 {
			t.Errorf("%+v, %d: %+v; want %s", c.bearer, c.status, o, c.want)
		}
	}
}

func TestRequest(t *testing.T) {
	var seen string
	app := func(w http.ResponseWriter, r *http.Request) {
		seen = fmt.Sprintf("%s %s %s, %s", r.Method, r.RequestURI, r.Header.Get("Authorization"), r.UserAgent())
	}
	server := httptest.NewServer(http.HandlerFunc(app))
	defer server.Close()
	for _, c := range []struct{ base, path, want string }{
		{"", "", "GET / Bearer a.b.c, rollover"},
		{"/", "", "GET / Bearer a.b.c, rollover"},
		{"", "/orders?page=1", "GET /orders?page=1 Bearer a.b.c, rollover"},
		{"/shop/", "/orders", "GET /shop/orders Bearer a.b.c, rollover"},
	} {
		o := present(t, open(t, Bearer{Path: c.path}, server.URL+c.base))
		if o.Outcome != timeline.Accepted || seen != c.want {
			t.Errorf("%q + %q: %q, %+v; want %q", c.base, c.path, seen, o, c.want)
		}
	}
}

// net/http reads the proxy from the environment only once per process, so a
// request cannot show this in a test.
func TestNoProxyFromTheEnvironment(t *testing.T) {
	if newTransport().Proxy != nil {
		t.Error("a proxy may answer in the app's place")
	}
}

func TestDetail(t *testing.T) {
	long := strings.Repeat("ü", 400)
	for name, c := range map[string]struct {
		app  http.HandlerFunc
		want string
	}{
		"nothing": {func(http.ResponseWriter, *http.Request) {}, ""},
		"body":    {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "  hello \n\tworld\n") }, "hello world"},
		"challenge": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Add("WWW-Authenticate", `Bearer error="invalid_token"`)
			w.Header().Add("WWW-Authenticate", "Basic")
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, "IDX10501")
		}, `WWW-Authenticate: Bearer error="invalid_token", Basic; IDX10501`},
		"control characters": {func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "a\x1b[2Jb\x00c\xffd\u009be")
		}, "a [2Jb c d e"},
		"long body": {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, long) }, strings.Repeat("ü", 300)},
		"redirect": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://idp.example/login")
			w.WriteHeader(http.StatusFound)
		}, "answered 302 to https://idp.example/login, which is neither accepted nor rejected"},
		"not found": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, "no route")
		}, "answered 404, which is neither accepted nor rejected; no route"},
		"body breaks off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "half")
		}, "half"},
	} {
		if o := present(t, serve(t, Bearer{}, c.app)); o.Detail != c.want {
			t.Errorf("%s: %q; want %q", name, o.Detail, c.want)
		}
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	var asked atomic.Int32
	s := serve(t, Bearer{}, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	if o := present(t, s); o.Status != http.StatusTemporaryRedirect || asked.Load() != 1 {
		t.Errorf("answer %+v after %d requests", o, asked.Load())
	}
}

func TestBodyIsNotReadToItsEnd(t *testing.T) {
	s := serve(t, Bearer{}, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil { // for ever
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	})
	if o := present(t, s); o.Outcome != timeline.Accepted || o.Detail != "" {
		t.Errorf("answer %+v", o)
	}
}

func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	done, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		session target.Session
		ctx     context.Context
		want    string
	}{
		"refused":   {open(t, Bearer{}, "http://"+l.Addr().String()), t.Context(), "connection refused"},
		"cut":       {serve(t, Bearer{}, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), t.Context(), "EOF"},
		"timeout":   {serve(t, Bearer{Timeout: 30 * time.Millisecond}, hang), t.Context(), "no answer within 30ms"},
		"cancelled": {serve(t, Bearer{}, hang), done, "context canceled"},
		"not HTTP": {serve(t, Bearer{}, func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				fmt.Fprint(conn, "SSH-2.0-OpenSSH\r\n\r\n")
				_ = conn.Close()
			}
		}), t.Context(), "malformed HTTP"},
	} {
		o := c.session.Present(c.ctx, credential.Credential{Token: "a.b.c"})
		if o.Outcome != timeline.Unreachable || o.Status != 0 || !strings.Contains(o.Detail, c.want) || strings.Contains(o.Detail, "a.b.c") {
			t.Errorf("%s: %+v; want unreachable, %q, and no token in it", name, o, c.want)
		}
	}
}

func TestTokenThatNoHeaderCanCarry(t *testing.T) {
	s := serve(t, Bearer{}, func(http.ResponseWriter, *http.Request) { t.Error("the app was asked") })
	o := s.Present(t.Context(), credential.Credential{Token: "a\r\nX-Admin: 1"})
	if o.Outcome != timeline.Unreachable || o.Detail == "" {
		t.Errorf("answer %+v", o)
	}
}

func TestConnectionIsKeptUntilClose(t *testing.T) {
	var opened atomic.Int32
	closed := make(chan struct{}, 10)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			opened.Add(1)
		case http.StateClosed:
			closed <- struct{}{}
		}
	}
	server.Start()
	defer server.Close()
	s := open(t, Bearer{}, server.URL)
	for range 5 {
		if o := present(t, s); o.Outcome != timeline.Accepted {
			t.Errorf("answer %+v", o)
		}
	}
	if opened.Load() != 1 || len(closed) != 0 {
		t.Errorf("%d connections opened, %d closed", opened.Load(), len(closed))
	}
	s.Close()
	s.Close()
	select {
	case <-closed:
	case <-time.After(10 * time.Second):
		t.Error("the connection is open after Close")
	}
	if o := present(t, s); o.Outcome != timeline.Unreachable || o.Detail != "the instance is stopped" {
		t.Errorf("answer after Close %+v", o)
	}
}

func TestValidate(t *testing.T) {
	for name, b := range map[string]Bearer{
		"relative path":     {Path: "orders"},
		"negative timeout":  {Timeout: -1},
		"no answer":         {Accepted: []int{100}},
		"no status":         {Rejected: []int{1000}},
		"both":              {Accepted: []int{200, 400}, Rejected: []int{400}},
		"both, one default": {Accepted: []int{401}},
	} {
		if err := b.Validate(); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := b.Open("http://127.0.0.1", target.Environment{}); !errors.Is(err, ErrConfig) {
			t.Errorf("open, %s: %v", name, err)
		}
	}
	for _, base := range []string{"", "127.0.0.1:80", "ftp://h", "http://", "http://h/#f", "http://h?q=1", "http://h:port"} {
		if _, err := (Bearer{}).Open(base, target.Environment{}); !errors.Is(err, ErrConfig) {
			t.Errorf("base %q: %v", base, err)
		}
	}
	if _, err := (Bearer{Path: "/%zz"}).Open("http://127.0.0.1", target.Environment{}); !errors.Is(err, ErrConfig) {
		t.Errorf("bad escape: %v", err)
	}
}

func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", "plain", "\x1b[31m", "ü\xff\u2028", strings.Repeat("界", 300)} {
		f.Add(seed, 10)
	}
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = min(max(limit, 0), 1000)
		got := clean(text, limit)
		if len(got) > limit || !utf8.ValidString(got) || strings.ContainsFunc(got, unicode.IsControl) {
			t.Errorf("%q became %q", text, got)
		}
	})
}
