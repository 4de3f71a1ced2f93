// Package inprocess runs an app under test as an http.Handler of this process:
// the kind "inprocess".
package inprocess

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/rollover-harness/rollover/scenarios/probe"
	"github.com/rollover-harness/rollover/scenarios/target"
)

// ErrConfig is wrapped by the errors of New.
var ErrConfig = errors.New("invalid inprocess target")

// App makes the handler of one instance for the issuer in env. ctx ends when
// the instance is stopped, or when whoever starts it loses patience. log may be
// called from any goroutine, one line at a time. shut may be nil; it is called
// once, after the last request.
type App func(ctx context.Context, env target.Environment, log func(line string)) (handler http.Handler, shut func() error, err error)

// Config says how the app is made and asked.
type Config struct {
	Name  string       // what reports call it
	App   App          // makes a handler for each instance
	Probe target.Probe // how a credential is carried to it; nil is a bearer token at /
}

// Target is an app within this process. Each instance is served on a port of
// its own, over real connections.
type Target struct {
	config Config
	grace  time.Duration
}

// New checks the configuration. Its errors wrap ErrConfig.
func New(config Config) (*Target, error) {
	if config.App == nil {
		return nil, fmt.Errorf("%w: no app", ErrConfig)
	}
	if config.Probe == nil {
		config.Probe = probe.Bearer{}
	}
	if err := config.Probe.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return &Target{config: config, grace: grace}, nil
}

// Name implements target.Target.
func (t *Target) Name() string { return t.config.Name }

// Kind implements target.Target.
func (t *Target) Kind() string { return "inprocess" }

// Features implements target.Target.
func (t *Target) Features() []target.Feature {
	return append([]target.Feature{target.Restart, target.Logs}, t.config.Probe.Features()...)
}

// Start implements target.Target.
func (t *Target) Start(ctx context.Context, env target.Environment, log func(line string)) (target.Instance, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("start %s: %w", t.Name(), err)
	}
	// The app's life outlasts the call, but until it is ready ctx may end it.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	release := context.AfterFunc(ctx, end)
	i := &instance{name: t.Name(), book: &book{log: log}, end: end, grace: t.grace, served: make(chan struct{})}
	err := t.launch(life, env, i)
	if !release() && err == nil {
		err = errors.Join(context.Cause(ctx), i.Stop(ctx))
	}
	if err == nil {
		return i, nil
	}
	end()
	i.book.close()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("start %s: %w", t.Name(), errors.Join(context.Cause(ctx), err))
	}
	return nil, fmt.Errorf("start %s: %w: %w%s", t.Name(), target.ErrStart, err, i.book.lastWords())
}

// launch makes the handler and serves it.
func (t *Target) launch(life context.Context, env target.Environment, i *instance) error {
	handler, shut, err := t.handler(life, env, i.book.write)
	if err != nil {
		return err
	}
	i.shut = shut
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, i.shutApp())
	}
	i.address = "http://" + listener.Addr().String()
	if i.session, err = t.config.Probe.Open(i.address, env); err != nil {
		return errors.Join(err, listener.Close(), i.shutApp())
	}
	i.server = &http.Server{
		Handler:           guarded(handler, i.book.write),
		BaseContext:       func(net.Listener) context.Context { return life },
		ErrorLog:          log.New(i.book, "", 0),
		ReadHeaderTimeout: probe.DefaultTimeout,
	}
	go func() {
		defer close(i.served)
		_ = i.server.Serve(listener) // always ErrServerClosed: Stop is its only end
	}()
	return nil
}

// handler calls the app. A panic in it is the app's failure, not the harness's.
func (t *Target) handler(life context.Context, env target.Environment, write func(string)) (_ http.Handler, _ func() error, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	handler, shut, err := t.config.App(life, env, write)
	if err == nil && handler == nil {
		err = errors.New("the app made no handler")
	}
	return handler, shut, err
}

// guarded answers a panic of the app with 500, as web frameworks do: net/http
// alone would cut the connection, which says nothing about the app's answer.
func guarded(handler http.Handler, write func(string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler: // the way for an app to cut the connection
				panic(p)
			default:
				text := fmt.Sprintf("panic: %v", p)
				write(text)
				http.Error(w, text, http.StatusInternalServerError)
			}
		}()
		handler.ServeHTTP(w, r)
	})
}
