// Package process runs an app under test as a child process: the kind "process".
package process

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/scenarios/probe"
	"github.com/rollover-harness/rollover/scenarios/target"
	"github.com/rollover-harness/rollover/scenarios/target/ports"
)

// ErrConfig is wrapped by the errors of New.
var ErrConfig = errors.New("invalid process target")

// Config says how an app is started and asked. Placeholders (target.Environment)
// are filled in in Command, Env and Ready.Path.
type Config struct {
	Name    string            // what reports call it
	Dir     string            // folder that the app starts in and that relative paths start at
	Command []string          // program and arguments; a program without a slash is looked for on PATH
	Env     map[string]string // environment of the app beside Environ
	Environ []string          // environment of the run, as os.Environ has it
	Ready   probe.Ready       // how to see that it has started
	Probe   target.Probe      // how a credential is carried to it; nil is a bearer token at /
	Ports   *ports.Range      // nil is the default range
	Gate    Gate              // may be shared by targets; nil is one of its own with GOMAXPROCS slots
}

// Gate bounds how many apps are being started at a time. Starting a runtime
// keeps a core busy for seconds: ten at once on two cores would all miss the
// time in which they have to be ready. A slot is free again as soon as the app
// is ready or dead.
type Gate chan struct{}

// NewGate makes a gate with room for n starts.
func NewGate(n int) Gate { return make(Gate, n) }

// Target is an app that is started as a process for each instance.
type Target struct {
	config Config
	grace  time.Duration
}

// New checks the configuration. Its errors wrap ErrConfig; nothing is started.
func New(config Config) (*Target, error) {
	if len(config.Command) == 0 || config.Command[0] == "" {
		return nil, fmt.Errorf("%w: no command", ErrConfig)
	}
	if config.Probe == nil {
		config.Probe = probe.Bearer{}
	}
	if err := errors.Join(config.Probe.Validate(), config.Ready.Validate()); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	texts := slices.Concat(config.Command, slices.Collect(maps.Values(config.Env)))
	told := false
	for _, text := range append(slices.Clone(texts), config.Ready.Path) {
		if _, err := (target.Environment{}).Fill(text, target.Own{}); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrConfig, err)
		}
	}
	for _, text := range texts {
		told = told || strings.Contains(text, target.PortPlaceholder)
	}
	if !told {
		return nil, fmt.Errorf("%w: nothing tells the app its port (put %s into env or command; an app with a port of its own is a url target)",
			ErrConfig, target.PortPlaceholder)
	}
	dir, err := filepath.Abs(config.Dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	config.Dir = dir
	if config.Ports == nil {
		config.Ports = &ports.Range{}
	}
	if config.Gate == nil {
		config.Gate = NewGate(runtime.GOMAXPROCS(0))
	}
	return &Target{config: config, grace: grace}, nil
}

// Name implements target.Target.
func (t *Target) Name() string { return t.config.Name }

// Kind implements target.Target.
func (t *Target) Kind() string { return "process" }

// Features implements target.Target.
func (t *Target) Features() []target.Feature {
	return append([]target.Feature{target.Restart, target.Logs}, t.config.Probe.Features()...)
}

// Start implements target.Target.
func (t *Target) Start(ctx context.Context, env target.Environment, log func(line string)) (target.Instance, error) {
	select {
	case t.config.Gate <- struct{}{}:
		defer func() { <-t.config.Gate }()
	case <-ctx.Done():
		return nil, fmt.Errorf("start %s: wait for other starts: %w", t.Name(), context.Cause(ctx))
	}
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("start %s: %w", t.Name(), err)
	}
	i, ready, err := t.launch(env, log)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w: %w", t.Name(), target.ErrStart, err)
	}
	err = ready.Await(ctx, i.address, i.done)
	if err == nil {
		return i, nil
	}
	exit := i.Err() // before Stop: nil unless the app ended by itself
	impatient, cancel := context.WithCancel(ctx)
	cancel() // an app that is not ready is owed no grace
	if stopErr := i.Stop(impatient); stopErr != nil {
		err = errors.Join(err, stopErr)
	}
	return nil, t.failure(ctx, i, exit, err)
}

// failure words why an app that was started is not ready.
func (t *Target) failure(ctx context.Context, i *instance, exit, err error) error {
	command := strings.Join(i.app.Args, " ")
	switch {
	case exit != nil:
		return fmt.Errorf("start %s: %w: %s: %w before it was ready%s", t.Name(), target.ErrStart, command, exit, i.output.LastWords())
	case ctx.Err() != nil:
		return fmt.Errorf("start %s: %s: %w%s", t.Name(), command, err, i.output.LastWords())
	default:
		return fmt.Errorf("start %s: %w: %s: %w (it has to listen on port %d of 127.0.0.1)%s",
			t.Name(), target.ErrStart, command, err, i.port.Number, i.output.LastWords())
	}
}

// launch starts the app on a port of its own. From here on watch ends it all.
func (t *Target) launch(env target.Environment, log func(string)) (_ *instance, _ probe.Ready, err error) {
	ready := t.config.Ready
	port, err := t.config.Ports.Reserve()
	if err != nil {
		return nil, ready, err
	}
	defer func() {
		if err != nil {
			port.Release()
		}
	}()
	own := target.Own{Port: port.Number, URL: fmt.Sprintf("http://127.0.0.1:%d", port.Number)}
	app, err := t.command(env, own)
	if err != nil {
		return nil, ready, err
	}
	if ready.Path, err = env.Fill(ready.Path, own); err != nil {
		return nil, ready, err
	}
	session, err := t.config.Probe.Open(own.URL, env)
	if err != nil {
		return nil, ready, err
	}
	group, err := newGroup()
	if err != nil {
		return nil, ready, err
	}
	output, write, err := capture(log)
	if err != nil {
		group.close()
		return nil, ready, err
	}
	app.Stdout, app.Stderr = write, write
	group.admit(app)
	err = app.Start()
	_ = write.Close() // the app has its own
	if err != nil {
		group.close()
		output.close()
		return nil, ready, fmt.Errorf("%s: %w", strings.Join(app.Args, " "), err)
	}
	i := &instance{
		name: t.Name(), address: own.URL, port: port, app: app, group: group,
		output: output, session: session, grace: t.grace, done: make(chan struct{}),
	}
	go i.watch()
	return i, ready, nil
}

// command is the app's command with the placeholders filled in.
func (t *Target) command(env target.Environment, own target.Own) (*exec.Cmd, error) {
	args := make([]string, len(t.config.Command))
	for n, arg := range t.config.Command {
		filled, err := env.Fill(arg, own)
		if err != nil {
			return nil, err
		}
		args[n] = filled
	}
	// Never nil: exec would take that for the environment of this process.
	environ := append([]string{}, t.config.Environ...)
	for _, name := range slices.Sorted(maps.Keys(t.config.Env)) {
		value, err := env.Fill(t.config.Env[name], own)
		if err != nil {
			return nil, err
		}
		environ = append(environ, name+"="+value)
	}
	program, err := locate(args[0], t.config.Dir, environ)
	if err != nil {
		return nil, err
	}
	return &exec.Cmd{Path: program, Args: args, Dir: t.config.Dir, Env: environ}, nil
}
