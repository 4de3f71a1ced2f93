// Package remote asks an app that runs already: the kind "url".
package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/timeline"
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
	Probe target.Probe // how a credential is carried to it; nil is a bearer token at /
}

// Target is an app that somebody else started. It has one state that all
// scenarios share, so there is one instance at a time: Start waits until the
// former one is stopped.
type Target struct {
	config Config
	turn   chan struct{} // holds a value while there is an instance
	gone   atomic.Bool   // the last instance was seen to end
}

// New checks the configuration. Its errors wrap ErrConfig; nothing is sent.
func New(config Config) (*Target, error) {
	if config.Probe == nil {
		config.Probe = probe.Bearer{}
	}
	if err := errors.Join(config.Ready.Validate(), config.Probe.Validate(), probe.CheckBase(config.URL)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return &Target{config: config, turn: make(chan struct{}, 1)}, nil
}

// Name implements target.Target.
func (t *Target) Name() string { return t.config.Name }

// Kind implements target.Target.
func (t *Target) Kind() string { return "url" }

// Features implements target.Target: it can neither be restarted nor heard.
func (t *Target) Features() []target.Feature { return t.config.Probe.Features() }

// Start implements target.Target: it sees that the app answers. env is what the
// app was configured for by hand; log is never called.
func (t *Target) Start(ctx context.Context, env target.Environment, _ func(line string)) (target.Instance, error) {
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("start %s: wait for the scenario before: %w", t.Name(), context.Cause(ctx))
	}
	session, err := t.config.Probe.Open(t.config.URL, env)
	ready := t.config.Ready
	if t.gone.Load() {
		ready.Timeout = again
	}
	if err == nil {
		err = ready.Await(ctx, t.config.URL, nil)
	}
	if err != nil {
		<-t.turn
		if ctx.Err() != nil {
			return nil, fmt.Errorf("start %s: %w", t.Name(), err)
		}
		return nil, fmt.Errorf("start %s: %w: %w (is it running, and is this its address?)", t.Name(), target.ErrStart, err)
	}
	t.gone.Store(false)
	i := &instance{address: t.config.URL, session: session, done: make(chan struct{}), gone: &t.gone}
	i.over = sync.OnceFunc(func() { close(i.done) })
	i.end = sync.OnceFunc(func() { session.Close(); i.over(); <-t.turn })
	return i, nil
}

// again is how long an app that ended in the scenario before gets to be back:
// if somebody starts it anew, then at once.
const again = 3 * time.Second

// instance is the time in which one scenario has the app.
type instance struct {
	address string
	session target.Session
	done    chan struct{}
	gone    *atomic.Bool // the target's: the app was seen to end
	over    func()       // closes done
	end     func()       // gives the app to the next scenario
}

// Present implements target.Instance. An app that answered before and refuses
// connections now has ended: that is as much as can be seen of a foreign one.
func (i *instance) Present(ctx context.Context, c credential.Credential) target.Observation {
	o := i.session.Present(ctx, c)
	if o.Outcome == timeline.Unreachable && ctx.Err() == nil && refuses(ctx, i.address) {
		i.gone.Store(true)
		i.over()
	}
	return o
}

// refuses reports whether nobody listens at the URL.
func refuses(ctx context.Context, address string) bool {
	at, err := url.Parse(address)
	if err != nil {
		return false
	}
	port := at.Port()
	if port == "" {
		port = at.Scheme
	}
	connection, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", net.JoinHostPort(at.Hostname(), port))
	if err == nil {
		_ = connection.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// Done implements target.Instance.
func (i *instance) Done() <-chan struct{} { return i.done }

// Err implements target.Instance.
func (i *instance) Err() error {
	if i.gone.Load() {
		return errRefused
	}
	return nil
}

var errRefused = errors.New("it refuses connections and answered before")

// Stop implements target.Instance: the app goes on, only our connections end.
func (i *instance) Stop(context.Context) error {
	i.end()
	return nil
}

// Address implements target.Instance.
func (i *instance) Address() string { return i.address }

// PID implements target.Instance.
func (i *instance) PID() int { return 0 }
