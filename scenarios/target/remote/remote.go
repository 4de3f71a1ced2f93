// Package remote asks an app that runs already: the kind "url".
package remote

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/scenarios/probe"
	"github.com/rollover-harness/rollover/scenarios/target"
)

// ErrConfig is wrapped by the errors of New.
var ErrConfig = errors.New("invalid url target")

// Config says where an app runs and how it is asked.
type Config struct {
	Name  string       // what reports call it
	URL   string       // base URL of the app, http or https
	Ready probe.Ready  // how to see that it is there
	Probe probe.Bearer // how a credential is carried to it
}

// Target is an app that somebody else started. It has one state that all
// scenarios share, so there is one instance at a time: Start waits until the
// former one is stopped.
type Target struct {
	config Config
	turn   chan struct{} // holds a value while there is an instance
}

// New checks the configuration. Its errors wrap ErrConfig; nothing is sent.
func New(config Config) (*Target, error) {
	if err := config.Ready.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if _, err := config.Probe.Open(config.URL); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return &Target{config: config, turn: make(chan struct{}, 1)}, nil
}

// Name implements target.Target.
func (t *Target) Name() string { return t.config.Name }

// Kind implements target.Target.
func (t *Target) Kind() string { return "url" }

// Features implements target.Target: it can neither be restarted nor heard.
func (t *Target) Features() []target.Feature { return nil }

// Start implements target.Target: it sees that the app answers. env is what the
// app was configured for by hand; log is never called.
func (t *Target) Start(ctx context.Context, _ target.Environment, _ func(line string)) (target.Instance, error) {
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("start %s: wait for the scenario before: %w", t.Name(), context.Cause(ctx))
	}
	session, err := t.config.Probe.Open(t.config.URL)
	if err == nil {
		err = t.config.Ready.Await(ctx, t.config.URL, nil)
	}
	if err != nil {
		<-t.turn
		if ctx.Err() != nil {
			return nil, fmt.Errorf("start %s: %w", t.Name(), err)
		}
		return nil, fmt.Errorf("start %s: %w: %w (is it running, and is this its address?)", t.Name(), target.ErrStart, err)
	}
	return &instance{
		address: t.config.URL,
		session: session,
		end:     sync.OnceFunc(func() { session.Close(); <-t.turn }),
	}, nil
}

// instance is the time in which one scenario has the app.
type instance struct {
	address string
	session *probe.Session
	end     func()
}

// Present implements target.Instance.
func (i *instance) Present(ctx context.Context, c credential.Credential) target.Observation {
	return i.session.Present(ctx, c)
}

// Done implements target.Instance: the end of a foreign app cannot be seen.
func (i *instance) Done() <-chan struct{} { return nil }

// Err implements target.Instance.
func (i *instance) Err() error { return nil }

// Stop implements target.Instance: the app goes on, only our connections end.
func (i *instance) Stop(context.Context) error {
	i.end()
	return nil
}

// Address implements target.Instance.
func (i *instance) Address() string { return i.address }

// PID implements target.Instance.
func (i *instance) PID() int { return 0 }
