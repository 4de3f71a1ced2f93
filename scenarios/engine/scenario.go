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
func (c *Config) runOne(ctx context.Context, s spec.Scenario) Result {
	result := Result{Scenario: s}
	began, err := c.began(s)
	if err != nil {
		result.Err = err
		return result
	}
	start := time.Now()
	defer func() {
		c.Progress(Progress{ID: s.ID, Step: len(s.Steps), Steps: len(s.Steps), Doing: "done", Done: true, Took: time.Since(start)})
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
		result.Err = fmt.Errorf("open issuer: %w", err)
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
	err = p.record(closing, timeline.Harness, ended)
	entries, readErr := site.Timeline(closing, 0, 0)
	result.Entries = entries
	result.Err = errors.Join(result.Err, err, readErr, site.Close())
	return result
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
	if errors.Is(context.Cause(playing), errEnded) && ctx.Err() == nil {
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
	instance, err := p.Target.Start(ctx, p.site.Environment, func(line string) {
		// A line that cannot be written down is a failure of the issuer, which
		// the next step meets.
		_ = p.record(context.WithoutCancel(ctx), timeline.App, timeline.Note{Text: line})
	})
	if err != nil {
		return err
	}
	p.instance = instance
	return p.record(ctx, timeline.Harness, timeline.TargetStarted{Address: instance.Address(), PID: instance.PID(), Took: duration(time.Since(began))})
}

// watch ends the play when the instance ends by itself. The function that it
// returns stops watching and waits until nobody watches any more.
func (p *play) watch(ctx context.Context, cancel context.CancelCauseFunc) (stop func()) {
	watching, end := context.WithCancel(ctx)
	instance := p.instance
	var watcher sync.WaitGroup
	watcher.Go(func() {
		select {
		case <-watching.Done():
		case <-instance.Done():
			detail := "no reason known"
			if err := instance.Err(); err != nil {
				detail = err.Error()
			}
			_ = p.record(context.WithoutCancel(ctx), timeline.Harness, timeline.TargetStopped{Detail: detail})
			cancel(errEnded)
		}
	})
	return func() {
		end()
		watcher.Wait()
	}
}

func (p *play) stop(ctx context.Context) error {
	if p.instance == nil {
		return nil
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), ending)
	defer cancel()
	gone := false
	select {
	case <-p.instance.Done():
		gone = true
	default:
	}
	if err := p.instance.Stop(stopping); err != nil {
		return fmt.Errorf("stop target: %w", err)
	}
	p.instance = nil
	if gone {
		return nil
	}
	return p.record(stopping, timeline.Harness, timeline.TargetStopped{Asked: true})
}

func (p *play) restart(ctx context.Context) error {
	if err := p.stop(ctx); err != nil {
		return err
	}
	if err := p.start(ctx); err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	return nil
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
