package mockidp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp"
	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

func keyCount(t *testing.T, body []byte) int {
	t.Helper()
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(body, &set); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return len(set.Keys)
}

func TestACountedFaultEndsByItselfAndSaysSoOnce(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	setFault(t, idp, fault.Rule{Document: "jwks", Count: 2, Status: &fault.Status{Code: 503}})
	var got []int
	for range 4 {
		answer, _ := get(t, idp.Endpoints().JWKS)
		got = append(got, answer.StatusCode)
	}
	if got[0] != 503 || got[1] != 503 || got[2] != 200 || got[3] != 200 {
		t.Errorf("%v", got)
	}
	if sets := events[timeline.FaultSet](t, idp); len(sets) != 2 || sets[0].ID != "fault-1" || sets[0].Cleared || !sets[1].Cleared || sets[1].ID != "fault-1" {
		t.Errorf("%+v", sets)
	}
	served := events[timeline.Served](t, idp)
	if s := served[1]; s.Status != 503 || s.Fault != "fault-1" || s.Keys != nil || s.Document != timeline.JWKS {
		t.Errorf("%+v", s)
	}
	if s := served[2]; s.Status != 200 || s.Fault != "" || len(s.Keys) != 1 || s.Keys[0] != "initial" {
		t.Errorf("%+v", s)
	}
	apply(t, idp, command.Clear{Fault: "fault-1"}) // it ended by itself: no error
	if sets := events[timeline.FaultSet](t, idp); len(sets) != 2 {
		t.Errorf("said again: %+v", sets)
	}
}

func TestAWindowedFaultEndsByItself(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	setFault(t, idp, fault.Rule{ID: "gone", For: clock.Duration(30 * time.Millisecond), Empty: &fault.Empty{}})
	await(t, idp, func(f timeline.FaultSet) bool { return f.ID == "gone" && f.Cleared })
	if _, body := get(t, idp.Endpoints().JWKS); keyCount(t, body) != 1 {
		t.Errorf("%s", body)
	}
}

func TestWindowsAreMeasuredByTheBaseClock(t *testing.T) {
	base := &clock.Skewed{Base: fixed{}}
	idp := mockidp.Start(t, mockidp.Config{Clock: base})
	setFault(t, idp, fault.Rule{ID: "w", For: clock.Duration(time.Hour), Empty: &fault.Empty{}})
	apply(t, idp, command.Skew{By: clock.Duration(48 * time.Hour)}) // the issuer's own clock does not matter
	if _, body := get(t, idp.Endpoints().JWKS); keyCount(t, body) != 0 {
		t.Errorf("%s", body)
	}
	base.Move(time.Hour)
	if _, body := get(t, idp.Endpoints().JWKS); keyCount(t, body) != 1 {
		t.Errorf("%s", body)
	}
}

// fixed is a clock that stands still.
type fixed struct{}

func (fixed) Now() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

func TestViewsAreServedAndNamedInTheBook(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	setFault(t, idp, fault.Rule{ID: "cdn", Document: "jwks", Stale: &fault.Stale{}})
	apply(t, idp, keyring.Publish{Name: "next", Alg: "ES256"})
	for range 2 {
		if _, body := get(t, idp.Endpoints().JWKS); keyCount(t, body) != 1 {
			t.Errorf("%s", body)
		}
	}
	setFault(t, idp, fault.Rule{ID: "pq", Document: "jwks", Extra: &fault.Extra{Kind: "post-quantum"}})
	if _, body := get(t, idp.Endpoints().JWKS); keyCount(t, body) != 2 || !bytes.Contains(body, []byte("ML-DSA-65")) {
		t.Errorf("%s", body)
	}
	apply(t, idp, command.Clear{Fault: "cdn"})
	if _, body := get(t, idp.Endpoints().JWKS); keyCount(t, body) != 3 {
		t.Errorf("%s", body)
	}
	served := events[timeline.Served](t, idp)
	for n, want := range []struct {
		generation uint64
		fault      string
		keys       int
	}{{1, "cdn", 1}, {1, "cdn", 1}, {1, "cdn,pq", 1}, {2, "pq", 2}} {
		if s := served[n]; s.Generation != want.generation || s.Fault != want.fault || len(s.Keys) != want.keys {
			t.Errorf("answer %d: %+v", n, s)
		}
	}
}

func TestACutAnswerNamesNoKeys(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	setFault(t, idp, fault.Rule{Document: "jwks", Truncate: &fault.Truncate{After: 9}})
	if answer, err := http.Get(idp.Endpoints().JWKS); err == nil {
		_ = answer.Body.Close()
	}
	s := await(t, idp, func(s timeline.Served) bool { return s.Document == timeline.JWKS })
	if s.Status != 200 || s.Bytes != 9 || s.Keys != nil {
		t.Errorf("%+v", s)
	}
}

func TestRefusalClosesTheListenerAndKeepsThePort(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	url := idp.Endpoints().JWKS
	get(t, url) // leaves a connection open
	for round := range 3 {
		setFault(t, idp, fault.Rule{ID: "down", Refuse: &fault.Refuse{}})
		if err := refused(url); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatalf("round %d: a new connection: %v", round, err)
		}
		if answer, err := http.Get(url); err == nil {
			_ = answer.Body.Close()
			t.Fatalf("round %d: the open connection answers", round)
		}
		apply(t, idp, command.Clear{Fault: "down"})
		if idp.Endpoints().JWKS != url {
			t.Fatalf("it moved to %s", idp.Endpoints().JWKS)
		}
		get(t, url)
	}
	sets := events[timeline.FaultSet](t, idp)
	if len(sets) != 6 || sets[0].Detail != "listener closed" || !sets[1].Cleared {
		t.Errorf("%+v", sets)
	}
}

func TestARefusalsWindowOpensTheListenerAgain(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	setFault(t, idp, fault.Rule{ID: "down", For: clock.Duration(20 * time.Millisecond), Refuse: &fault.Refuse{}})
	await(t, idp, func(f timeline.FaultSet) bool { return f.Cleared })
	get(t, idp.Endpoints().JWKS)
}

func TestARefusalOfOneDocumentIsAReset(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	setFault(t, idp, fault.Rule{Document: "jwks", Refuse: &fault.Refuse{}})
	if err := refused(idp.Endpoints().JWKS); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%v", err)
	}
	get(t, idp.Endpoints().Metadata)
	if sets := events[timeline.FaultSet](t, idp); sets[0].Detail != "reset after accept" {
		t.Errorf("%+v", sets)
	}
	if s := await(t, idp, func(s timeline.Served) bool { return s.Document == timeline.JWKS }); s.Status != 0 || s.Bytes != 0 {
		t.Errorf("%+v", s)
	}
}

func TestARefusalOnASharedListenerIsAReset(t *testing.T) {
	idp, err := mockidp.New(mockidp.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(idp.Handler())
	defer server.Close()
	setFault(t, idp, fault.Rule{Refuse: &fault.Refuse{}})
	if err := refused(server.URL + "/default/jwks"); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%v", err)
	}
	if err := refused(server.URL + "/elsewhere"); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("another path: %v", err)
	}
}

func TestCloseLetsGoOfWhatHangs(t *testing.T) {
	for name, start := range map[string]func(*testing.T) (*mockidp.Issuer, string){
		"own listener": func(t *testing.T) (*mockidp.Issuer, string) {
			idp := mockidp.Start(t, mockidp.Config{})
			return idp, idp.Endpoints().JWKS
		},
		"somebody's server": func(t *testing.T) (*mockidp.Issuer, string) {
			idp, err := mockidp.New(mockidp.Config{})
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(idp.Handler())
			t.Cleanup(server.Close)
			return idp, server.URL + "/default/jwks"
		},
	} {
		t.Run(name, func(t *testing.T) {
			idp, url := start(t)
			hanging := make(chan struct{})
			setFault(t, idp, fault.Rule{Hang: &fault.Hang{}})
			setFault(t, idp, fault.Rule{Document: "discovery", Status: &fault.Status{Code: 500}})
			failed := make(chan error, 1)
			go func() {
				request, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
				close(hanging)
				answer, err := http.DefaultClient.Do(request)
				if err == nil {
					_ = answer.Body.Close()
				}
				failed <- err
			}()
			<-hanging
			if err := idp.Close(); err != nil {
				t.Fatal(err)
			}
			<-failed // whether it was in time to hang or not, it ended
		})
	}
}
