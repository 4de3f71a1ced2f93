// Package targettest holds the test that every kind of target passes.
package targettest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/target"
)

// Subject is what a kind brings to the test.
type Subject struct {
	Target target.Target // runs App, probed by a bearer at / with the default statuses
	Stuck  target.Target // of the same kind, never ready within Patience
	Kind   string        // what Kind has to say
}

// Patience is how long the test waits for anything.
const Patience = 20 * time.Second

// Environment is a filled-in environment for targets that only need some.
func Environment() target.Environment {
	return target.Environment{
		Issuer:             "http://127.0.0.1:8400/default",
		Metadata:           "http://127.0.0.1:8400/default/.well-known/openid-configuration",
		JWKS:               "http://127.0.0.1:8400/default/jwks",
		FederationMetadata: "http://127.0.0.1:8400/default/federationmetadata.xml",
		SAMLMetadata:       "http://127.0.0.1:8400/default/saml.xml",
		Audience:           "api://default",
	}
}

// Run checks the contract of target.Target and target.Instance.
func Run(t *testing.T, s Subject) {
	t.Run("names itself", func(t *testing.T) { names(t, s) })
	t.Run("reads answers", func(t *testing.T) { answers(t, s) })
	t.Run("stops", func(t *testing.T) { stops(t, s) })
	t.Run("stops at once when ctx is done", func(t *testing.T) { stopsWithoutPatience(t, s) })
	t.Run("starts again", func(t *testing.T) { restarts(t, s) })
	t.Run("outlives the ctx of its start", func(t *testing.T) { outlives(t, s) })
	t.Run("passes on what is logged", func(t *testing.T) { logs(t, s) })
	t.Run("gives up a start", func(t *testing.T) { givesUp(t, s) })
	t.Run("runs side by side", func(t *testing.T) { sideBySide(t, s) })
}

func names(t *testing.T, s Subject) {
	if s.Target.Name() == "" || s.Target.Kind() != s.Kind {
		t.Errorf("name %q, kind %q; want a name and kind %q", s.Target.Name(), s.Target.Kind(), s.Kind)
	}
	known := []target.Feature{target.Restart, target.Clock, target.Logs, target.OIDC, target.WSFed, target.SAML, target.Federation}
	for _, f := range s.Target.Features() {
		if !slices.Contains(known, f) {
			t.Errorf("unknown feature %q", f)
		}
	}
}

func answers(t *testing.T, s Subject) {
	NoLeaks(t)
	i := start(t, s.Target, nil)
	for _, c := range []struct {
		token   string
		outcome timeline.Outcome
		status  int
		detail  string
	}{
		{Good, timeline.Accepted, http.StatusOK, "welcome"},
		{"stranger", timeline.Rejected, http.StatusUnauthorized, "IDX10501: no key"},
		{"stranger", timeline.Rejected, http.StatusUnauthorized, "who are you?"},
		{Broken, timeline.Failed, http.StatusInternalServerError, "stack trace"},
		{Away, timeline.Unreachable, http.StatusFound, "/login, which is neither accepted nor rejected"},
		{Cut, timeline.Unreachable, 0, "EOF"},
		{Good, timeline.Accepted, http.StatusOK, "welcome"}, // none of that did any harm
	} {
		o := i.Present(t.Context(), credential.Credential{Token: c.token})
		if o.Outcome != c.outcome || o.Status != c.status || !strings.Contains(o.Detail, c.detail) {
			t.Errorf("%s: answer %+v; want %s, status %d and %q", c.token, o, c.outcome, c.status, c.detail)
		}
		if o.Took <= 0 || o.Took > Patience {
			t.Errorf("%s: took %s", c.token, o.Took)
		}
	}
	if err := i.Err(); err != nil {
		t.Errorf("Err of a running instance: %v", err)
	}
	select {
	case <-i.Done():
		t.Error("Done of a running instance is closed")
	default:
	}
	if i.Address() == "" {
		t.Error("no address")
	}
}

func stops(t *testing.T, s Subject) {
	NoLeaks(t)
	i := start(t, s.Target, nil)
	for range 3 {
		if err := i.Stop(t.Context()); err != nil {
			t.Errorf("stop: %v", err)
		}
	}
	gone(t, i)
}

func stopsWithoutPatience(t *testing.T, s Subject) {
	NoLeaks(t)
	i := start(t, s.Target, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := i.Stop(ctx); err != nil {
		t.Errorf("stop: %v", err)
	}
	gone(t, i)
}

// gone checks what holds after Stop.
func gone(t *testing.T, i target.Instance) {
	t.Helper()
	o := i.Present(t.Context(), credential.Credential{Token: Good})
	if o.Outcome != timeline.Unreachable || o.Status != 0 || o.Detail == "" {
		t.Errorf("answer after stop: %+v; want unreachable with a reason", o)
	}
	if err := i.Err(); err != nil {
		t.Errorf("Err after stop: %v; want nil, it was asked", err)
	}
	if done := i.Done(); done != nil {
		select {
		case <-done:
		default:
			t.Error("Done is open after stop")
		}
	}
}

func restarts(t *testing.T, s Subject) {
	NoLeaks(t)
	var pids []int
	for range 3 {
		i := start(t, s.Target, nil)
		if o := i.Present(t.Context(), credential.Credential{Token: Good}); o.Outcome != timeline.Accepted {
			t.Errorf("answer: %+v", o)
		}
		if pid := i.PID(); pid != 0 && slices.Contains(pids, pid) {
			t.Errorf("process %d again", pid)
		}
		pids = append(pids, i.PID())
		if err := i.Stop(t.Context()); err != nil {
			t.Errorf("stop: %v", err)
		}
	}
}

func outlives(t *testing.T, s Subject) {
	NoLeaks(t)
	ctx, cancel := context.WithCancel(t.Context())
	i, err := s.Target.Start(ctx, Environment(), nil)
	cancel()
	if err != nil {
		t.Fatal(err)
	}
	defer stop(t, i)
	if o := i.Present(t.Context(), credential.Credential{Token: Good}); o.Outcome != timeline.Accepted {
		t.Errorf("answer after the end of the start's ctx: %+v", o)
	}
}

func logs(t *testing.T, s Subject) {
	NoLeaks(t)
	// Unguarded on purpose: the race detector sees a log that is called from
	// two goroutines at a time, or after Stop has returned.
	var lines []string
	i := start(t, s.Target, func(line string) { lines = append(lines, line) })
	const n = 500
	i.Present(t.Context(), credential.Credential{Token: fmt.Sprint(Say, n)})
	stop(t, i)
	var want []string
	if slices.Contains(s.Target.Features(), target.Logs) {
		for line := range n {
			want = append(want, fmt.Sprint("line ", line+1))
		}
	}
	said := slices.DeleteFunc(lines, func(line string) bool { return !strings.HasPrefix(line, "line ") })
	if !slices.Equal(said, want) {
		t.Errorf("%d lines logged, want %d in order: %q", len(said), len(want), said)
	}
}

func givesUp(t *testing.T, s Subject) {
	NoLeaks(t)
	done, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancelLate := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancelLate()
	for _, c := range []struct {
		name  string
		ctx   context.Context
		cause error
	}{{"before", done, context.Canceled}, {"while it waits", late, context.DeadlineExceeded}} {
		i, err := s.Stuck.Start(c.ctx, Environment(), nil)
		if i != nil || !errors.Is(err, c.cause) || errors.Is(err, target.ErrStart) {
			t.Errorf("%s: instance %v, error %v; want none, %v and not ErrStart", c.name, i, err, c.cause)
		}
	}
	// Nothing is left over that a further start would have to wait for.
	stop(t, start(t, s.Target, nil))
}

func sideBySide(t *testing.T, s Subject) {
	NoLeaks(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			i, err := s.Target.Start(t.Context(), Environment(), nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer stop(t, i)
			var presents sync.WaitGroup
			for range 4 {
				presents.Go(func() {
					for range 5 {
						if o := i.Present(t.Context(), credential.Credential{Token: Good}); o.Outcome != timeline.Accepted {
							t.Errorf("answer: %+v", o)
						}
					}
				})
			}
			presents.Wait()
		})
	}
	all.Wait()
}

// start starts an instance and stops it with the test.
func start(t *testing.T, tgt target.Target, log func(string)) target.Instance {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	i, err := tgt.Start(ctx, Environment(), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, i) })
	return i
}

func stop(t *testing.T, i target.Instance) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	if err := i.Stop(ctx); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// NoLeaks fails a test at whose end there are more goroutines than at its
// beginning. It has to be called before anything that cleans up, and not in
// tests that run in parallel.
func NoLeaks(t *testing.T) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		if !Eventually(func() bool { return runtime.NumGoroutine() <= before }) {
			stacks := make([]byte, 1<<16)
			t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	})
}

// Eventually asks for a condition until it holds; false when Patience is over.
func Eventually(condition func() bool) bool {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(Patience); time.Now().Before(deadline); <-tick.C {
		if condition() {
			return true
		}
	}
	return false
}
