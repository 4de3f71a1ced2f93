package suites

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keysource"
	"github.com/rollover-harness/rollover/scenarios/engine"
	"github.com/rollover-harness/rollover/scenarios/engine/local"
	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/probe"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target"
	"github.com/rollover-harness/rollover/scenarios/target/inprocess"
)

// Config says what Run runs.
type Config struct {
	Target    target.Target
	Scenarios []spec.Scenario
	Promise   spec.Promise
	Profile   string          // of the issuer; default generic
	SAML      credential.SAML // how its assertions are signed and written; default the profile's
	Audience  string          // default api://default
	Patience  time.Duration   // default engine.DefaultPatience
	Seed      uint64
	// Source gives the keys; nil is the process's shared one. Runs that each have one
	// of their own begin at the start of its pool and generate nothing.
	Source *keysource.Source
	// Open opens the issuers, of that profile; nil: in this process, on the loopback interface.
	Open engine.Opener
}

// Run carries scenarios out against a target, side by side, with an issuer for
// each, and judges them. The verdicts are by scenario id.
func Run(ctx context.Context, c Config) (map[string]oracle.Verdict, error) {
	open := c.Open
	if open == nil {
		open = local.Opener(local.Config{Profile: c.Profile, SAML: c.SAML, Source: c.Source})
	}
	results, err := engine.Run(ctx, engine.Config{
		Target: c.Target, Scenarios: c.Scenarios, Promise: c.Promise, Profile: c.Profile, Audience: c.Audience,
		Patience: c.Patience, Seed: c.Seed, Tool: "suites",
		Open: open,
	})
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", c.Target.Name(), err)
	}
	verdicts := make(map[string]oracle.Verdict, len(results))
	for _, r := range results {
		v, err := oracle.Judge(r.Entries)
		if err != nil {
			return nil, fmt.Errorf("run %s: scenario %s: %w", c.Target.Name(), r.Scenario.ID, err)
		}
		verdicts[v.ID] = v
	}
	return verdicts, nil
}

// Handler is a target in this process: app makes the handler of an instance
// for its issuer, path is what demands a bearer token.
func Handler(name, path string, app func(env target.Environment) (http.Handler, error)) (target.Target, error) {
	return inprocess.New(inprocess.Config{
		Name:  name,
		Probe: probe.Bearer{Path: path},
		App: func(_ context.Context, env target.Environment, _ func(string)) (http.Handler, func() error, error) {
			h, err := app(env)
			return h, nil, err
		},
	})
}
