package inprocess

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/probe"
	"github.com/rollover-harness/rollover/scenarios/target"
	"github.com/rollover-harness/rollover/scenarios/target/targettest"
)

func newTarget(t *testing.T, app App) *Target {
	t.Helper()
	tgt, err := New(Config{Name: "app", App: app})
	if err != nil {
		t.Fatal(err)
	}
	return tgt
}

func sound(_ context.Context, _ target.Environment, log func(string)) (http.Handler, func() error, error) {
	return targettest.App(log), nil, nil
}

func TestContract(t *testing.T) {
	targettest.Run(t, targettest.Subject{
		Kind:   "inprocess",
		Target: newTarget(t, sound),
		Stuck: newTarget(t, func(ctx context.Context, _ target.Environment, _ func(string)) (http.Handler, func() error, error) {
			<-ctx.Done()
			return nil, nil, ctx.Err()
		}),
	})
}

func TestNewRefuses(t *testing.T) {
	for name, config := range map[string]Config{
		"no app":    {Name: "app"},
		"bad probe": {Name: "app", App: sound, Probe: probe.Bearer{Path: "orders"}},
	} {
		if _, err := New(config); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEnvironmentReachesTheApp(t *testing.T) {
	var seen target.Environment
	tgt := newTarget(t, func(_ context.Context, env target.Environment, log func(string)) (http.Handler, func() error, error) {
		seen = env
		return targettest.App(log), nil, nil
	})
	i, err := tgt.Start(t.Context(), targettest.Environment(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer i.Stop(t.Context())
	if !reflect.DeepEqual(seen, targettest.Environment()) {
		t.Errorf("the app saw %+v", seen)
	}
}

func TestStartFails(t *testing.T) {
	for name, c := range map[string]struct {
		app  App
		want string
	}{
		"error": {func(context.Context, target.Environment, func(string)) (http.Handler, func() error, error) {
			return nil, nil, errors.New("no key set")
		}, "start app: target does not start: no key set"},
		"panic": {func(_ context.Context, _ target.Environment, log func(string)) (http.Handler, func() error, error) {
			log("about to read")
			panic("nil map")
		}, "start app: target does not start: panic: nil map\nits last words:\n  | about to read"},
		"no handler": {func(context.Context, target.Environment, func(string)) (http.Handler, func() error, error) {
			return nil, nil, nil
		}, "start app: target does not start: the app made no handler"},
	} {
		t.Run(name, func(t *testing.T) {
			targettest.NoLeaks(t)
			i, err := newTarget(t, c.app).Start(t.Context(), targettest.Environment(), nil)
			if i != nil || !errors.Is(err, target.ErrStart) || err.Error() != c.want {
				t.Errorf("instance %v, error %q; want none and %q", i, err, c.want)
			}
		})
	}
}

func TestPanicIsTheAppsFailure(t *testing.T) {
	targettest.NoLeaks(t)
	var lines []string
	tgt := newTarget(t, func(context.Context, target.Environment, func(string)) (http.Handler, func() error, error) {
		return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("nil map") }), nil, nil
	})
	i, err := tgt.Start(t.Context(), targettest.Environment(), func(line string) { lines = append(lines, line) })
	if err != nil {
		t.Fatal(err)
	}
	o := i.Present(t.Context(), credential.Credential{Token: "good"})
	if err := i.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if o.Outcome != timeline.Failed || o.Status != 500 || o.Detail != "panic: nil map" {
		t.Errorf("answer %+v", o)
	}
	if len(lines) != 1 || lines[0] != "panic: nil map" {
		t.Errorf("logged %q", lines)
	}
}

func TestServerComplaintsAreLogged(t *testing.T) {
	var lines []string
	tgt := newTarget(t, func(context.Context, target.Environment, func(string)) (http.Handler, func() error, error) {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusOK)
			w.WriteHeader(http.StatusTeapot)
		}), nil, nil
	})
	i, err := tgt.Start(t.Context(), targettest.Environment(), func(line string) { lines = append(lines, line) })
	if err != nil {
		t.Fatal(err)
	}
	i.Present(t.Context(), credential.Credential{Token: "good"})
	_ = i.Stop(t.Context())
	if len(lines) != 1 || !strings.Contains(lines[0], "superfluous response.WriteHeader") {
		t.Errorf("logged %q", lines)
	}
}

func TestStopEndsTheAppsLife(t *testing.T) {
	targettest.NoLeaks(t)
	var life context.Context
	shut := 0
	broken := errors.New("cannot flush")
	tgt := newTarget(t, func(ctx context.Context, _ target.Environment, log func(string)) (http.Handler, func() error, error) {
		life = ctx
		return targettest.App(log), func() error { shut++; return broken }, nil
	})
	i, err := tgt.Start(t.Context(), targettest.Environment(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if life.Err() != nil {
		t.Error("life is over before Stop")
	}
	answer := make(chan target.Observation)
	go func() { answer <- i.Present(context.Background(), credential.Credential{Token: targettest.Hang}) }()
	for range 2 {
		if err := i.Stop(t.Context()); !errors.Is(err, broken) || err.Error() != "stop app: cannot flush" {
			t.Errorf("stop: %v", err)
		}
	}
	if life.Err() == nil || shut != 1 {
		t.Errorf("after Stop: life %v, shut %d times", life.Err(), shut)
	}
	<-answer // whatever it is, it does not hang
}

func TestHandlerThatDoesNotReturn(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	tgt := newTarget(t, func(_ context.Context, _ target.Environment, log func(string)) (http.Handler, func() error, error) {
		return http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			close(entered)
			<-release
			log("too late") // must not reach a log whose owner is gone
		}), nil, nil
	})
	tgt.grace = 20 * time.Millisecond
	i, err := tgt.Start(t.Context(), targettest.Environment(), func(line string) { t.Errorf("logged %q", line) })
	if err != nil {
		t.Fatal(err)
	}
	answer := make(chan target.Observation)
	go func() { answer <- i.Present(context.Background(), credential.Credential{Token: "good"}) }()
	<-entered
	err = i.Stop(t.Context())
	if err == nil || err.Error() != "stop app: requests are still being answered after 20ms" {
		t.Errorf("stop: %v", err)
	}
	if o := <-answer; o.Outcome != timeline.Unreachable {
		t.Errorf("answer %+v", o)
	}
	close(release)
}
