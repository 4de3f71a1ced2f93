package mockidp_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/rollover-harness/rollover/mockidp"
	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// Whatever changes meanwhile, every answer is whole, and the book names the
// keys that were in it.
func TestAnswersAreWholeWhileEverythingChanges(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{Keys: []mockidp.Key{{Name: "first", Alg: "ES256"}}})
	ctx := context.Background()
	stop := make(chan struct{})
	var group sync.WaitGroup
	running := func(work func()) {
		group.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					work()
				}
			}
		})
	}
	counts := make(chan int, 1<<16)
	running(func() {
		answer, err := http.Get(idp.Endpoints().JWKS)
		if err != nil {
			t.Error(err)
			return
		}
		body, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		var set struct{ Keys []json.RawMessage }
		if err != nil || json.Unmarshal(body, &set) != nil {
			t.Errorf("%s: %v", body, err)
		}
		counts <- len(set.Keys)
	})
	running(func() {
		if _, err := idp.Mint(ctx, credential.Request{}); err != nil {
			t.Error(err)
		}
	})
	running(func() {
		rule := fault.Rule{Document: "jwks", Count: 1, Reorder: &fault.Reorder{Order: "reverse"}}
		if _, err := idp.Apply(ctx, command.Fault{Rule: rule}); err != nil {
			t.Error(err)
		}
		if _, err := idp.Apply(ctx, command.Clear{}); err != nil {
			t.Error(err)
		}
	})
	for range 100 {
		apply(t, idp, keyring.Rotate{Alg: "ES256"})
	}
	close(stop)
	group.Wait()
	close(counts)
	for _, s := range events[timeline.Served](t, idp) {
		if got := <-counts; got != len(s.Keys) || s.Status != 200 {
			t.Fatalf("%d keys were served, the book says %+v", got, s)
		}
	}
	cleared := map[string]int{}
	for _, f := range events[timeline.FaultSet](t, idp) {
		if f.Cleared {
			cleared[f.ID]++
		}
	}
	for id, times := range cleared {
		if times != 1 {
			t.Errorf("%s ended %d times", id, times)
		}
	}
}
