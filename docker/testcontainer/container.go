package testcontainer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/testcontainers/testcontainers-go"

	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/control"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// Container is a container with issuers in it. Its methods may be called from
// several goroutines; those that name no issuer speak of the first. Their
// errors are those of control.Client, or of the engine where the control port
// cannot be found.
type Container struct {
	testcontainers.Container

	options options
	engine  engine
	initial string                         // base of the issuer that the image starts with
	client  atomic.Pointer[control.Client] // of the latest start; nil before it
}

// Issuer is the issuer identifier: what an app is configured with, and the iss
// of tokens.
func (c *Container) Issuer(ctx context.Context) (string, error) {
	info, err := c.Info(ctx)
	return info.Issuer, err
}

// Info says where the issuer is found: discovery, key set, federation metadata
// and the sign-in endpoints.
func (c *Container) Info(ctx context.Context) (issuer.Info, error) {
	remote, err := c.first(ctx)
	if err != nil {
		return issuer.Info{}, err
	}
	return remote.Info(ctx)
}

// Apply carries out commands as one transaction: keyring.Rotate{}, command.Fault{...}.
func (c *Container) Apply(ctx context.Context, commands ...command.Command) (command.Result, error) {
	remote, err := c.first(ctx)
	if err != nil {
		return command.Result{}, err
	}
	return remote.Apply(ctx, commands...)
}

// Mint makes a token, an assertion or a session, good or forged.
func (c *Container) Mint(ctx context.Context, r credential.Request) (credential.Credential, error) {
	remote, err := c.first(ctx)
	if err != nil {
		return credential.Credential{}, err
	}
	return remote.Mint(ctx, r)
}

// Timeline returns what happened at the issuer: the entries whose Seq is above
// after. Where there is none it waits for one, at most for wait.
func (c *Container) Timeline(ctx context.Context, after uint64, wait time.Duration) ([]timeline.Entry, error) {
	remote, err := c.first(ctx)
	if err != nil {
		return nil, err
	}
	return remote.Timeline(ctx, after, wait)
}

// Keys describes the keys of the issuer, those too that it does not serve.
func (c *Container) Keys(ctx context.Context) (issuer.KeySet, error) {
	remote, err := c.first(ctx)
	if err != nil {
		return issuer.KeySet{}, err
	}
	return remote.Keys(ctx)
}

// HostAddress is host:port of the protocol port on this machine's side, whatever
// the issuers' base is: where to connect to on behalf of somebody who looks for
// that. The port is another one after each start.
func (c *Container) HostAddress(ctx context.Context) (string, error) {
	return published(ctx, c.Container, protocolPort, c.engine.address())
}

// CA returns the PEM of the authority behind the certificate of WithTLS, for an
// app's trust store. It is another one after each start.
func (c *Container) CA(ctx context.Context) ([]byte, error) {
	if !c.options.tls {
		return nil, errors.New("fetch CA: the issuer speaks plain HTTP (run it with WithTLS)")
	}
	client, err := c.Control(ctx)
	if err != nil {
		return nil, err
	}
	return client.CA(ctx)
}

// Control is the client of the container's control port: for issuers beside the
// first, and for what the container has no method for. The container keeps it:
// there is no need to close it.
func (c *Container) Control(ctx context.Context) (*control.Client, error) {
	if client := c.client.Load(); client != nil {
		return client, nil
	}
	// Somebody else started it: a container that is used again by its name.
	client, err := c.connect(ctx, c.Container)
	if err != nil {
		return nil, err
	}
	if !c.client.CompareAndSwap(nil, client) {
		return c.client.Load(), nil
	}
	return client, nil
}

func (c *Container) first(ctx context.Context) (*control.Remote, error) {
	client, err := c.Control(ctx)
	if err != nil {
		return nil, err
	}
	return client.Issuer(c.options.issuers[0].Name), nil
}

// connect returns a client of the control port of started, which is c's
// container, maybe before Run has it.
func (c *Container) connect(ctx context.Context, started testcontainers.Container) (*control.Client, error) {
	host, err := c.engine.resolve(ctx)
	if err != nil {
		return nil, err
	}
	at, err := published(ctx, started, controlPort, host)
	if err != nil {
		return nil, err
	}
	return control.NewClient("http://" + at), nil
}

// published is host:port of a port that is published at host.
func published(ctx context.Context, started testcontainers.Container, port, host string) (string, error) {
	mapped, err := started.MappedPort(ctx, port)
	if err != nil {
		return "", fmt.Errorf("find published port: %w", err)
	}
	return net.JoinHostPort(host, mapped.Port()), nil
}
