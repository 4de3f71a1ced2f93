package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/engine"
	"github.com/rollover-harness/rollover/scenarios/engine/local"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target"
)

// scripted is a target that answers what a test says. It never looks at the
// issuer, so that nothing but the engine is tested.
type scripted struct {
	features []target.Feature
	kind     string // default inprocess
	startErr error
	lives    int32                                    // starts that succeed; 0 is all of them
	answer   func(instance, n int) target.Observation // n counts from 0 within an instance; nil accepts

	starts, stops atomic.Int32
	dies          func(instance, n int) bool // of that request
	answerDying   *target.Observation        // what it still answers then; nil: nothing
}

func (s *scripted) Name() string { return "scripted" }
func (s *scripted) Kind() string {
	if s.kind == "" {
		return "inprocess"
	}
	return s.kind
}
func (s *scripted) Features() []target.Feature { return s.features }

func (s *scripted) Start(_ context.Context, _ target.Environment, log func(string)) (target.Instance, error) {
	number := s.starts.Add(1) - 1
	if s.startErr != nil && number >= s.lives {
		return nil, s.startErr
	}
	log("up")
	return &scriptedInstance{target: s, number: int(number), done: make(chan struct{})}, nil
}

type scriptedInstance struct {
	target *scripted
	number int
	shown  atomic.Int32
	done   chan struct{}
	died   sync.Once
	once   sync.Once
}

func (i *scriptedInstance) Present(ctx context.Context, _ credential.Credential) target.Observation {
	n := int(i.shown.Add(1)) - 1
	if ctx.Err() != nil {
		return target.Observation{Outcome: timeline.Unreachable, Detail: "cut off"}
	}
	if i.target.dies != nil && i.target.dies(i.number, n) {
		// Its end is seen a moment after its answer, as with a process.
		defer func() { go i.died.Do(func() { close(i.done) }) }()
		if i.target.answerDying != nil {
			return *i.target.answerDying
		}
		return target.Observation{Outcome: timeline.Unreachable, Detail: "connection reset"}
	}
	if i.target.answer == nil {
		return accepted
	}
	return i.target.answer(i.number, n)
}

func (i *scriptedInstance) Done() <-chan struct{} { return i.done }
func (i *scriptedInstance) Err() error {
	select {
	case <-i.done:
		return errors.New("exit status 3")
	default:
		return nil
	}
}
func (i *scriptedInstance) Stop(context.Context) error {
	i.once.Do(func() { i.target.stops.Add(1) })
	return nil
}
func (i *scriptedInstance) Address() string { return "http://127.0.0.1:1" }
func (i *scriptedInstance) PID() int        { return 0 }

var (
	accepted = target.Observation{Outcome: timeline.Accepted, Status: 200}
	rejected = target.Observation{Outcome: timeline.Rejected, Status: 401, Detail: "no"}
)

func scenario(id string, steps ...spec.Verb) spec.Scenario {
	s := spec.Scenario{
		ID: id, Name: "made-by-a-test", Title: "t", Because: "b", Profile: "core",
		Issuer: spec.Issuer{Keys: []spec.Key{{Name: "old", Alg: "ES256", State: keyring.Active}}},
		Expect: []spec.Expect{{Rule: spec.Accepts{Key: "old"}}},
	}
	for _, v := range steps {
		s.Steps = append(s.Steps, spec.Step{Do: v})
	}
	return s.WithDefaults()
}

func run(t *testing.T, app target.Target, change func(*engine.Config), scenarios ...spec.Scenario) ([]engine.Result, error) {
	t.Helper()
	promise, err := spec.PromiseByName("microsoft")
	if err != nil {
		t.Fatal(err)
	}
	c := engine.Config{Target: app, Scenarios: scenarios, Promise: promise, Open: local.Opener(local.Config{}), Patience: 10 * time.Second, Seed: 7}
	if change != nil {
		change(&c)
	}
	return engine.Run(t.Context(), c)
}

func eventsOf[E timeline.Event](r engine.Result) []E {
	var found []E
	for _, entry := range r.Entries {
		if e, is := entry.Event.(E); is {
			found = append(found, e)
		}
	}
	return found
}

func outcomes(r engine.Result, step int) []timeline.Outcome {
	var found []timeline.Outcome
	for _, p := range eventsOf[timeline.Presented](r) {
		if p.Step == step {
			found = append(found, p.Outcome)
		}
	}
	return found
}

func TestTheBookOfOneScenario(t *testing.T) {
	app := &scripted{}
	results, err := run(t, app, nil, scenario("T1",
		spec.Present{Key: "old", Token: "first"},
		keyring.Publish{Name: "new", Alg: "ES256"},
		keyring.Activate{Key: "new"},
		spec.Present{Key: "new"},
	))
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, e := range results[0].Entries {
		kinds = append(kinds, e.Event.Type())
	}
	want := []string{
		"keyChanged", "began", "note", "targetStarted",
		"minted", "presented", // the plain state
		"minted", "presented", "keyChanged", "keyChanged", "minted", "presented",
		"note", // looking back
		"targetStopped", "ended",
	}
	if i := slices.Index(kinds, "targetStarted"); i < 0 || !slices.Equal(kinds, want) && !slices.Equal(kinds, slices.Delete(slices.Clone(want), 12, 13)) {
		t.Errorf("entries are %v,\nwant %v", kinds, want)
	}
	if first := eventsOf[timeline.Presented](results[0])[1]; first.Token != "first" || first.Step != 0 {
		t.Errorf("the step's token is %+v", first)
	}
	if app.starts.Load() != 1 || app.stops.Load() != 1 {
		t.Errorf("%d starts, %d stops", app.starts.Load(), app.stops.Load())
	}
}

func TestUntilARowIsFull(t *testing.T) {
	// plain, then: no, yes, no, yes, yes, yes
	answers := []target.Observation{accepted, rejected, accepted, rejected, accepted, accepted, accepted}
	app := &scripted{answer: func(_, n int) target.Observation { return answers[n] }}
	results, err := run(t, app, nil, scenario("T1", spec.Present{Key: "old", Until: spec.Row{Length: 3}}))
	if err != nil {
		t.Fatal(err)
	}
	if got := outcomes(results[0], 0); len(got) != 6 {
		t.Errorf("the row took %v", got)
	}
}

func TestUntilTheWindowIsOver(t *testing.T) {
	app := &scripted{answer: func(_, n int) target.Observation {
		if n == 0 {
			return accepted
		}
		return rejected
	}}
	results, err := run(t, app, nil, scenario("T1", spec.Present{Key: "old", Until: spec.Row{Length: 3}, Within: spec.For(300 * time.Millisecond)}))
	if err != nil {
		t.Fatal(err)
	}
	got := outcomes(results[0], 0)
	if len(got) < 2 || slices.Contains(got, timeline.Accepted) {
		t.Errorf("answers of the row: %v", got)
	}
}

func TestARestartIsTriedForLostKeys(t *testing.T) {
	app := &scripted{features: []target.Feature{target.Restart}, answer: func(instance, n int) target.Observation {
		if instance == 1 || n == 0 {
			return accepted
		}
		return rejected
	}}
	results, err := run(t, app, nil, scenario("T1", spec.Present{Key: "old", Times: 2}))
	if err != nil {
		t.Fatal(err)
	}
	if got := outcomes(results[0], 1); !slices.Equal(got, []timeline.Outcome{timeline.Accepted}) {
		t.Errorf("after the restart: %v", got)
	}
	if app.starts.Load() != 2 || app.stops.Load() != 2 {
		t.Errorf("%d starts, %d stops", app.starts.Load(), app.stops.Load())
	}
}

// A rule that speaks of a label is about the credential that the step with the
// label makes: after the restart it is made once more, good or not.
func TestARestartIsTriedForLostLabels(t *testing.T) {
	for name, test := range map[string]struct {
		rule spec.Accepts
		want int // credentials after a restart
	}{
		"lost":            {spec.Accepts{Token: "bare"}, 1},
		"another's label": {spec.Accepts{Token: "control"}, 0},
	} {
		app := &scripted{features: []target.Feature{target.Restart}, answer: func(instance, n int) target.Observation {
			if instance == 1 || n < 2 {
				return accepted
			}
			return rejected
		}}
		s := scenario("T1", spec.Present{Key: "old", Token: "control"}, spec.Present{Key: "old", Token: "bare"})
		s.Expect = []spec.Expect{{Rule: test.rule}}
		results, err := run(t, app, nil, s)
		if err != nil {
			t.Fatal(err)
		}
		var again []string
		for _, p := range eventsOf[timeline.Presented](results[0])[3:] {
			again = append(again, p.Token)
		}
		if len(again) != test.want || test.want == 1 && again[0] != "bare" {
			t.Errorf("%s: presented after a restart: %q", name, again)
		}
	}
}

func TestAnAppThatEndsIsAFindingNotAnError(t *testing.T) {
	app := &scripted{dies: func(_, n int) bool { return n == 1 }}
	results, err := run(t, app, nil, scenario("T1",
		spec.Present{Key: "old"}, spec.Wait{For: spec.For(time.Hour)}, spec.Present{Key: "old"}))
	if err != nil {
		t.Fatalf("the harness failed: %v", err)
	}
	stops := eventsOf[timeline.TargetStopped](results[0])
	if len(stops) != 1 || stops[0].Asked || stops[0].Detail != "exit status 3" {
		t.Errorf("stops are %+v", stops)
	}
	if ended := eventsOf[timeline.Ended](results[0]); len(ended) != 1 || ended[0].Error != "" {
		t.Errorf("the end is %+v", ended)
	}
}

func TestAnAppThatEndsOfItsLastRequest(t *testing.T) {
	for _, last := range []int{0, 1} { // of the plain state, of the only step
		app := &scripted{answer: nil}
		app.dies = func(_, n int) bool { return n == last }
		app.answerDying = &accepted
		results, err := run(t, app, nil, scenario("T1", spec.Present{Key: "old"}))
		if err != nil {
			t.Fatalf("the harness failed: %v", err)
		}
		if stops := eventsOf[timeline.TargetStopped](results[0]); len(stops) != 1 || stops[0].Asked {
			t.Errorf("died after answer %d: stops are %+v", last, stops)
		}
	}
}

func TestAnAppThatDoesNotStartAgain(t *testing.T) {
	app := &scripted{
		features: []target.Feature{target.Restart}, lives: 1, startErr: fmt.Errorf("%w: unsupported kty", target.ErrStart),
		answer: func(_, n int) target.Observation {
			if n == 0 {
				return accepted
			}
			return rejected
		},
	}
	results, err := run(t, app, nil, scenario("T1", spec.Present{Key: "old"}))
	if err != nil {
		t.Fatalf("the harness failed: %v", err)
	}
	stops := eventsOf[timeline.TargetStopped](results[0])
	if len(stops) != 2 || !stops[0].Asked || stops[1].Asked || !strings.Contains(stops[1].Detail, "unsupported kty") {
		t.Errorf("stops are %+v", stops)
	}
}

func TestARunningAppThatTheScenarioBeforeBroke(t *testing.T) {
	app := &scripted{kind: "url", answer: func(instance, n int) target.Observation {
		if instance == 0 && n == 0 {
			return accepted
		}
		return rejected
	}}
	results, err := run(t, app, func(c *engine.Config) { c.Parallel, c.Patience = 1, 200*time.Millisecond },
		scenario("T1", spec.Present{Key: "old"}), scenario("T2", spec.Present{Key: "old"}))
	if err != nil {
		t.Fatalf("the run ended: %v", err)
	}
	if ended := eventsOf[timeline.Ended](results[0]); len(ended) != 1 || ended[0].Error != "" {
		t.Errorf("first: %+v", ended)
	}
	if ended := eventsOf[timeline.Ended](results[1]); len(ended) != 1 || !strings.Contains(ended[0].Error, "the scenarios before") {
		t.Errorf("second: %+v", ended)
	}
}

func TestAnAppThatDoesNotStartEndsTheRun(t *testing.T) {
	app := &scripted{startErr: errors.Join(target.ErrStart, errors.New("no such file"))}
	results, err := run(t, app, func(c *engine.Config) { c.Parallel = 1 }, scenario("T1", spec.Present{}), scenario("T2", spec.Present{}))
	if !errors.Is(err, target.ErrStart) {
		t.Fatalf("error is %v", err)
	}
	if len(results[1].Entries) > 0 {
		t.Errorf("the second scenario was run all the same: %v", results[1].Entries)
	}
}

func TestAnAppThatRejectsGoodTokensFromTheBeginning(t *testing.T) {
	app := &scripted{answer: func(int, int) target.Observation { return rejected }}
	results, err := run(t, app, func(c *engine.Config) { c.Patience = 200 * time.Millisecond }, scenario("T1", spec.Present{}))
	if !errors.Is(err, engine.ErrPlain) {
		t.Fatalf("error is %v", err)
	}
	if ended := eventsOf[timeline.Ended](results[0]); len(ended) != 1 || ended[0].Error == "" {
		t.Errorf("the book does not say that the harness failed: %+v", ended)
	}
	if app.stops.Load() != 1 {
		t.Errorf("%d stops", app.stops.Load())
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	app := &scripted{answer: func(_, n int) target.Observation {
		if n == 3 {
			cancel()
		}
		return accepted
	}}
	promise, _ := spec.PromiseByName("strict")
	_, err := engine.Run(ctx, engine.Config{
		Target: app, Promise: promise, Open: local.Opener(local.Config{}),
		Scenarios: []spec.Scenario{scenario("T1", spec.Wait{For: spec.For(time.Hour), Beside: []string{"old"}, Bait: true})},
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	if app.stops.Load() != 1 {
		t.Errorf("%d stops: the app was left running", app.stops.Load())
	}
}

func TestWhatTheTargetCannotDo(t *testing.T) {
	s := scenario("T1", spec.Restart{}, spec.Present{})
	app := &scripted{}
	results, err := run(t, app, nil, s)
	if err != nil {
		t.Fatal(err)
	}
	began := eventsOf[timeline.Began](results[0])
	if len(began) != 1 || len(began[0].Missing) != 1 || app.starts.Load() != 0 {
		t.Errorf("began %+v, %d starts", began, app.starts.Load())
	}
}

func TestRandomKidsComeFromTheSeed(t *testing.T) {
	kids := func(seed uint64) []string {
		results, err := run(t, &scripted{}, func(c *engine.Config) { c.Seed = seed },
			scenario("T1", spec.Present{RandomKID: true, Forge: credential.StrangerKey, Times: 5}))
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, m := range eventsOf[timeline.Minted](results[0])[1:] {
			found = append(found, m.KID)
		}
		return found
	}
	first, again, other := kids(1), kids(1), kids(2)
	if len(first) != 5 || !slices.Equal(first, again) || slices.Equal(first, other) {
		t.Errorf("seed 1: %v, again: %v, seed 2: %v", first, again, other)
	}
}

func TestTogether(t *testing.T) {
	var at, most atomic.Int32
	gate := make(chan struct{})
	app := &scripted{answer: func(_, n int) target.Observation {
		if n == 0 {
			return accepted
		}
		now := at.Add(1)
		for {
			seen := most.Load()
			if now <= seen || most.CompareAndSwap(seen, now) {
				break
			}
		}
		if now == 4 {
			close(gate)
		}
		<-gate
		return accepted
	}}
	results, err := run(t, app, nil, scenario("T1", spec.Present{Key: "old", Times: 4, Together: 4}))
	if err != nil {
		t.Fatal(err)
	}
	if most.Load() != 4 || len(outcomes(results[0], 0)) != 4 {
		t.Errorf("%d at a time, %v", most.Load(), outcomes(results[0], 0))
	}
}

func TestAPromiseThatCannotBeWaitedForIsGlancedAt(t *testing.T) {
	// 24 h are promised and the patience is 300 ms: the wait is no longer.
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	promise, _ := spec.PromiseByName("microsoft")
	_, err := engine.Run(ctx, engine.Config{
		Target: &scripted{}, Promise: promise, Open: local.Opener(local.Config{}), Patience: 300 * time.Millisecond,
		Scenarios: []spec.Scenario{scenario("T1", keyring.Publish{Name: "new"}, spec.Wait{For: spec.Span{Word: "promise.announcement"}, Fetched: "new"})},
	})
	if err != nil {
		t.Errorf("the wait did not end: %v", err)
	}
}

func TestSkewIsWrittenDown(t *testing.T) {
	results, err := run(t, &scripted{}, nil, scenario("T1", command.Skew{By: clock.Duration(5 * time.Minute)}, spec.Present{}))
	if err != nil {
		t.Fatal(err)
	}
	moved := eventsOf[timeline.ClockMoved](results[0])
	if len(moved) != 1 || moved[0].Offset < clock.Duration(5*time.Minute) {
		t.Errorf("clock moved %+v", moved)
	}
}
