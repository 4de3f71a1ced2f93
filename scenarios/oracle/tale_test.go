package oracle_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// tale is a timeline written by hand, line by line. Every line is at the time
// of the last call of at, in seconds since the log began.
type tale struct {
	entries []timeline.Entry
	now     float64
	offset  time.Duration
	states  map[string]keyring.State
	order   []string // of the keys
}

const audience = "api://tale"

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// plan is a scenario with these rules, whose steps do not matter.
func plan(rules ...spec.Rule) spec.Scenario { return planned(nil, rules...) }

func planned(steps []spec.Verb, rules ...spec.Rule) spec.Scenario {
	s := spec.Scenario{ID: "T1", Name: "tale", Title: "A tale", Because: "of a test", Profile: "core"}
	for _, do := range append(steps, spec.Present{}) {
		s.Steps = append(s.Steps, spec.Step{Do: do})
	}
	for _, r := range rules {
		s.Expect = append(s.Expect, spec.Expect{Rule: r})
	}
	return s
}

// book begins a tale: the issuer starts with the key old (active), the app
// starts, fetches both documents at 0.5 s and is ready at 0.6 s.
func book(s spec.Scenario, p spec.Promise) *tale {
	b := issuer("old")
	return b.began(s, p, "restart", "logs").at(0.5).discovery().fetch().at(0.6).start()
}

// issuer is a tale that begins with these keys; the first is active.
func issuer(keys ...string) *tale {
	b := &tale{states: map[string]keyring.State{}}
	var moves []keyring.Transition
	for i, k := range keys {
		to := keyring.Published
		if i == 0 {
			to = keyring.Active
		}
		b.know(k, to)
		moves = append(moves, keyring.Transition{Key: k, KID: "kid-" + k, To: to})
	}
	return b.add(timeline.Issuer, timeline.KeyChanged{Generation: 1, Command: "start", Transitions: moves})
}

func (b *tale) began(s spec.Scenario, p spec.Promise, features ...string) *tale {
	return b.at(0.1).add(timeline.Harness, timeline.Began{
		Tool: "test", Target: timeline.Target{Name: "app", Kind: "process", Features: features}, Profile: "generic", Audience: audience,
		Scenario: marshal(s), Promise: marshal(p), Patience: clock.Duration(time.Minute),
	})
}

func marshal(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}

func (b *tale) at(seconds float64) *tale {
	if seconds < b.now {
		panic("a tale goes forward")
	}
	b.now = seconds
	return b
}

func elapsed(seconds float64) time.Duration {
	return time.Duration(seconds*1000+0.5) * time.Millisecond
}

func (b *tale) add(source string, event timeline.Event) *tale { return b.addAt(b.now, source, event) }

func (b *tale) addAt(seconds float64, source string, event timeline.Event) *tale {
	d := elapsed(seconds)
	b.entries = append(b.entries, timeline.Entry{
		Seq: uint64(len(b.entries)) + 1, At: noon.Add(d + b.offset), Elapsed: clock.Duration(d), Source: source, Event: event,
	})
	return b
}

// seq is that of the last line.
func (b *tale) seq() uint64 { return uint64(len(b.entries)) }

func (b *tale) know(key string, to keyring.State) {
	if _, known := b.states[key]; !known {
		b.order = append(b.order, key)
	}
	b.states[key] = to
}

func (b *tale) move(verb, key string, to keyring.State) *tale {
	from := b.states[key]
	b.know(key, to)
	return b.add(timeline.Issuer, timeline.KeyChanged{Command: verb, Transitions: []keyring.Transition{{Key: key, KID: "kid-" + key, From: from, To: to}}})
}

func (b *tale) generate(key string) *tale { return b.move("generate", key, keyring.Generated) }
func (b *tale) publish(key string) *tale  { return b.move("publish", key, keyring.Published) }
func (b *tale) activate(key string) *tale { return b.move("activate", key, keyring.Active) }
func (b *tale) remove(key string) *tale   { return b.move("remove", key, keyring.Removed) }
func (b *tale) restore(key string) *tale  { return b.move("restore", key, keyring.Retired) }

// rollover publishes and activates a key in one instant.
func (b *tale) rollover(key string) *tale { return b.publish(key).activate(key) }

func (b *tale) skew(by time.Duration) *tale {
	b.offset += by
	return b.add(timeline.Issuer, timeline.ClockMoved{Offset: clock.Duration(b.offset)})
}

func (b *tale) fault(id string, r fault.Rule) *tale { return b.faultAs(id, r, "") }

func (b *tale) faultAs(id string, r fault.Rule, detail string) *tale {
	r.ID = id
	return b.add(timeline.Issuer, timeline.FaultSet{ID: id, Rule: marshal(r), Detail: detail})
}

func (b *tale) clear(id string) *tale {
	return b.add(timeline.Issuer, timeline.FaultSet{ID: id, Cleared: true})
}

func (b *tale) serve(s timeline.Served) *tale {
	s.Method = "GET"
	return b.add(timeline.Issuer, s)
}

// fetch is a request for the key set, answered with all keys that stand in it.
func (b *tale) fetch() *tale { return b.fetchHarmed("", 200, b.served()...) }

// fetchHarmed is one that faults changed.
func (b *tale) fetchHarmed(faults string, status int, keys ...string) *tale {
	return b.serve(timeline.Served{Document: timeline.JWKS, Status: status, Keys: keys, Fault: faults})
}

func (b *tale) discovery() *tale {
	return b.serve(timeline.Served{Document: timeline.Discovery, Status: 200})
}

func (b *tale) served() []string {
	var keys []string
	for _, k := range b.order {
		if b.states[k].Served() {
			keys = append(keys, k)
		}
	}
	return keys
}

// start is an app that needed 0.5 s to get ready.
func (b *tale) start() *tale {
	return b.add(timeline.Harness, timeline.TargetStarted{Took: clock.Duration(500 * time.Millisecond)})
}

func (b *tale) restart() *tale {
	b.add(timeline.Harness, timeline.TargetStopped{Asked: true})
	return b.at(b.now + 0.5).start()
}

func (b *tale) dies(detail string) *tale {
	return b.add(timeline.Harness, timeline.TargetStopped{Detail: detail})
}

func (b *tale) log(lines ...string) *tale {
	for _, l := range lines {
		b.add(timeline.App, timeline.Note{Text: l})
	}
	return b
}

func (b *tale) end() *tale { return b.add(timeline.Harness, timeline.Ended{}) }

func (b *tale) fails(why string) *tale {
	return b.add(timeline.Harness, timeline.Ended{Error: why})
}

// The answers of an app.
var (
	accepted = timeline.Presented{Outcome: timeline.Accepted, Status: 200}
	rejected = timeline.Presented{Outcome: timeline.Rejected, Status: 401}
	broken   = timeline.Presented{Outcome: timeline.Failed, Status: 500}
	silent   = timeline.Presented{Outcome: timeline.Unreachable, Detail: "no answer within 30s"}
)

type token func(*timeline.Minted, *timeline.Presented)

func label(l string) token { return func(_ *timeline.Minted, p *timeline.Presented) { p.Token = l } }
func showing(name string) token {
	return func(_ *timeline.Minted, p *timeline.Presented) { p.Shown = name }
}
func inStep(n int) token { return func(_ *timeline.Minted, p *timeline.Presented) { p.Step = n } }
func saying(d string) token {
	return func(_ *timeline.Minted, p *timeline.Presented) { p.Detail = d }
}
func forged(f credential.Forgery) token {
	return func(m *timeline.Minted, _ *timeline.Presented) {
		if m.Forge = string(f); f == credential.StrangerKey {
			m.Key = ""
		}
	}
}
func altered(names ...string) token {
	return func(m *timeline.Minted, _ *timeline.Presented) { m.Altered = names }
}
func meantFor(aud string) token {
	return func(m *timeline.Minted, _ *timeline.Presented) { m.Audience = aud }
}
func expired(ago time.Duration) token {
	return func(m *timeline.Minted, _ *timeline.Presented) { m.ExpiresAt = m.IssuedAt.Add(-ago) }
}
func lasting(d time.Duration) token {
	return func(_ *timeline.Minted, p *timeline.Presented) { p.Took = clock.Duration(d) }
}

// present shows a token of a key, minted 20 ms and sent 10 ms before the answer.
func (b *tale) present(key string, answer timeline.Presented, how ...token) *tale {
	answer.Took = clock.Duration(10 * time.Millisecond)
	m := timeline.Minted{Key: key, KID: "kid-" + key, Form: "jwt", Audience: audience}
	m.IssuedAt = noon.Add(elapsed(b.now) + b.offset).Truncate(time.Second)
	m.NotBefore, m.ExpiresAt = m.IssuedAt, m.IssuedAt.Add(time.Hour)
	for _, h := range how {
		h(&m, &answer)
	}
	b.addAt(b.now-time.Duration(answer.Took).Seconds()-0.01, timeline.Issuer, m)
	answer.Minted = b.seq()
	return b.add(timeline.Harness, answer)
}

// every shows tokens in equal steps, the last not after to.
func (b *tale) every(step, to float64, key string, answer timeline.Presented, how ...token) *tale {
	for b.now+step <= to+1e-9 {
		b.at(b.now+step).present(key, answer, how...)
	}
	return b
}

// judge gives the verdict of a tale, and sees that it is the same of the saved
// tale and that all evidence is there.
func judge(t *testing.T, b *tale) oracle.Verdict {
	t.Helper()
	v, err := oracle.Judge(b.entries)
	if err != nil {
		t.Fatal(err)
	}
	var saved bytes.Buffer
	if err := timeline.Encode(&saved, b.entries); err != nil {
		t.Fatal(err)
	}
	read, err := timeline.Decode(&saved)
	if err != nil {
		t.Fatal(err)
	}
	again, err := oracle.Judge(read)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(v, again) {
		t.Errorf("the saved timeline is judged otherwise:\n%+v\n%+v", v, again)
	}
	check := func(what string, evidence []uint64) {
		for _, seq := range evidence {
			if seq < 1 || seq > b.seq() {
				t.Errorf("%s cites entry %d of %d", what, seq, b.seq())
			}
		}
	}
	for _, f := range v.Findings {
		check(f.Text, f.Evidence)
		if f.Outcome == oracle.Fail && len(f.Evidence) == 0 {
			t.Errorf("%q fails without evidence", f.Text)
		}
	}
	for _, d := range v.Diagnosis {
		check(d.Cause, d.Evidence)
		if len(d.Evidence) == 0 || d.Fix == "" || d.Cause == "" {
			t.Errorf("incomplete diagnosis %+v", d)
		}
		if !slices.IsSorted(d.Evidence) {
			t.Errorf("%q cites %v, not in order", d.Cause, d.Evidence)
		}
	}
	return v
}

// told is a verdict's findings, each as "rule outcome".
func told(v oracle.Verdict) string {
	var list []string
	for _, f := range v.Findings {
		list = append(list, f.Rule+" "+string(f.Outcome))
	}
	return strings.Join(list, ", ")
}

// texts is all that the findings say.
func texts(v oracle.Verdict) string {
	var list []string
	for _, f := range v.Findings {
		list = append(list, f.Text)
	}
	return strings.Join(list, "\n")
}

func causes(v oracle.Verdict) string {
	var list []string
	for _, d := range v.Diagnosis {
		list = append(list, d.Cause)
	}
	return strings.Join(list, "\n")
}

// ruling is a tale and what its findings, its outcome and a text of them must be.
type ruling struct {
	name     string
	tale     *tale
	findings string // of told
	outcome  oracle.Outcome
	says     string
}

func rule(t *testing.T, rulings []ruling) {
	t.Helper()
	for _, r := range rulings {
		t.Run(r.name, func(t *testing.T) {
			v := judge(t, r.tale.end())
			if got := told(v); got != r.findings {
				t.Errorf("findings %q, want %q\n%s", got, r.findings, texts(v))
			}
			if v.Outcome != r.outcome {
				t.Errorf("outcome %s, want %s", v.Outcome, r.outcome)
			}
			if !strings.Contains(texts(v), r.says) {
				t.Errorf("%q is not in\n%s", r.says, texts(v))
			}
		})
	}
}

// Promises, spelled out.
func recovery(d time.Duration) spec.Promise {
	return spec.Promise{Recovery: &spec.Recovery{Within: clock.Duration(d)}}
}

func named(name string) spec.Promise {
	p, err := spec.PromiseByName(name)
	if err != nil {
		panic(err)
	}
	return p
}

func pointer[T any](value T) *T { return &value }

func period(d time.Duration) *clock.Duration { return pointer(clock.Duration(d)) }

// Faults.
var (
	down    = fault.Rule{Status: &fault.Status{Code: 503}}
	away    = fault.Rule{Refuse: &fault.Refuse{}}
	nothing = fault.Rule{Document: "jwks", Empty: &fault.Empty{}}
	page    = fault.Rule{Document: "jwks", HTML: &fault.HTML{}}
	odd     = fault.Rule{Document: "jwks", Extra: &fault.Extra{Kind: "post-quantum"}}
)
