package container

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/moby/moby/api/types/container"
	"github.com/testcontainers/testcontainers-go"

	"github.com/rollover-harness/rollover/scenarios/probe"
	"github.com/rollover-harness/rollover/scenarios/target"
	"github.com/rollover-harness/rollover/scenarios/target/ports"
)

// ErrConfig is wrapped by the errors of New.
var ErrConfig = errors.New("invalid container target")

// caPath is where the CA of an https issuer stands in a container.
const caPath = "/rollover-ca.pem"

// Config says of what image an app is, how it is started and how it is asked.
// Placeholders (target.Environment) are filled in in Command, Env and Ready.Path.
type Config struct {
	Engine  *Engine
	Name    string            // what reports call it
	Dir     string            // folder that relative paths start at
	Image   string            // of the engine or else from its registry; empty: Build
	Build   Build             // what the image is built from
	Port    int               // that the app listens on in the container, on all of its interfaces
	Command []string          // in the place of the image's CMD; empty: that
	Env     map[string]string // beside what the image has
	Files   map[string]string // put into the container before it starts: path there -> path here
	Hosts   map[string]string // names that the app can resolve beside those of the network: name -> address
	Ready   probe.Ready       // how to see that it has started
	Probe   target.Probe      // how a credential is carried to it; nil is a bearer token at /
	Say     func(string)      // told of what takes long before the first start: a build, a download; may be nil
}

// Target is an app of which a container is started for each instance.
type Target struct {
	config Config
	ports  ports.Range
	gate   chan struct{} // bounds how many containers are being started at a time

	preparing sync.Mutex
	image     string // its name; empty until it is known to be there
	id        string // of the image as it was then: the name may move on while the run lasts

	worked atomic.Bool // a container of it was ready once
}

// New checks the configuration. Its errors wrap ErrConfig; nothing is started.
func New(config Config) (*Target, error) {
	if config.Engine == nil {
		return nil, fmt.Errorf("%w: no engine", ErrConfig)
	}
	if (config.Image == "") == (config.Build == Build{}) {
		return nil, fmt.Errorf("%w: one of image and build", ErrConfig)
	}
	if config.Port < 1 || config.Port > 65535 {
		return nil, fmt.Errorf("%w: port %d (1 to 65535)", ErrConfig, config.Port)
	}
	if config.Probe == nil {
		config.Probe = probe.Bearer{}
	}
	if err := errors.Join(config.Probe.Validate(), config.Ready.Validate()); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	for _, text := range slices.Concat(config.Command, slices.Collect(maps.Values(config.Env)), []string{config.Ready.Path}) {
		if _, err := (target.Environment{}).Fill(text, target.Own{}); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrConfig, err)
		}
	}
	files, err := Files(config.Dir, config.Files)
	if err != nil {
		return nil, err
	}
	config.Files = files
	return &Target{config: config, gate: make(chan struct{}, startsAtOnce*runtime.GOMAXPROCS(0))}, nil
}

// Files sees that files that go into a container are there. Relative paths start
// at dir. Errors wrap ErrConfig.
func Files(dir string, files map[string]string) (map[string]string, error) {
	found := map[string]string{}
	for _, to := range slices.Sorted(maps.Keys(files)) {
		from := files[to]
		if !filepath.IsAbs(from) {
			from = filepath.Join(dir, from)
		}
		if at, err := os.Stat(from); err != nil || !at.Mode().IsRegular() {
			return nil, fmt.Errorf("%w: %s, which goes to %s, is not a file here", ErrConfig, from, to)
		}
		found[to] = from
	}
	return found, nil
}

// startsAtOnce is how many containers are being started at a time for each
// processor: the engine waits for the kernel most of the time.
const startsAtOnce = 3

// Name implements target.Target.
func (t *Target) Name() string { return t.config.Name }

// Kind implements target.Target.
func (t *Target) Kind() string { return "container" }

// Features implements target.Target.
func (t *Target) Features() []target.Feature {
	return append([]target.Feature{target.Restart, target.Logs}, t.config.Probe.Features()...)
}

// Start implements target.Target.
func (t *Target) Start(ctx context.Context, env target.Environment, log func(line string)) (target.Instance, error) {
	select {
	case t.gate <- struct{}{}:
		defer func() { <-t.gate }()
	case <-ctx.Done():
		return nil, fmt.Errorf("start %s: wait for other starts: %w", t.Name(), context.Cause(ctx))
	}
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("start %s: %w", t.Name(), err)
	}
	defer t.config.Engine.idle()
	if err := t.Prepare(ctx); err != nil {
		return nil, fmt.Errorf("start %s: %w", t.Name(), err)
	}
	i, ready, err := t.launch(ctx, env, log)
	if err == nil {
		err = ready.Await(ctx, i.address, i.done)
	}
	if err == nil {
		t.worked.Store(true)
		return i, nil
	}
	failed := t.failure(ctx, i, err)
	if i != nil {
		impatient, cancel := context.WithCancel(ctx)
		cancel() // an app that is not ready is owed no grace
		failed = errors.Join(failed, i.Stop(impatient))
	}
	return nil, failed
}

// failure words why an app is not ready. i is nil where there is no container.
func (t *Target) failure(ctx context.Context, i *instance, err error) error {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	var exit error
	words := ""
	if i != nil {
		exit, words = i.Err(), i.output.LastWords()
	}
	switch {
	case exit != nil:
		return fmt.Errorf("start %s: %w: image %s: %w before it was ready%s", t.Name(), target.ErrStart, t.image, exit, words)
	case ctx.Err() != nil:
		return fmt.Errorf("start %s: image %s: %w%s", t.Name(), t.image, err, words)
	case i == nil && t.worked.Load():
		// There is no container of an image that is fine: that is not the app's doing.
		return fmt.Errorf("start %s: %w: image %s: %w", t.Name(), ErrEngine, t.image, err)
	case i == nil:
		return fmt.Errorf("start %s: %w: image %s: %w", t.Name(), target.ErrStart, t.image, err)
	default:
		return fmt.Errorf("start %s: %w: image %s: %w (it has to listen on port %d of all of the container's interfaces)%s",
			t.Name(), target.ErrStart, t.image, err, t.config.Port, words)
	}
}

// portTries is how many ports are tried: they are free on this machine, but the
// engine may be elsewhere, and serve others.
const portTries = 5

// launch starts a container on a port of its own.
func (t *Target) launch(ctx context.Context, env target.Environment, log func(string)) (i *instance, ready probe.Ready, err error) {
	for range portTries {
		i, ready, err = t.launchOnce(ctx, env, log)
		if err == nil || !strings.Contains(err.Error(), "port is already allocated") && !strings.Contains(err.Error(), "address already in use") {
			break
		}
	}
	return i, ready, err
}

// launchOnce starts a container. From here on follow's goroutines end it all.
func (t *Target) launchOnce(ctx context.Context, env target.Environment, log func(string)) (_ *instance, ready probe.Ready, err error) {
	ready = t.config.Ready
	engine := t.config.Engine
	port, err := t.ports.Reserve()
	if err != nil {
		return nil, ready, err
	}
	defer func() {
		if err != nil {
			port.Release()
		}
	}()
	own := target.Own{Port: t.config.Port, URL: "http://" + engine.address(port.Number)}
	request, err := t.request(env, own, port.Number)
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
	steady, cancel := context.WithTimeout(context.WithoutCancel(ctx), making)
	defer cancel()
	made, err := engine.provider.CreateContainer(steady, request)
	i := &instance{name: t.Name(), address: own.URL, port: port, engine: engine, container: made, session: session, done: make(chan struct{})}
	if err == nil {
		err = made.Start(steady)
	}
	if err == nil {
		err = i.follow(ctx, log)
	}
	if err == nil {
		return i, ready, nil
	}
	session.Close()
	err = plain(err)
	if made != nil {
		err = errors.Join(err, remove(ctx, made))
	}
	return nil, ready, err
}

// request is what the engine is asked for.
func (t *Target) request(env target.Environment, own target.Own, outside int) (testcontainers.ContainerRequest, error) {
	r := testcontainers.ContainerRequest{
		Image: t.id, Env: map[string]string{}, Labels: t.config.Engine.owner.labels(),
		ExposedPorts: []string{fmt.Sprintf("%d/tcp", t.config.Port)},
	}
	if env.CA != "" {
		r.Files = append(r.Files, testcontainers.ContainerFile{HostFilePath: env.CA, ContainerFilePath: caPath, FileMode: 0o644})
		env.CA = caPath
	}
	for _, to := range slices.Sorted(maps.Keys(t.config.Files)) {
		from := t.config.Files[to]
		at, err := os.Stat(from)
		if err != nil {
			return r, err
		}
		r.Files = append(r.Files, testcontainers.ContainerFile{HostFilePath: from, ContainerFilePath: to, FileMode: int64(at.Mode().Perm())})
	}
	for _, word := range t.config.Command {
		filled, err := env.Fill(word, own)
		if err != nil {
			return r, err
		}
		r.Cmd = append(r.Cmd, filled)
	}
	for name, value := range t.config.Env {
		filled, err := env.Fill(value, own)
		if err != nil {
			return r, err
		}
		r.Env[name] = filled
	}
	var hosts []string
	for _, name := range slices.Sorted(maps.Keys(t.config.Hosts)) {
		hosts = append(hosts, name+":"+t.config.Hosts[name])
	}
	r.Networks = []string{t.config.Engine.network}
	publish := t.config.Engine.at(t.config.Port, outside)
	r.HostConfigModifier = func(h *container.HostConfig) {
		// The library lets a container without its network start all the same.
		h.NetworkMode = container.NetworkMode(t.config.Engine.network)
		publish(h)
		h.ExtraHosts = hosts
	}
	return r, nil
}

// plain leaves out the library's words in front of the engine's.
func plain(err error) error {
	text := err.Error()
	for _, lead := range []string{"container create: ", "container start: ", "Error response from daemon: "} {
		text = strings.TrimPrefix(text, lead)
	}
	if text == err.Error() {
		return err
	}
	return &worded{text, err}
}

// worded is an error in other words.
type worded struct {
	text string
	err  error
}

func (w *worded) Error() string { return w.text }
func (w *worded) Unwrap() error { return w.err }
