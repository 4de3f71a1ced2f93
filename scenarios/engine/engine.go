// Package engine runs scenarios against a target: it opens an issuer and an
// instance of the app for each, carries out the steps, and writes down what it
// presented and what it was answered. It judges nothing.
package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target"
)

// Issuer is what the engine asks of an issuer, in this process or over its
// control API.
type Issuer interface {
	Apply(ctx context.Context, commands ...command.Command) (command.Result, error)
	Mint(ctx context.Context, r credential.Request) (credential.Credential, error)
	Timeline(ctx context.Context, after uint64, wait time.Duration) ([]timeline.Entry, error)
}

// Site is an issuer that was opened for one scenario.
type Site struct {
	Issuer
	Environment target.Environment
	// Close ends the issuer. Its Timeline can still be read.
	Close func() error
}

// Opener opens an issuer of its own for a scenario.
type Opener func(ctx context.Context, keys []spec.Key, audience string) (Site, error)

// Config says what runs.
type Config struct {
	Target    target.Target
	Scenarios []spec.Scenario
	Promise   spec.Promise
	Open      Opener
	Profile   string // of the issuer, for the book
	Audience  string // of good tokens; default api://default

	// Patience is the longest that the run waits for anything; default 6 min,
	// a little more than the longest cool-down of common libraries.
	Patience time.Duration
	// Parallel is how many scenarios run side by side; 0 is all of them.
	Parallel int
	// Seed is that of everything random: the kids that no key has.
	Seed uint64
	// Tool is the version of the harness, for the book.
	Tool string
	// Progress is told how the run goes on; calls come one at a time. May be nil.
	Progress func(Progress)

	worked *atomic.Bool // an instance accepted a good token in its plain state

	_ struct{}
}

// DefaultPatience is a little more than the longest cool-down of common
// libraries, which is 5 minutes.
const DefaultPatience = 6 * time.Minute

// DefaultAudience is the audience of good tokens where none is given.
const DefaultAudience = "api://default"

// Progress is how far one scenario has come.
type Progress struct {
	ID    string
	Step  int    // of Steps; -1 while it starts
	Steps int    // in all
	Doing string // "starting", the step's verb, "looking back", "done"
	Done  bool
	Took  time.Duration // of the whole scenario, once it is done
}

// Result is one scenario's finished book. Err is set where the harness failed;
// the book then says so too.
type Result struct {
	Scenario spec.Scenario
	Entries  []timeline.Entry
	Err      error
}

// ErrPlain is wrapped by the error of a target that does not do its work
// before anything has happened.
var ErrPlain = errors.New("the app does not accept a good token in its plain state, before any step")

// errOpen is wrapped by the error of an issuer that cannot be had.
var errOpen = errors.New("open issuer")

// Run runs the scenarios side by side and returns their books in the order of
// the scenarios. The error is the first one of the harness, or ctx's; the
// books that were finished are returned with it. Nothing that Run started
// outlives it.
func Run(ctx context.Context, c Config) ([]Result, error) {
	c.defaults()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	results := make([]Result, len(c.Scenarios))
	slots := make(chan struct{}, c.Parallel)
	var running sync.WaitGroup
	for _, i := range c.order() {
		s := c.Scenarios[i]
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			results[i] = c.runOne(ctx, s)
			err := results[i].Err
			switch {
			case err == nil:
			case errors.Is(err, target.ErrStart), errors.Is(err, ErrPlain):
				// Nothing can be learnt of an app that does not come up: the others end too.
				cancel(err)
			case errors.Is(err, errOpen):
				// There will be no verdict: the others would take minutes to say so.
				cancel(fmt.Errorf("scenario %s: %w", s.ID, err))
			}
		})
	}
	running.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return results, cause
	}
	for _, r := range results {
		if r.Err != nil {
			return results, fmt.Errorf("scenario %s: %w", r.Scenario.ID, r.Err)
		}
	}
	return results, nil
}

func (c *Config) defaults() {
	c.worked = new(atomic.Bool)
	if c.Patience == 0 {
		c.Patience = DefaultPatience
	}
	if c.Audience == "" {
		c.Audience = DefaultAudience
	}
	if c.Parallel <= 0 {
		c.Parallel = max(1, len(c.Scenarios))
	}
	if report := c.Progress; report != nil {
		var one sync.Mutex
		c.Progress = func(p Progress) {
			one.Lock()
			defer one.Unlock()
			report(p)
		}
	} else {
		c.Progress = func(Progress) {}
	}
}

// began is the first entry of a scenario's book.
func (c *Config) began(s spec.Scenario) (timeline.Began, error) {
	scenario, err := json.Marshal(s)
	if err != nil {
		return timeline.Began{}, fmt.Errorf("write down scenario %s: %w", s.ID, err)
	}
	promise, err := json.Marshal(c.Promise)
	if err != nil {
		return timeline.Began{}, fmt.Errorf("write down promise: %w", err)
	}
	features := c.Target.Features()
	names := make([]string, len(features))
	for i, f := range features {
		names[i] = string(f)
	}
	return timeline.Began{
		Tool: c.Tool, Seed: c.Seed, Profile: c.Profile, Audience: c.Audience, Scenario: scenario, Promise: promise,
		Patience: duration(c.Patience), Target: timeline.Target{Name: c.Target.Name(), Kind: c.Target.Kind(), Features: names},
		Missing: append(missing(s, features), c.unfit(s)...),
	}, nil
}

// missing says why the scenario does not apply to a target with these features.
func missing(s spec.Scenario, features []target.Feature) []string {
	needs := slices.Clone(s.Needs)
	for _, step := range s.Steps {
		if _, is := step.Do.(spec.Restart); is && !slices.Contains(needs, string(target.Restart)) {
			needs = append(needs, string(target.Restart))
		}
	}
	var reasons []string
	for _, need := range needs {
		if !slices.Contains(features, target.Feature(need)) {
			reasons = append(reasons, fmt.Sprintf("the scenario needs a target with %q, this one has %s", need, list(features)))
		}
	}
	return reasons
}

func list(features []target.Feature) string {
	if len(features) == 0 {
		return "no such features"
	}
	words := make([]string, len(features))
	for i, f := range features {
		words[i] = string(f)
	}
	return strings.Join(words, ", ")
}
