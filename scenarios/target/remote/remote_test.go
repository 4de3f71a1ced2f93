package remote

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/probe"
	"github.com/rollover-harness/rollover/scenarios/target"
	"github.com/rollover-harness/rollover/scenarios/target/targettest"
)

// serve runs the app that the target finds.
func serve(t *testing.T) string {
	t.Helper()
	app := httptest.NewServer(targettest.App(func(string) {}))
	t.Cleanup(app.Close)
	return app.URL
}

// closedPort is an address that refuses connections.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	return "http://" + l.Addr().String()
}

func newTarget(t *testing.T, config Config) *Target {
	t.Helper()
	tgt, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return tgt
}

func TestContract(t *testing.T) {
	targettest.Run(t, targettest.Subject{
		Kind:   "url",
		Target: newTarget(t, Config{Name: "app", URL: serve(t)}),
		Stuck:  newTarget(t, Config{Name: "app", URL: closedPort(t)}),
	})
}

func TestNewRefuses(t *testing.T) {
	for name, config := range map[string]Config{
		"no URL":         {},
		"no scheme":      {URL: "127.0.0.1:8080"},
		"foreign scheme": {URL: "ftp://127.0.0.1"},
		"no host":        {URL: "http:///orders"},
		"query":          {URL: "http://127.0.0.1/?tenant=1"},
		"bad probe":      {URL: "http://127.0.0.1", Probe: probe.Bearer{Accepted: []int{401}}},
		"bad ready":      {URL: "http://127.0.0.1", Ready: probe.Ready{Path: "healthz"}},
	} {
		if _, err := New(config); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNobodyThere(t *testing.T) {
	targettest.NoLeaks(t)
	address := closedPort(t)
	tgt := newTarget(t, Config{Name: "app", URL: address, Ready: probe.Ready{Timeout: 200 * time.Millisecond}})
	want := "start app: target does not start: not ready within 200ms (GET " + address + "/: connection refused) (is it running, and is this its address?)"
	for range 2 { // the second would wait for ever if the first kept its turn
		i, err := tgt.Start(t.Context(), target.Environment{}, nil)
		if i != nil || !errors.Is(err, target.ErrStart) || err.Error() != want {
			t.Errorf("instance %v, error %v; want %s", i, err, want)
		}
	}
}

func TestReadyPath(t *testing.T) {
	app := httptest.NewServer(http.NotFoundHandler())
	defer app.Close()
	if _, err := newTarget(t, Config{Name: "app", URL: app.URL}).Start(t.Context(), target.Environment{}, nil); err != nil {
		t.Errorf("any answer will do: %v", err)
	}
	tgt := newTarget(t, Config{Name: "app", URL: app.URL, Ready: probe.Ready{Path: "/healthz", Timeout: 200 * time.Millisecond}})
	if _, err := tgt.Start(t.Context(), target.Environment{}, nil); err == nil || !strings.Contains(err.Error(), "/healthz: answered 404") {
		t.Errorf("error %v", err)
	}
}

func TestOneInstanceAtATime(t *testing.T) {
	targettest.NoLeaks(t)
	app := serve(t)
	tgt := newTarget(t, Config{Name: "app", URL: app})
	first, err := tgt.Start(t.Context(), target.Environment{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	hasty, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := tgt.Start(hasty, target.Environment{}, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second instance beside the first: %v", err)
	}
	second := make(chan target.Instance)
	go func() {
		i, err := tgt.Start(context.Background(), target.Environment{}, nil)
		if err != nil {
			t.Error(err)
		}
		second <- i
	}()
	if o := first.Present(t.Context(), credential.Credential{Token: targettest.Good}); o.Outcome != timeline.Accepted {
		t.Errorf("answer %+v", o)
	}
	_, _ = first.Stop(t.Context()), first.Stop(t.Context()) // twice gives one turn
	i := <-second
	if i.Address() != app || i.PID() != 0 {
		t.Errorf("address %s, pid %d", i.Address(), i.PID())
	}
	_ = i.Stop(t.Context())
}

// TestAnAppThatEnds: a foreign app that refuses connections after it answered
// has ended.
func TestAnAppThatEnds(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	made, err := New(Config{Name: "app", URL: app.URL})
	if err != nil {
		t.Fatal(err)
	}
	instance, err := made.Start(t.Context(), target.Environment{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if o := instance.Present(t.Context(), credential.Credential{Token: "x"}); o.Outcome != timeline.Accepted || instance.Err() != nil {
		t.Fatalf("answer %+v, error %v", o, instance.Err())
	}
	app.Close()
	if o := instance.Present(t.Context(), credential.Credential{Token: "x"}); o.Outcome != timeline.Unreachable {
		t.Fatalf("answer %+v", o)
	}
	select {
	case <-instance.Done():
	default:
		t.Error("nobody saw it end")
	}
	if instance.Err() == nil {
		t.Error("no reason is given")
	}
	if err := instance.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}
