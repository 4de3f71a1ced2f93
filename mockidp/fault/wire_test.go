package fault_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// original is what the wires of these tests wrap.
const original = `{"keys":[{"kty":"RSA"}]}`

func document() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "max-age=60")
		_, _ = io.WriteString(w, original)
	})
}

// fetched is an answer as a client sees it.
type fetched struct {
	*http.Response
	body []byte
	err  error // of the request, or of reading the body
}

func fetch(t *testing.T, h http.Handler) fetched {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	answer, err := server.Client().Get(server.URL)
	if err != nil {
		return fetched{err: err}
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return fetched{answer, body, err}
}

// planned is the handler that answers one request for the key set under rules.
func planned(t *testing.T, rules ...fault.Rule) http.Handler {
	t.Helper()
	return table(t, rules...).Plan("jwks", start).Wire(document())
}

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func table(t *testing.T, rules ...fault.Rule) fault.Table {
	t.Helper()
	var all fault.Table
	for n, r := range rules {
		if err := r.Validate(); err != nil {
			t.Fatal(err)
		}
		if r.ID == "" {
			r.ID = string(rune('a' + n))
		}
		var err error
		if all, err = all.Set(r, keyring.Snapshot{}, start); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func ms(n int) clock.Duration { return clock.Duration(time.Duration(n) * time.Millisecond) }

func TestWiresOfOneDocumentComposeWhateverTheirOrder(t *testing.T) {
	rules := []fault.Rule{
		{HTML: &fault.HTML{}},
		{ContentType: &fault.ContentType{Type: "text/plain"}},
		{Cache: &fault.Cache{Control: "no-store"}},
		{Truncate: &fault.Truncate{After: 10}},
		{Drip: &fault.Drip{Bytes: 4, Every: ms(1)}},
		{Delay: &fault.Delay{By: ms(1)}},
	}
	for shift := range rules {
		turned := append(append([]fault.Rule{}, rules[shift:]...), rules[:shift]...)
		got := fetch(t, planned(t, turned...))
		if got.Response == nil {
			t.Fatalf("shift %d: %v", shift, got.err)
		}
		if got.StatusCode != 200 || got.Header.Get("Content-Type") != "text/plain" || got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("shift %d: status %d, header %v", shift, got.StatusCode, got.Header)
		}
		if string(got.body) != "<!DOCTYPE " || got.err == nil {
			t.Errorf("shift %d: body %q, error %v; want ten bytes and a cut", shift, got.body, got.err)
		}
	}
}

func TestOfTwoContentsTheOneSetLastIsSent(t *testing.T) {
	body, status := fault.Rule{Body: &fault.Body{Text: "[]"}}, fault.Rule{Status: &fault.Status{Code: 503}}
	if got := fetch(t, planned(t, body, status)); got.StatusCode != 503 {
		t.Errorf("status last: %d", got.StatusCode)
	}
	if got := fetch(t, planned(t, status, body)); got.StatusCode != 200 || !bytes.Equal(got.body, []byte("[]")) {
		t.Errorf("body last: %d %q", got.StatusCode, got.body)
	}
}

func TestNoRuleNoHarm(t *testing.T) {
	got := fetch(t, planned(t))
	if got.err != nil || got.StatusCode != 200 || string(got.body) != original {
		t.Errorf("%d %q %v", got.StatusCode, got.body, got.err)
	}
}
