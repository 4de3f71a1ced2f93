// Package testcontainer starts the mock issuer in a container, for tests of
// apps, with testcontainers-go. The issuer is for tests only: its private keys
// are public.
package testcontainer

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

// The ports of the image. Apps talk to the protocol port, whoever reaches the
// control port commands the issuers.
const (
	protocolPort = "8400/tcp"
	controlPort  = "8401/tcp"
)

// poll is how often a container that starts is asked whether it is up: the
// issuer needs some ten milliseconds.
const poll = 10 * time.Millisecond

// answers reports whether the control listener is up by the status that it
// answers with: 403 where testcontainers-go asks for it by a name.
func answers(status int) bool { return status == http.StatusOK || status == http.StatusForbidden }

// Run starts the image img and makes the issuers in it: one of the name
// default, or those of WithIssuers. When it returns they answer. Their
// addresses are right for this machine, or begin as WithBase says.
//
// Both ports are published on free ports of the loopback interface where the
// engine is on this machine, else on all interfaces of the engine's.
//
// An image that the engine does not have is pulled, for as long as ctx allows.
// Where a container was made it is returned beside the error, for
// testcontainers.TerminateContainer.
func Run(ctx context.Context, img string, opts ...testcontainers.ContainerCustomizer) (*Container, error) {
	o, err := collect(opts)
	if err != nil {
		return nil, fmt.Errorf("run mockidp: %w", err)
	}
	on, err := findEngine(ctx)
	if err != nil {
		return nil, fmt.Errorf("run mockidp: %w", err)
	}
	host, err := o.host(on)
	if err != nil {
		return nil, fmt.Errorf("run mockidp: %w", err)
	}
	c := &Container{options: o, engine: on, initial: o.address(net.JoinHostPort(cmp.Or(host, "localhost"), "8400"))}
	all := []testcontainers.ContainerCustomizer{
		testcontainers.WithExposedPorts(protocolPort, controlPort),
		testcontainers.WithHostConfigModifier(on.publish),
		testcontainers.WithWaitStrategy(wait.ForHTTP("/healthz").WithPort(controlPort).WithStatusCodeMatcher(answers).WithPollInterval(poll).WithForcedIPv4LocalHost()),
	}
	all = append(all, opts...)
	// Last, so that no option takes them away.
	all = append(all,
		testcontainers.WithCmdArgs(o.arguments(host)...),
		testcontainers.WithAdditionalLifecycleHooks(testcontainers.ContainerLifecycleHooks{
			PostReadies: []testcontainers.ContainerHook{c.makeIssuers},
		}),
	)
	started, err := testcontainers.Run(ctx, img, all...)
	if started == nil {
		return nil, fmt.Errorf("run mockidp: image %q: %w", img, err)
	}
	c.Container = started
	if err != nil {
		return c, fmt.Errorf("run mockidp: %w", err)
	}
	return c, nil
}
