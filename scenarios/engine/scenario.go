package engine

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target"
)

const (
	// glance is how long the run looks at what it cannot wait for: a promise
	// that is longer than its patience, or one that is not given.
	glance = 10 * time.Second
	// ending is how long an app, an issuer and the book get to be closed, even
	// when the run was interrupted.
	ending = 10 * time.Second
	// beforeSteps and afterSteps are the steps of what the engine itself presents.
	beforeSteps = -1
)

// play is one scenario being run.
type play struct {
	Config
	scenario spec.Scenario
	site     Site
	instance target.Instance
	words    *words // of the instance

	random sync.Mutex // guards kids
	kids   *rand.Rand

	step int
	late []lateness // keys that came back late
}

// lateness is a key whose tokens were rejected for a while.
type lateness struct {
	key  string
	took time.Duration
}

// errEnded says that the app ended by itself: the scenario is over, and that
// is a finding, not a failure of the harness.
var errEnded = errors.New("the app ended")

// runOne runs one scenario from opening its issuer to closing it.
func (c *Config) runOne(ctx context.Context, s spec.Scenario) (result Result) {
	result.Scenario = s
	began, err := c.began(s)
	if err != nil {
		result.Err = err
		return result
	}
	start := time.Now()
	defer func() {
		if result.Err == nil {
			c.Progress(Progress{ID: s.ID, Step: len(s.Steps), Steps: len(s.Steps), Doing: "done", Done: true, Took: time.Since(start)})
		}
	}()
	if len(began.Missing) > 0 {
		log := timeline.New(clock.System{}, clock.System{}, 0)
		log.Append(timeline.Harness, began)
		log.Append(timeline.Harness, timeline.Ended{})
		result.Entries = log.After(0)
		return result
	}
	if result.Err = context.Cause(ctx); result.Err != nil {
		return result
	}
	c.Progress(Progress{ID: s.ID, Step: beforeSteps, Steps: len(s.Steps), Doing: "starting"})
	site, err := c.Open(ctx, s.Issuer.Keys, c.Audience)
	if err != nil {
		result.Err = fmt.Errorf("%w: %w", errOpen, err)
		return result
	}
	p := &play{Config: *c, scenario: s, site: site, kids: rand.New(rand.NewPCG(c.Seed, hash(s.ID))), step: beforeSteps}
	result.Err = p.run(ctx, began)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), ending)
	defer cancel()
	ended := timeline.Ended{}
	if result.Err != nil {
		ended.Error = result.Err.Error()
	}
	if c.spoilt(result.Err) {
		ended.Error = "the scenarios before left the app so that this one could not begin (restart it, or run this one alone): " + ended.Error
		result.Err = nil
	}
	err = p.record(closing, timeline.Harness, ended)
	// What was still being served is in the book once the issuer is closed.
	closeErr := site.Close()
	entries, readErr := site.Timeline(closing, 0, 0)
	result.Entries = entries
	result.Err = errors.Join(result.Err, err, closeErr, readErr)
	return result
}

// spoilt reports whether an app that the run did not start itself worked once
// and does not begin another scenario: the run has verdicts, and goes on.
func (c *Config) spoilt(err error) bool {
	return c.Target.Kind() == "url" && c.worked.Load() && (errors.Is(err, target.ErrStart) || errors.Is(err, ErrPlain))
}

// run starts the app, plays the steps, looks back and stops the app.
func (p *play) run(ctx context.Context, began timeline.Began) (err error) {
	if err := p.record(ctx, timeline.Harness, began); err != nil {
		return err
	}
	if err := p.start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop(ctx)) }()
	// An app that ends interrupts whatever is waited for.
	playing, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err = p.play(playing, cancel)
	if (errors.Is(err, errEnded) || errors.Is(context.Cause(playing), errEnded)) && ctx.Err() == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

func (p *play) play(ctx context.Context, cancel context.CancelCauseFunc) error {
	stopWatching := p.watch(ctx, cancel)
	defer func() { stopWatching() }()
	if err := p.plain(ctx); err != nil {
		return err
	}
	p.worked.Store(true)
	for i, step := range p.scenario.Steps {
		p.step = i
		p.Progress(Progress{ID: p.scenario.ID, Step: i, Steps: len(p.scenario.Steps), Doing: step.Do.Verb()})
		if _, is := step.Do.(spec.Restart); is {
			stopWatching()
			if err := p.restart(ctx); err != nil {
				return err
			}
			stopWatching = p.watch(ctx, cancel)
			continue
		}
		if err := p.do(ctx, step.Do); err != nil {
			return fmt.Errorf("step %d (%s): %w", i+1, step.Do.Verb(), err)
		}
	}
	p.step = len(p.scenario.Steps)
	p.Progress(Progress{ID: p.scenario.ID, Step: p.step, Steps: p.step, Doing: "looking back"})
	if err := p.hold(ctx); err != nil {
		return err
	}
	lost, err := p.lost(ctx)
	if err != nil || len(lost) == 0 || !p.canRestart() {
		return err
	}
	stopWatching()
	if err := p.restart(ctx); err != nil {
		return err
	}
	stopWatching = p.watch(ctx, cancel)
	return p.presentAfterRestart(ctx, lost)
}

func (p *play) do(ctx context.Context, verb spec.Verb) error {
	switch v := verb.(type) {
	case spec.Present:
		return p.present(ctx, v)
	case spec.Wait:
		return p.wait(ctx, v)
	default: // a command to the issuer: the only verbs that are left
		_, err := p.site.Apply(ctx, command.Command(v))
		return err
	}
}

// start brings up an instance and writes down that it did.
func (p *play) start(ctx context.Context) error {
	began := time.Now()
	said := newWords(func(lines []string) { p.writeDown(ctx, lines) })
	instance, err := p.Target.Start(ctx, p.site.Environment, said.say)
	if err != nil {
		said.close()
		return err
	}
	p.instance, p.words = instance, said
	said.flush()
	return p.record(ctx, timeline.Harness, timeline.TargetStarted{Address: instance.Address(), PID: instance.PID(), Took: duration(time.Since(began))})
}

// watch ends the play when the instance ends by itself. The function that it
// returns stops watching and waits until nobody watches any more.
func (p *play) watch(ctx context.Context, cancel context.CancelCauseFunc) (stop func()) {
	watching, end := context.WithCancel(ctx)
	done := p.instance.Done()
	var watcher sync.WaitGroup
	watcher.Go(func() {
		select {
		case <-watching.Done():
		case <-done:
			cancel(errEnded)
		}
	})
	return func() {
		end()
		watcher.Wait()
	}
}

// dying is how long an app that gave no answer, or its last one, gets to show
// that it has ended: its end is seen a moment after its last connection's.
const dying = 100 * time.Millisecond

// ended reports whether the instance has ended by itself, or does so soon.
func (p *play) ended() bool {
	done := p.instance.Done()
	if done == nil {
		return false
	}
	timer := time.NewTimer(dying)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// stop ends the instance and writes down how it ended. It is the one place
// that does, so that an app which ended by itself is never taken for one that
// was asked to.
func (p *play) stop(ctx context.Context) error {
	if p.instance == nil {
		return nil
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), ending)
	defer cancel()
	stopped := timeline.TargetStopped{Asked: !p.ended()}
	if !stopped.Asked {
		stopped.Detail = "no reason known"
		if err := p.instance.Err(); err != nil {
			stopped.Detail = err.Error()
		}
	}
	if err := p.instance.Stop(stopping); err != nil {
		return fmt.Errorf("stop target: %w", err)
	}
	p.words.close()
	p.instance = nil
	return p.record(stopping, timeline.Harness, stopped)
}

// restart stops the instance and starts another. An app that does not start
// against what the issuer serves by now is a finding, not a failure of the
// harness: it started before.
func (p *play) restart(ctx context.Context) error {
	if err := p.stop(ctx); err != nil {
		return err
	}
	err := p.start(ctx)
	if !errors.Is(err, target.ErrStart) {
		return err
	}
	stopped := timeline.TargetStopped{Detail: "it does not start again: " + err.Error()}
	return errors.Join(errEnded, p.record(ctx, timeline.Harness, stopped))
}

func (p *play) canRestart() bool {
	for _, f := range p.Target.Features() {
		if f == target.Restart {
			return true
		}
	}
	return false
}

func (p *play) record(ctx context.Context, source string, event timeline.Event) error {
	if _, err := p.site.Apply(ctx, command.Record{Source: source, Event: event}); err != nil {
		return fmt.Errorf("write down %s: %w", event.Type(), err)
	}
	return nil
}

func hash(text string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text))
	return h.Sum64()
}

func duration(d time.Duration) clock.Duration { return clock.Duration(d) }
