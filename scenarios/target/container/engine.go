// Package container runs an app under test as a container of its image: the
// kind "container". It is the one package that starts containers, for apps and
// for the issuers beside them.
package container

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	words "github.com/containerd/log"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
)

// The errors of the container engine itself, which are wrapped.
var (
	ErrAbsent = errors.New("no container engine answers")
	ErrEngine = errors.New("container engine") // it is there, and does not do what it is asked
)

// making is how long the engine gets to make a container or a network. That it
// is not tied to the run's end is so that nothing is made that nobody knows of.
const making = time.Minute

// Engine is the container engine as one run uses it: everything that is started
// by it is in a network of the run, bears the run's label, and is gone after
// Close. It is safe for concurrent use.
type Engine struct {
	provider *testcontainers.DockerProvider
	client   client.APIClient
	owner    owner
	network  string     // name of the run's
	gateway  string     // the machine's own address in the network; empty where it has none there
	host     string     // where published ports are reached
	publish  netip.Addr // interface that ports are published on
}

// Open finds the engine as testcontainers-go does (DOCKER_HOST, or the usual
// sockets; contexts of the docker command are not looked at), removes what runs
// on this machine left that did not come to their end, and makes a network for
// this one. at is the engine's address where one was asked for, in DOCKER_HOST: no
// other is taken in its place. say is told of what was removed; it may be nil.
// Errors wrap ErrAbsent or ErrEngine.
func Open(ctx context.Context, at string, say func(string)) (*Engine, error) {
	// The libraries' own words are not the run's.
	log.SetDefault(log.NewNoopLogger())
	_ = words.SetLevel("panic")
	found, err := testcontainers.ProviderDefault.GetProvider(testcontainers.WithLogger(log.NewNoopLogger()))
	if err != nil {
		return nil, absent(err)
	}
	provider, is := found.(*testcontainers.DockerProvider) // Podman's is one too
	if !is {
		return nil, fmt.Errorf("%w: %T is none that is known here", ErrEngine, found)
	}
	if prefix := provider.Config().Config.HubImageNamePrefix; prefix != "" {
		return nil, fmt.Errorf("%w: testcontainers-go puts %q before every image, and these are of the engine itself (set TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX to nothing for the run)", ErrEngine, prefix)
	}
	if there := provider.Client().DaemonHost(); at != "" && there != at {
		return nil, fmt.Errorf("%w at DOCKER_HOST, which is %s (the one at %s was not asked for)", ErrAbsent, at, there)
	}
	return open(ctx, provider, say)
}

func open(ctx context.Context, provider *testcontainers.DockerProvider, say func(string)) (*Engine, error) {
	if say == nil {
		say = func(string) {}
	}
	e := &Engine{provider: provider, client: provider.Client(), owner: self(rand.Text()[:8])}
	if _, err := e.client.Ping(ctx, client.PingOptions{}); err != nil {
		return nil, absent(fmt.Errorf("%s: %w", e.client.DaemonHost(), err))
	}
	e.sweep(ctx, say)
	if err := e.findHost(ctx); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEngine, err)
	}
	if err := e.newNetwork(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: make a network for the run: %w", ErrEngine, hinted(err)), e.Close(ctx))
	}
	return e, nil
}

// absent words that no engine answers. The library tries one socket after the
// other, and its error is the last one's, rootless Docker's.
func absent(err error) error {
	if strings.Contains(err.Error(), "rootless Docker not found") {
		err = &worded{"there is none at DOCKER_HOST, nor at the sockets that engines usually have", err}
	}
	return fmt.Errorf("%w: %w (is it running, and may this user talk to it? DOCKER_HOST names another one)", ErrAbsent, err)
}

// hinted says what to do where the reaper, a container of testcontainers-go that
// removes what a killed run left, cannot be had.
func hinted(err error) error {
	if !strings.Contains(err.Error(), "reaper") {
		return err
	}
	return fmt.Errorf("%w (without its image set TESTCONTAINERS_RYUK_DISABLED=true: the next run then removes what a killed one left)", err)
}

// Exposed reports whether published ports, those of issuers too, can be reached
// from other machines: the engine is not on this one's loopback interface.
func (e *Engine) Exposed() bool { return !e.publish.IsLoopback() }

// findHost finds out where published ports are reached, and so on which
// interface they have to be published: the loopback one wherever that will do.
func (e *Engine) findHost(ctx context.Context) error {
	host, err := e.provider.DaemonHost(ctx)
	if err != nil {
		return err
	}
	e.host, e.publish = host, netip.IPv4Unspecified()
	if host == "localhost" {
		e.host = "127.0.0.1"
	}
	if at, err := netip.ParseAddr(e.host); err == nil && at.IsLoopback() {
		e.publish = at
	}
	return nil
}

func (e *Engine) newNetwork(ctx context.Context) error {
	steady, cancel := context.WithTimeout(context.WithoutCancel(ctx), making)
	defer cancel()
	before := addresses()
	e.network = "rollover-" + e.owner.run
	_, err := e.provider.CreateNetwork(steady, testcontainers.NetworkRequest{ //nolint:staticcheck // the function that took its place opens an engine of its own
		Name: e.network, Driver: "bridge", Labels: e.owner.labels(),
	})
	if err != nil {
		return err
	}
	seen, err := e.client.NetworkInspect(steady, e.network, client.NetworkInspectOptions{})
	if err != nil {
		return err
	}
	// An address that this machine had before is of another network: pools are
	// the same wherever an engine runs.
	now := addresses()
	for _, part := range seen.Network.IPAM.Config {
		if at := part.Gateway; at.Is4() && now[at] && !before[at] {
			e.gateway = at.String()
		}
	}
	return context.Cause(ctx)
}

// addresses are those of this machine.
func addresses() map[netip.Addr]bool {
	all := map[netip.Addr]bool{}
	list, _ := net.InterfaceAddrs() // none known is none that the network brought
	for _, a := range list {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil {
			all[prefix.Addr()] = true
		}
	}
	return all
}

// Gateway is the address of this machine in the run's network, where the engine
// runs on this machine itself; empty where it does not, as in a virtual machine.
func (e *Engine) Gateway() string { return e.gateway }

// Join puts a container that serves the run into its network, under an alias.
// Nobody asks for its health: a process every few seconds is much where many
// containers share two processors.
func (e *Engine) Join(alias string) []testcontainers.ContainerCustomizer {
	return []testcontainers.ContainerCustomizer{
		testcontainers.WithLabels(e.owner.labels()),
		testcontainers.WithConfigModifier(func(c *container.Config) { c.Healthcheck = &container.HealthConfig{Test: []string{"NONE"}} }),
		testcontainers.CustomizeRequestOption(func(r *testcontainers.GenericContainerRequest) error {
			r.Networks = []string{e.network}
			r.NetworkAliases = map[string][]string{e.network: {alias}}
			return nil
		}),
	}
}

// at binds a port of a container to one of this machine.
func (e *Engine) at(inside, outside int) func(*container.HostConfig) {
	return func(h *container.HostConfig) {
		port, _ := network.PortFrom(uint16(inside), network.TCP) // 1 to 65535: Config says so
		h.PortBindings = network.PortMap{port: {{HostIP: e.publish, HostPort: fmt.Sprint(outside)}}}
	}
}

// Containers is how many the run has.
func (e *Engine) Containers(ctx context.Context) (int, error) {
	found, err := e.find(ctx, labelRun+"="+e.owner.run)
	return len(found.containers), err
}

// idle lets go of connections to the engine that nobody uses.
func (e *Engine) idle() { _ = e.client.Close() }

// address is host:port as this machine reaches it.
func (e *Engine) address(port int) string {
	return net.JoinHostPort(strings.Trim(e.host, "[]"), fmt.Sprint(port))
}
