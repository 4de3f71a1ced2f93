package command_test

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// written has each command of All, with the form that scripts rely on.
var written = []struct {
	command command.Command
	text    string
}{
	{keyring.Generate{Name: "n", Alg: "ES256", KID: "k"}, `{"generate":{"name":"n","alg":"ES256","kid":"k"}}`},
	{keyring.Publish{Name: "new", Alg: "RS256"}, `{"publish":{"name":"new","alg":"RS256"}}`},
	{keyring.Activate{Key: "new"}, `{"activate":{"key":"new"}}`},
	{keyring.Retire{Key: "old"}, `{"retire":{"key":"old"}}`},
	{keyring.Remove{Key: "old"}, `{"remove":{"key":"old"}}`},
	{keyring.Restore{Key: "old"}, `{"restore":{"key":"old"}}`},
	{keyring.Rotate{}, `{"rotate":{}}`},
	{keyring.Rotate{Name: "n", Alg: "PS256", Abrupt: true}, `{"rotate":{"name":"n","alg":"PS256","abrupt":true}}`},
	{keyring.Compromise{Key: "old"}, `{"compromise":{"key":"old"}}`},
	{keyring.ActivateBeside{Key: "new"}, `{"activateBeside":{"key":"new"}}`},
	{keyring.Withdraw{Key: "old"}, `{"withdraw":{"key":"old"}}`},
	{keyring.ReuseKID{Name: "n", Of: "old", Alg: "EdDSA"}, `{"reuseKid":{"name":"n","of":"old","alg":"EdDSA"}}`},
	{keyring.DuplicateKID{Name: "n", Of: "old"}, `{"duplicateKid":{"name":"n","of":"old"}}`},
	{command.Skew{By: clock.Duration(5 * time.Minute)}, `{"skew":{"by":"5m"}}`},
	{command.Skew{By: clock.Duration(-time.Second), Drift: 0.5}, `{"skew":{"by":"-1s","drift":0.5}}`},
	{
		command.Fault{Rule: fault.Rule{ID: "f", Document: "jwks", Count: 3, Status: &fault.Status{Code: 503, RetryAfter: clock.Duration(time.Minute)}}},
		`{"fault":{"id":"f","document":"jwks","count":3,"status":{"code":503,"retryAfter":"1m"}}}`,
	},
	{command.Fault{Rule: fault.Rule{Empty: &fault.Empty{}}}, `{"fault":{"empty":{}}}`},
	{command.Clear{Fault: "f"}, `{"clear":{"fault":"f"}}`},
	{command.Clear{}, `{"clear":{}}`},
	{
		command.Record{Source: timeline.Harness, Event: timeline.Note{Text: "x"}},
		`{"record":{"seq":0,"at":"0001-01-01T00:00:00Z","elapsed":"0s","source":"harness","type":"note","event":{"text":"x"}}}`,
	},
}

func TestRoundTripOfEveryCommand(t *testing.T) {
	seen := map[string]bool{}
	var texts []string
	var commands []command.Command
	for _, w := range written {
		seen[w.command.Verb()] = true
		text, err := command.Encode(w.command)
		if err != nil || string(text) != w.text {
			t.Errorf("%s writes as %s (%v), want %s", w.command.Verb(), text, err, w.text)
		}
		back, err := command.Decode([]byte(w.text))
		if err != nil || !reflect.DeepEqual(back, []command.Command{w.command}) {
			t.Errorf("%s reads as %#v (%v)", w.text, back, err)
		}
		texts, commands = append(texts, w.text), append(commands, w.command)
	}
	for _, c := range command.All() {
		if !seen[c.Verb()] {
			t.Errorf("the test leaves out %s", c.Verb())
		}
	}
	list, err := command.Decode([]byte(" [" + strings.Join(texts, ",\n") + "] "))
	if err != nil || !reflect.DeepEqual(list, commands) {
		t.Errorf("the list reads as %#v (%v)", list, err)
	}
	if empty, err := command.Decode([]byte("[]")); err != nil || len(empty) != 0 {
		t.Errorf("the empty list reads as %#v (%v)", empty, err)
	}
}

func TestRecordTakesTheHarnessesEvents(t *testing.T) {
	for _, e := range []timeline.Event{
		timeline.Began{Scenario: json.RawMessage("{}"), Promise: json.RawMessage("{}")}, timeline.Ended{}, timeline.Presented{}, timeline.TargetStarted{}, timeline.TargetStopped{}, timeline.Note{},
	} {
		for _, source := range []string{timeline.Harness, timeline.App} {
			r := command.Record{Source: source, Event: e}
			text, err := command.Encode(r)
			if err != nil {
				t.Fatal(err)
			}
			if back, err := command.Decode(text); err != nil || !reflect.DeepEqual(back, []command.Command{r}) {
				t.Errorf("%s reads as %#v (%v)", text, back, err)
			}
		}
	}
	for _, e := range []timeline.Event{timeline.KeyChanged{}, timeline.ClockMoved{}, timeline.FaultSet{}, timeline.Served{}, timeline.Minted{}} {
		r := command.Record{Source: timeline.Harness, Event: e}
		want := "invalid command: record: " + e.Type() + " is the issuer's own to record"
		if err := command.Validate(r); !errors.Is(err, command.ErrCommand) || err.Error() != want {
			t.Errorf("validating: %v, want %s", err, want)
		}
		text, err := command.Encode(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := command.Decode(text); !errors.Is(err, command.ErrCommand) || err.Error() != want {
			t.Errorf("decoding: %v, want %s", err, want)
		}
	}
}

func TestDecodeRefusals(t *testing.T) {
	tests := []struct{ text, want string }{
		{``, "not an object with one verb"},
		{`"rotate"`, "not an object with one verb"},
		{`{}`, "0 members where one verb is due"},
		{`{"retire":{"key":"a"},"remove":{"key":"a"}}`, "2 members where one verb is due"},
		{`{"rotat":{}}`, `unknown verb "rotat"`},
		{`{"Rotate":{}}`, `unknown verb "Rotate"`},
		{`{"rotate":{"abrubt":true}}`, `rotate: json: unknown field "abrubt"`},
		{`{"rotate":{"abrupt":"yes"}}`, "rotate: json"},
		{`{"rotate":null}`, "rotate: its body is not an object, {} where there is nothing to say"},
		{`{"activate":"new"}`, "activate: its body is not an object"},
		{`{"publish":{"name":"a","Material":{}}}`, "unknown field"},
		{`{"skew":{"by":300}}`, "skew: "},
		{`{"skew":{"by":"soon"}}`, `"soon" is not a duration`},
		{`{"skew":{"drift":1e300}}`, "drift 1e+300 is beyond 86400 seconds per second"},
		{`{"fault":{}}`, "fault: invalid fault: nothing goes wrong in it"},
		{`{"fault":{"empty":{},"hang":{}}}`, "hang and empty in one fault"},
		{`{"record":{"source":"issuer","type":"note","event":{"text":"x"}}}`, `source "issuer" is neither "harness" nor "target"`},
		{`{"record":{"source":"harness","type":"gossip","event":{}}}`, `unknown event type "gossip"`},
		{`[{"rotate":{}},{"rotat":{}}]`, `command 2: invalid command: unknown verb "rotat"`},
		{`[{"rotate":{}}`, "unexpected end"},
		{`[[{"rotate":{}}]]`, "command 1: invalid command: not an object with one verb"},
		{`{"rotate":{}} x`, "not an object with one verb"},
	}
	for _, test := range tests {
		commands, err := command.Decode([]byte(test.text))
		if !errors.Is(err, command.ErrCommand) || !strings.Contains(err.Error(), test.want) || commands != nil {
			t.Errorf("%s: %v, error %v, want %q", test.text, commands, err, test.want)
		}
	}
}

func TestValidate(t *testing.T) {
	for _, w := range written {
		if err := command.Validate(w.command); err != nil {
			t.Errorf("%s: %v", w.text, err)
		}
	}
	for _, bad := range []command.Command{
		command.Skew{Drift: math.NaN()}, command.Skew{Drift: math.Inf(-1)}, command.Skew{Drift: -86401}, command.Fault{}, command.Record{}, command.Record{Source: timeline.App},
	} {
		if err := command.Validate(bad); !errors.Is(err, command.ErrCommand) {
			t.Errorf("%#v: %v", bad, err)
		}
	}
	if _, err := command.Encode(command.Record{}); err == nil {
		t.Error("a record without event was written")
	}
}

func FuzzDecode(f *testing.F) {
	for _, w := range written {
		f.Add([]byte(w.text))
		f.Add([]byte("[" + w.text + "," + w.text + "]"))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		commands, err := command.Decode(data)
		if err != nil {
			if !errors.Is(err, command.ErrCommand) {
				t.Fatalf("error of the input does not say so: %v", err)
			}
			return
		}
		for _, c := range commands {
			text, err := command.Encode(c)
			if err != nil {
				t.Fatalf("%#v was read and cannot be written: %v", c, err)
			}
			back, err := command.Decode(text)
			if err != nil || len(back) != 1 {
				t.Fatalf("%s was written and cannot be read: %v", text, err)
			}
			if again, err := command.Encode(back[0]); err != nil || string(again) != string(text) {
				t.Fatalf("%s is written as %s the second time (%v)", text, again, err)
			}
		}
	})
}
