package mockidp

import (
	"context"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// What is rendered stays until keys or faults change: a harness records
// hundreds of answers while an app fetches.
func TestRenderedDocumentsOutliveWhatChangesNone(t *testing.T) {
	idp, err := New(Config{Profile: "entra"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = idp.Close() }()
	apply := func(commands ...command.Command) *state {
		t.Helper()
		if _, err := idp.Apply(context.Background(), commands...); err != nil {
			t.Fatal(err)
		}
		return idp.state.Load()
	}
	before := apply(command.Fault{Rule: fault.Rule{ID: "f", Empty: &fault.Empty{}}})
	for name, commands := range map[string][]command.Command{
		"a note":            {command.Record{Source: timeline.Harness, Event: timeline.Note{Text: "x"}}},
		"an answer":         {command.Record{Source: timeline.Harness, Event: timeline.Presented{Outcome: timeline.Accepted}}},
		"a skew":            {command.Skew{By: clock.Duration(time.Hour)}},
		"nothing":           nil,
		"one for the other": {command.Clear{Fault: "f"}, command.Fault{Rule: fault.Rule{ID: "f", Empty: &fault.Empty{}}}},
		"a fault":           {command.Fault{Rule: fault.Rule{Hang: &fault.Hang{}}}},
		"a key":             {keyring.Compromise{Key: "initial"}},
	} {
		after := apply(commands...)
		changes := name == "a fault" || name == "a key" || name == "one for the other"
		if kept := after.others == before.others; kept == changes {
			t.Errorf("%s: what was rendered is kept: %t", name, kept)
		}
		before = after
	}
}
