package timeline_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// events has one of each type with all members set.
func events() []timeline.Event {
	return []timeline.Event{
		timeline.Began{
			Tool: "1.2.3", Seed: 7, Target: timeline.Target{Name: "orders", Kind: "process", Features: []string{"clock"}}, Profile: "entra", Audience: "api://orders",
			Scenario: json.RawMessage(`{"id":"A5"}`), Promise: json.RawMessage(`{"name":"strict"}`), Patience: clock.Duration(time.Minute), Missing: []string{"no clock"},
		},
		timeline.KeyChanged{Generation: 4, Command: "activate", Transitions: []keyring.Transition{{Key: "new", KID: "k", From: keyring.Published, To: keyring.Active}}},
		timeline.ClockMoved{Offset: clock.Duration(-5 * time.Minute), Drift: 0.5},
		timeline.FaultSet{ID: "f1", Rule: json.RawMessage(`{"hang":{}}`), Cleared: true, Detail: "listener closed"},
		timeline.Served{
			Document: timeline.JWKS, Method: "GET", Path: "/default/jwks", Status: 200, Generation: 4, Keys: []string{"old", "new"}, Fault: "f1",
			Bytes: 812, Took: clock.Duration(time.Millisecond), Client: "127.0.0.1:5000", UserAgent: "node",
		},
		timeline.Minted{
			Key: "new", KID: "k", Generation: 4, Form: "jwt", Forge: "alg-none", Altered: []string{"kid"}, Audience: "api://orders",
			IssuedAt: start, NotBefore: start, ExpiresAt: start.Add(time.Hour),
		},
		timeline.Presented{
			Minted: 6, Step: 2, Token: "first", Outcome: timeline.Rejected, Status: 401, Detail: `Bearer error="invalid_token" <html>`, Shown: "user@rollover.test", Undelivered: true, Took: clock.Duration(time.Second),
		},
		timeline.TargetStarted{Address: "http://127.0.0.1:8080", PID: 42, Took: clock.Duration(time.Second)},
		timeline.TargetStopped{Asked: true, Detail: "exit status 1"},
		timeline.Note{Text: "IDX10501: Signature validation failed. \u2028 \"kid\""},
		timeline.Ended{Error: "out of patience"},
	}
}

func book() []timeline.Entry {
	var entries []timeline.Entry
	for i, e := range events() {
		entries = append(entries, timeline.Entry{
			Seq: uint64(i + 1), At: start.Add(time.Duration(i) * time.Second), Elapsed: clock.Duration(i) * clock.Duration(time.Second), Source: timeline.Issuer, Event: e,
		})
	}
	return entries
}

func TestRoundTripOfEveryEvent(t *testing.T) {
	for _, e := range events() {
		v := reflect.ValueOf(e)
		for i := range v.NumField() {
			if v.Field(i).IsZero() {
				t.Errorf("%s: the test leaves %s empty", e.Type(), v.Type().Field(i).Name)
			}
		}
	}
	var text bytes.Buffer
	if err := timeline.Encode(&text, book()); err != nil {
		t.Fatal(err)
	}
	back, err := timeline.Decode(&text)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, book()) {
		t.Errorf("reads as %+v", back)
	}
}

func TestLine(t *testing.T) {
	var text bytes.Buffer
	err := timeline.Encode(&text, []timeline.Entry{
		{Seq: 1, At: start, Elapsed: clock.Duration(1500 * time.Millisecond), Source: timeline.App, Event: timeline.Note{Text: `<a href="x">&</a>`}},
		{Seq: 2, At: start, Source: timeline.Harness, Event: timeline.TargetStopped{}},
	})
	want := `{"seq":1,"at":"2026-03-01T12:00:00Z","elapsed":"1.5s","source":"target","type":"note","event":{"text":"<a href=\"x\">&</a>"}}
{"seq":2,"at":"2026-03-01T12:00:00Z","elapsed":"0s","source":"harness","type":"targetStopped","event":{"asked":false}}
`
	if err != nil || text.String() != want {
		t.Errorf("wrote\n%s(%v), want\n%s", text.String(), err, want)
	}
}

func TestDecodeRefusals(t *testing.T) {
	const good = `{"seq":1,"at":"2026-03-01T12:00:00Z","elapsed":"0s","source":"issuer","type":"note","event":{"text":"x"}}`
	tests := []struct{ name, text, want string }{
		{"gap", good + "\n" + strings.Replace(good, `"seq":1`, `"seq":3`, 1), "line 2: not a timeline: seq is 3, not 2: lines are missing or out of order"},
		{"begins late", strings.Replace(good, `"seq":1`, `"seq":2`, 1), "line 1: not a timeline: seq is 2, not 1"},
		{"repeated", good + "\n\n" + good, "line 3: not a timeline: seq is 1, not 2"},
		{"unknown type", strings.Replace(good, "note", "rumour", 1), `line 1: not a timeline: unknown event type "rumour"`},
		{"unknown member", strings.Replace(good, `"source"`, `"sauce"`, 1), `unknown field "sauce"`},
		{"unknown member of the event", strings.Replace(good, `"text"`, `"txt"`, 1), `note: json: unknown field "txt"`},
		{"no event", strings.Replace(good, `,"event":{"text":"x"}`, "", 1), "note: its event is not an object"},
		{"null event", strings.Replace(good, `{"text":"x"}`, "null", 1), "note: its event is not an object"},
		{"something behind", good + " x", "line 1: not a timeline: something follows the object"},
		{"two in one line", good + good, "something follows the object"},
		{"cut", good[:60], "line 1: not a timeline: unexpected EOF"},
		{"not JSON", "<html>", "line 1: not a timeline"},
		{"duration as a number", strings.Replace(good, `"0s"`, `0`, 1), "line 1: not a timeline"},
		{"too long", good + "\n" + strings.Replace(good, `"x"`, `"`+strings.Repeat("x", timeline.MaxLine)+`"`, 1), "line 2: not a timeline: longer than 1048576 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			entries, err := timeline.Decode(strings.NewReader(test.text))
			if !errors.Is(err, timeline.ErrFormat) || !strings.Contains(err.Error(), test.want) || entries != nil {
				t.Errorf("%d entries, error %v, want %q", len(entries), err, test.want)
			}
		})
	}
	if entries, err := timeline.Decode(strings.NewReader("\n  \n" + good + "\r\n\n")); err != nil || len(entries) != 1 {
		t.Errorf("with empty lines: %d entries, %v", len(entries), err)
	}
}

func TestTroubleOfTheDiskIsNotTheFormats(t *testing.T) {
	broken := errors.New("disk on fire")
	if _, err := timeline.Decode(iotest.ErrReader(broken)); !errors.Is(err, broken) || errors.Is(err, timeline.ErrFormat) {
		t.Errorf("reading: %v", err)
	}
	if err := timeline.Encode(failing{broken}, book()); !errors.Is(err, broken) {
		t.Errorf("writing: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestEncodeWritesNothingThatDecodeRefuses(t *testing.T) {
	long := timeline.Entry{Seq: 1, Source: timeline.App, Event: timeline.Note{Text: strings.Repeat("x", timeline.MaxLine)}}
	if err := timeline.Encode(&bytes.Buffer{}, []timeline.Entry{long}); err == nil {
		t.Error("a line was written that is too long to be read")
	}
	if err := timeline.Encode(&bytes.Buffer{}, []timeline.Entry{{Seq: 1}}); err == nil || !strings.Contains(err.Error(), "no event") {
		t.Errorf("an entry without event: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	var text bytes.Buffer
	if err := timeline.Encode(&text, book()); err != nil {
		f.Fatal(err)
	}
	f.Add(text.Bytes())
	for _, line := range bytes.Split(text.Bytes(), []byte("\n")) {
		f.Add(bytes.Replace(line, []byte(`"seq":`), []byte(`"seq":1,"SEQ":`), 1))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := timeline.Decode(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, timeline.ErrFormat) {
				t.Fatalf("error of the input does not say so: %v", err)
			}
			return
		}
		var once, twice bytes.Buffer
		if err := timeline.Encode(&once, entries); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := timeline.Decode(bytes.NewReader(once.Bytes()))
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, once.Bytes())
		}
		if err := timeline.Encode(&twice, again); err != nil || !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Fatalf("the second writing differs (%v):\n%s\n%s", err, once.Bytes(), twice.Bytes())
		}
	})
}

func TestANewKeyComesFromNowhere(t *testing.T) {
	const head = `{"seq":1,"at":"2026-03-01T12:00:00Z","elapsed":"0s","source":"issuer","type":"keyChanged","event":{"generation":2,"command":"publish","transitions":[{"key":"<new>","kid":"k",`
	for _, from := range []string{`"from":null,`, ``} { // without it as older timelines have it
		entries, err := timeline.Decode(strings.NewReader(head + from + `"to":"published"}]}}`))
		if err != nil {
			t.Fatal(err)
		}
		if moved := entries[0].Event.(timeline.KeyChanged).Transitions[0]; moved.From != "" || moved.To != keyring.Published {
			t.Errorf("%+v", moved)
		}
		var text bytes.Buffer
		if err := timeline.Encode(&text, entries); err != nil || text.String() != head+`"from":null,"to":"published"}]}}`+"\n" {
			t.Errorf("%s %v", text.String(), err)
		}
	}
}
