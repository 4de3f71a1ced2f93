package fault_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/keyring"
)

func down(r fault.Rule) fault.Rule {
	r.ID, r.Status = "down", &fault.Status{Code: 503}
	return r
}

func TestCountsAndWindows(t *testing.T) {
	type ask struct {
		document string
		at       time.Duration
		harmed   bool
	}
	for name, c := range map[string]struct {
		rule fault.Rule
		asks []ask
	}{
		"federation":     {down(fault.Rule{Document: "federation"}), []ask{{"samlMetadata", 0, true}, {"federationMetadata", 0, true}, {"jwks", 0, false}, {"signIn", 0, false}}},
		"every document": {down(fault.Rule{}), []ask{{"jwks", 0, true}, {"discovery", 0, true}, {"samlMetadata", 0, true}, {"other", 0, false}}},
		"one document":   {down(fault.Rule{Document: "jwks"}), []ask{{"discovery", 0, false}, {"jwks", 0, true}, {"other", 0, false}}},
		"after":          {down(fault.Rule{After: 2}), []ask{{"jwks", 0, false}, {"discovery", 0, false}, {"jwks", 0, true}}},
		"after, of one document alone": {down(fault.Rule{Document: "jwks", After: 1}),
			[]ask{{"discovery", 0, false}, {"jwks", 0, false}, {"discovery", 0, false}, {"jwks", 0, true}}},
		"count":           {down(fault.Rule{Count: 2}), []ask{{"jwks", 0, true}, {"jwks", 0, true}, {"jwks", 0, false}}},
		"after and count": {down(fault.Rule{After: 1, Count: 1}), []ask{{"jwks", 0, false}, {"jwks", 0, true}, {"jwks", 0, false}}},
		"for":             {down(fault.Rule{For: clock.Duration(time.Minute)}), []ask{{"jwks", 0, true}, {"jwks", time.Minute - 1, true}, {"jwks", time.Minute, false}}},
		"refuse is about every path": {fault.Rule{ID: "down", Refuse: &fault.Refuse{}},
			[]ask{{"other", 0, true}, {"jwks", 0, true}}},
	} {
		t.Run(name, func(t *testing.T) {
			all := table(t, c.rule)
			for n, a := range c.asks {
				if plan := all.Plan(a.document, start.Add(a.at)); plan.Harmless() == a.harmed || (plan.IDs() == "down") != a.harmed {
					t.Errorf("request %d: harmless %v, ids %q", n, plan.Harmless(), plan.IDs())
				}
			}
		})
	}
}

func TestARuleEndsWithTheLastRequestThatItHarms(t *testing.T) {
	all := table(t, down(fault.Rule{Count: 2}))
	first, second := all.Plan("jwks", start), all.Plan("jwks", start)
	if ended := second.Finish(); ended != nil {
		t.Errorf("ended %v while the first is under way", ended)
	}
	if ended := first.Finish(); !slices.Equal(ended, []string{"down"}) {
		t.Errorf("ended %v", ended)
	}
}

func TestCountIsExactUnderLoad(t *testing.T) {
	all := table(t, down(fault.Rule{After: 10, Count: 50}))
	var mu sync.Mutex
	var group sync.WaitGroup
	harmed, ended := 0, 0
	for range 8 {
		group.Go(func() {
			for range 100 {
				plan := all.Plan("jwks", start)
				over := len(plan.Finish())
				mu.Lock()
				ended += over
				if !plan.Harmless() {
					harmed++
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if harmed != 50 || ended != 1 {
		t.Errorf("%d harmed, ended %d times", harmed, ended)
	}
}

func TestTableIsAValue(t *testing.T) {
	one := table(t, down(fault.Rule{}))
	if _, err := one.Set(down(fault.Rule{}), keyring.Snapshot{}, start); !errors.Is(err, fault.ErrIDTaken) {
		t.Errorf("a second rule of that id: %v", err)
	}
	two, err := one.Set(fault.Rule{ID: "late", For: clock.Duration(time.Minute), Delay: &fault.Delay{By: 1}}, keyring.Snapshot{}, start)
	if err != nil {
		t.Fatal(err)
	}
	none := two.Without("down", "late", "unknown")
	if len(one.Rules()) != 1 || len(two.Rules()) != 2 || len(none.Rules()) != 0 {
		t.Errorf("%d, %d, %d rules", len(one.Rules()), len(two.Rules()), len(none.Rules()))
	}
	if ids := two.Plan("jwks", start).IDs(); ids != "down,late" {
		t.Errorf("ids %q", ids)
	}
	if ids, next := two.Expired(start.Add(20 * time.Second)); ids != nil || next != 40*time.Second {
		t.Errorf("expired %v, next in %s", ids, next)
	}
	if ids, next := two.Expired(start.Add(time.Minute)); !slices.Equal(ids, []string{"late"}) || next != 0 {
		t.Errorf("expired %v, next in %s", ids, next)
	}
}

func TestOnlyAWholeRefusalClosesTheListener(t *testing.T) {
	for name, c := range map[string]struct {
		rule   fault.Rule
		at     time.Duration
		closed bool
	}{
		"all documents":    {fault.Rule{Refuse: &fault.Refuse{}}, 0, true},
		"one document":     {fault.Rule{Document: "jwks", Refuse: &fault.Refuse{}}, 0, false},
		"its window":       {fault.Rule{Refuse: &fault.Refuse{}, For: clock.Duration(time.Minute)}, 59 * time.Second, true},
		"after its window": {fault.Rule{Refuse: &fault.Refuse{}, For: clock.Duration(time.Minute)}, time.Minute, false},
		"another fault":    {fault.Rule{Hang: &fault.Hang{}}, 0, false},
	} {
		if got := table(t, c.rule).Refused(start.Add(c.at)); got != c.closed {
			t.Errorf("%s: %v", name, got)
		}
	}
}
