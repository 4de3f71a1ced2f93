package fault_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/fault"
)

func TestDelayAnswersLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		got := record(planned(t, fault.Rule{Delay: &fault.Delay{By: clock.Duration(3 * time.Second)}}))
		if late := time.Since(began); late != 3*time.Second || got.Body.String() != original {
			t.Errorf("%q after %s", got.Body, late)
		}
	})
}

func TestDelaysAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		delay := fault.Rule{Delay: &fault.Delay{By: clock.Duration(time.Second)}}
		record(planned(t, delay, delay))
		if late := time.Since(began); late != 2*time.Second {
			t.Errorf("after %s", late)
		}
	})
}

// Whoever waits in a rule goes on when it is cleared; a hang ends in a cut.
func TestClearingARuleLetsGoOfWhatWaitsInIt(t *testing.T) {
	for name, c := range map[string]struct {
		rule fault.Rule
		cut  bool
	}{
		"delay": {fault.Rule{Delay: &fault.Delay{By: clock.Duration(time.Hour)}}, false},
		"hang":  {fault.Rule{Hang: &fault.Hang{}}, true},
		"drip":  {fault.Rule{Drip: &fault.Drip{Bytes: 1, Every: clock.Duration(time.Hour)}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				all := table(t, c.rule)
				h := all.Plan("jwks", start).Wire(document())
				recorder := httptest.NewRecorder()
				began, done := time.Now(), make(chan bool)
				go func() { done <- aborts(h, recorder, httptest.NewRequest(http.MethodGet, "/", nil)) }()
				synctest.Wait()
				all.Release(all.Without("a"))
				if cut := <-done; cut != c.cut || time.Since(began) != 0 {
					t.Errorf("cut %v after %s", cut, time.Since(began))
				}
				if !c.cut && recorder.Body.String() != original {
					t.Errorf("body %q", recorder.Body)
				}
			})
		})
	}
}

func TestAHangEndsWithItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		recorder := httptest.NewRecorder()
		if !aborts(planned(t, fault.Rule{Hang: &fault.Hang{}}), recorder, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)) {
			t.Error("it answered")
		}
		if recorder.Body.Len() != 0 {
			t.Errorf("it sent %q", recorder.Body)
		}
	})
}
