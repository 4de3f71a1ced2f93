package mockidp_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp"
	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/keysource"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

func TestCommandsAreOneTransaction(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	_, before := get(t, idp.Endpoints().JWKS)
	for name, c := range map[string]struct {
		last command.Command
		want error
	}{
		"an unknown key":     {keyring.Activate{Key: "nobody"}, keyring.ErrUnknownKey},
		"an algorithm":       {keyring.Publish{Name: "x", Alg: "XX1"}, keysource.ErrAlgorithm},
		"an invalid fault":   {command.Fault{}, command.ErrCommand},
		"an unknown fault":   {command.Clear{Fault: "nothing"}, fault.ErrUnknown},
		"a taken name":       {keyring.Publish{Name: "next", Alg: "ES256"}, keyring.ErrNameTaken},
		"a record of ours":   {command.Record{Source: timeline.Harness, Event: timeline.Served{}}, command.ErrCommand},
		"a taken fault's id": {command.Fault{Rule: fault.Rule{ID: "f", Hang: &fault.Hang{}}}, fault.ErrIDTaken},
	} {
		_, err := idp.Apply(context.Background(),
			keyring.Publish{Name: "next"}, keyring.Activate{Key: "next"},
			command.Skew{By: clock.Duration(time.Hour)}, command.Fault{Rule: fault.Rule{ID: "f", Empty: &fault.Empty{}}},
			command.Record{Source: timeline.Harness, Event: timeline.Note{Text: "never"}},
			c.last)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, after := get(t, idp.Endpoints().JWKS); string(after) != string(before) {
		t.Errorf("the key set changed:\n%s\n%s", before, after)
	}
	entries, err := idp.Timeline(context.Background(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		switch e.Event.Type() {
		case "clockMoved", "faultSet", "note":
			t.Errorf("the book has %+v", e)
		}
	}
	if changed := events[timeline.KeyChanged](t, idp); len(changed) != 1 || changed[0].Command != "start" || changed[0].Generation != 1 {
		t.Errorf("%+v", changed)
	}
}

func TestAListOfCommandsInOrder(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	result := apply(t, idp, keyring.Publish{Name: "next", Alg: "ES256"}, keyring.Activate{Key: "next"}, keyring.Remove{Key: "initial"})
	if result.Generation != 4 || len(result.Transitions) != 4 {
		t.Fatalf("%+v", result)
	}
	var verbs []string
	for _, c := range events[timeline.KeyChanged](t, idp) {
		verbs = append(verbs, c.Command)
	}
	if len(verbs) != 4 || verbs[1] != "publish" || verbs[2] != "activate" || verbs[3] != "remove" {
		t.Errorf("%v", verbs)
	}
	made, err := idp.Mint(context.Background(), credential.Request{})
	if err != nil || made.Generation != 4 {
		t.Fatalf("%+v %v", made, err)
	}
	if _, err := verify(t, idp, made.Token); err != nil {
		t.Error(err)
	}
}

func TestNothingToDoIsNothingDone(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	result := apply(t, idp)
	if result.Generation != 1 || result.Transitions == nil || len(result.Transitions) != 0 {
		t.Errorf("%+v", result)
	}
	apply(t, idp, command.Clear{})
}

func TestSkewMovesTokens(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	apply(t, idp, command.Skew{By: clock.Duration(-24 * time.Hour)}, keyring.Rotate{})
	made, err := idp.Mint(context.Background(), credential.Request{})
	if err != nil {
		t.Fatal(err)
	}
	claims, err := verify(t, idp, made.Token)
	if err != nil {
		t.Fatal(err)
	}
	if behind := time.Since(claims.IssuedAt.Time()); behind < 24*time.Hour-time.Minute || behind > 24*time.Hour+time.Minute {
		t.Errorf("issued %s ago", behind)
	}
	moved := events[timeline.ClockMoved](t, idp)
	if len(moved) != 1 || time.Duration(moved[0].Offset) != -24*time.Hour {
		t.Errorf("%+v", moved)
	}
}

func TestRecordsOfTheHarnessShareTheBook(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	apply(t, idp, command.Record{Source: timeline.Harness, Event: timeline.Note{Text: "hello"}})
	if notes := events[timeline.Note](t, idp); len(notes) != 1 || notes[0].Text != "hello" {
		t.Errorf("%+v", notes)
	}
}

func TestResetIsTheStartWithFreshKeys(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{Keys: []mockidp.Key{{Name: "a"}, {Name: "b", KID: "fixed"}}})
	first, err := idp.Keys(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	apply(t, idp, keyring.Rotate{}, keyring.Publish{Name: "c"}, command.Skew{By: clock.Duration(time.Hour)}, command.Fault{Rule: fault.Rule{Hang: &fault.Hang{}}})
	if err := idp.Reset(context.Background()); err != nil {
		t.Fatal(err)
	}
	again, err := idp.Keys(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if again.Generation != 4 || len(again.Keys) != 2 {
		t.Fatalf("%+v", again)
	}
	for n, k := range again.Keys {
		was := first.Keys[n]
		if k.Name != was.Name || k.State != was.State || k.Thumbprint == was.Thumbprint {
			t.Errorf("%+v, at the start %+v", k, was)
		}
	}
	if again.Keys[1].KID != "fixed" || again.Keys[0].State != keyring.Active || again.Keys[1].State != keyring.Published {
		t.Errorf("%+v", again.Keys)
	}
	made, err := idp.Mint(context.Background(), credential.Request{})
	if err != nil {
		t.Fatal(err)
	}
	claims, err := verify(t, idp, made.Token) // would hang if the fault were there
	if err != nil || time.Until(claims.IssuedAt.Time()) > time.Minute {
		t.Errorf("%+v %v", claims, err)
	}
	if faults := events[timeline.FaultSet](t, idp); len(faults) != 2 || !faults[1].Cleared {
		t.Errorf("%+v", faults)
	}
}

func TestKeysStartInTheirStates(t *testing.T) {
	states := []keyring.State{keyring.Generated, keyring.Published, keyring.Active, keyring.Retired, keyring.Removed}
	var keys []mockidp.Key
	for _, s := range states {
		keys = append(keys, mockidp.Key{Name: string(s), Alg: "EdDSA", State: s})
	}
	idp := mockidp.Start(t, mockidp.Config{Keys: keys})
	set, err := idp.Keys(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for n, k := range set.Keys {
		if k.State != states[n] || k.Alg != "EdDSA" {
			t.Errorf("%+v", k)
		}
	}
	if set.Generation != 1 {
		t.Errorf("generation %d", set.Generation)
	}
}

func TestWhatCannotBeMade(t *testing.T) {
	for name, c := range map[string]mockidp.Config{
		"profile":   {Profile: "okra"},
		"name":      {Name: "a/b"},
		"state":     {Keys: []mockidp.Key{{Name: "a", State: "asleep"}}},
		"algorithm": {Keys: []mockidp.Key{{Name: "a", Alg: "RS1"}}},
		"twice":     {Keys: []mockidp.Key{{Name: "a"}, {Name: "a"}}},
		"nameless":  {Keys: []mockidp.Key{{}}},
	} {
		if _, err := mockidp.New(c); err == nil {
			t.Errorf("%s: made", name)
		}
	}
	if _, err := mockidp.New(mockidp.Config{Profile: "okra"}); !errors.Is(err, issuer.ErrSpec) {
		t.Errorf("%v", err)
	}
}

func TestAClosedIssuerTakesNoCommands(t *testing.T) {
	idp, err := mockidp.New(mockidp.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := idp.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := idp.Apply(context.Background(), keyring.Rotate{}); !errors.Is(err, issuer.ErrClosed) {
		t.Errorf("apply: %v", err)
	}
	if err := idp.Reset(context.Background()); !errors.Is(err, issuer.ErrClosed) {
		t.Errorf("reset: %v", err)
	}
	if err := idp.Listen("127.0.0.1:0"); err == nil {
		t.Error("it listens")
	}
}

func TestAClockIsMovedACenturyAtMost(t *testing.T) {
	const year = 365 * 24 * time.Hour
	skew := func(by time.Duration) command.Skew { return command.Skew{By: clock.Duration(by)} }
	idp := mockidp.Start(t, mockidp.Config{})
	apply(t, idp, skew(60*year))
	for name, list := range map[string][]command.Command{
		"in two steps":          {skew(60 * year)},
		"in one transaction":    {skew(30 * year), skew(30 * year)},
		"in one step":           {skew(200 * year)},
		"to where it overflows": {skew(math.MaxInt64)},
		"back that far":         {skew(math.MinInt64)},
	} {
		if _, err := idp.Apply(context.Background(), list...); !errors.Is(err, command.ErrCommand) || !strings.Contains(err.Error(), "100 years") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if moved := events[timeline.ClockMoved](t, idp); len(moved) != 1 {
		t.Errorf("%+v", moved)
	}
	apply(t, idp, skew(-100*year), skew(-60*year), skew(200*year-100*year)) // the sum counts, at each step
}

func TestTheAnswerNamesTheFaultsThatWereSet(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	empty := fault.Rule{Empty: &fault.Empty{}}
	result := apply(t, idp, command.Fault{Rule: empty}, keyring.Rotate{}, command.Fault{Rule: fault.Rule{ID: "mine", Hang: &fault.Hang{}}}, command.Fault{Rule: empty})
	if want := []string{"fault-1", "mine", "fault-2"}; !slices.Equal(result.Faults, want) {
		t.Errorf("%v, want %v", result.Faults, want)
	}
	for _, id := range result.Faults {
		apply(t, idp, command.Clear{Fault: id})
	}
	if text, err := json.Marshal(apply(t, idp, command.Clear{})); err != nil || string(text) != `{"generation":2,"transitions":[]}` {
		t.Errorf("%s %v", text, err)
	}
}
