// Package contained opens issuers in containers, one for each scenario, in the
// network where the app is: what the app reads, what a token says and what the
// harness uses is one address.
package contained

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollover-harness/rollover/docker/testcontainer"
	"github.com/rollover-harness/rollover/mockidp/control"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/engine"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target/container"
)

// port is that of the protocol listener in the image.
const port = "8400"

const (
	ending       = 10 * time.Second // that an issuer gets to give its book, and then to go
	making       = time.Minute      // that one gets to start
	startsAtOnce = 3                // issuers being started at a time for each processor
)

// Config says what kind of issuers are opened.
type Config struct {
	Engine  *container.Engine
	Image   string          // of the issuer
	Profile string          // generic (default), entra, adfs
	SAML    credential.SAML // how assertions are signed and written; a step may say otherwise
	TLSIn   string          // where not empty the issuers speak https, and this folder gets a file for each with whom to trust
}

// Opener returns what the engine opens issuers with. Each has a name of its own
// in the run's network.
func Opener(c Config) engine.Opener {
	var opened atomic.Int64
	gate := make(chan struct{}, startsAtOnce*runtime.GOMAXPROCS(0))
	return func(ctx context.Context, keys []spec.Key, audience string) (engine.Site, error) {
		select {
		case gate <- struct{}{}:
			defer func() { <-gate }()
		case <-ctx.Done():
			return engine.Site{}, context.Cause(ctx)
		}
		host := fmt.Sprintf("issuer-%d.rollover.test", opened.Add(1))
		wanted := issuer.Spec{Name: "default", Profile: c.Profile, Audience: audience, SAML: c.SAML}
		for _, k := range keys {
			wanted.Keys = append(wanted.Keys, issuer.KeySpec{Name: k.Name, Alg: k.Alg, KID: k.KID, State: k.State})
		}
		scheme, options := "http://", c.Engine.Join(host)
		if c.TLSIn != "" {
			scheme, options = "https://", append(options, testcontainer.WithTLS())
		}
		options = append(options, testcontainer.WithBase(scheme+net.JoinHostPort(host, port)), testcontainer.WithIssuers(wanted))
		// Not tied to the run's end, so that nothing is made that nobody knows of.
		steady, cancel := context.WithTimeout(context.WithoutCancel(ctx), making)
		defer cancel()
		started, err := testcontainer.Run(steady, c.Image, options...)
		if err == nil {
			err = context.Cause(ctx)
		}
		if err == nil {
			var site engine.Site
			if site, err = c.open(ctx, started, audience, host); err == nil {
				return site, nil
			}
		}
		if started != nil {
			err = errors.Join(err, end(ctx, started))
		}
		return engine.Site{}, err
	}
}

// open looks at an issuer that has started.
func (c Config) open(ctx context.Context, started *testcontainer.Container, audience, host string) (engine.Site, error) {
	info, err := started.Info(ctx)
	if err != nil {
		return engine.Site{}, err
	}
	keys, err := started.Keys(ctx)
	if err != nil {
		return engine.Site{}, err
	}
	published, err := started.HostAddress(ctx)
	if err != nil {
		return engine.Site{}, fmt.Errorf("find published port: %w", err)
	}
	client, err := started.Control(ctx)
	if err != nil {
		return engine.Site{}, err
	}
	environment := engine.EnvironmentOf(info, keys, audience)
	environment.Reach = map[string]string{net.JoinHostPort(host, port): published}
	if c.TLSIn != "" {
		ca, err := started.CA(ctx)
		if err != nil {
			return engine.Site{}, err
		}
		environment.CA = filepath.Join(c.TLSIn, host+".pem")
		if err := os.WriteFile(environment.CA, ca, 0o644); err != nil {
			return engine.Site{}, fmt.Errorf("write down whom the app trusts: %w", err)
		}
	}
	i := &remote{Remote: client.Issuer(info.Name), ended: make(chan struct{})}
	closing := sync.OnceValue(func() error {
		// Whatever ended the run, the book is read and the container is gone.
		steady, cancel := context.WithTimeout(context.WithoutCancel(ctx), ending)
		defer cancel()
		defer client.Close()
		return errors.Join(i.end(steady), end(ctx, started))
	})
	return engine.Site{Issuer: i, Environment: environment, Close: closing}, nil
}

// end removes the issuer's container, whatever has become of the run.
func end(ctx context.Context, started *testcontainer.Container) error {
	steady, cancel := context.WithTimeout(context.WithoutCancel(ctx), ending)
	defer cancel()
	if err := started.Terminate(steady); err != nil {
		return fmt.Errorf("remove the issuer's container: %w", err)
	}
	return nil
}

// remote is an issuer over its control port, whose book can be read after its end.
type remote struct {
	*control.Remote
	ended chan struct{}    // closed once book is whole
	book  []timeline.Entry // written before ended is closed
}

// Timeline implements engine.Issuer.
func (i *remote) Timeline(ctx context.Context, after uint64, wait time.Duration) ([]timeline.Entry, error) {
	select {
	case <-i.ended:
		from := slices.IndexFunc(i.book, func(e timeline.Entry) bool { return e.Seq > after })
		if from < 0 && wait > 0 {
			return nil, fmt.Errorf("wait for entries: %w", issuer.ErrClosed)
		}
		if from < 0 {
			return nil, nil
		}
		return i.book[from:], nil
	default:
		return i.Remote.Timeline(ctx, after, wait)
	}
}

// end ends the issuer and keeps its book.
func (i *remote) end(ctx context.Context) (err error) {
	if i.book, err = i.End(ctx, 0); err == nil {
		close(i.ended)
	}
	return err
}
