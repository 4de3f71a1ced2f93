package mockidp

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/oidc"
	"github.com/rollover-harness/rollover/mockidp/profile"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// Issuer is one identity provider. It is safe for concurrent use: requests
// load one immutable state, commands replace it one after the other.
type Issuer struct {
	config Config
	clock  *clock.Skewed
	log    *timeline.Log
	id     string // begins the ids of tokens
	tokens atomic.Uint64

	state atomic.Pointer[state]
	flights
	strangers
	sessions shelf[credential.Request]
	codes    shelf[code]

	mu       sync.Mutex // held while the state is replaced; guards what follows
	listener *listener  // that faults close; nil: there is none
	lent     bool       // the listener is the server's, and the issuer alone on it
	alarm    *time.Timer
	names    int      // of faults that were not given one
	ended    []string // ids of the last faults that ended by themselves
	closed   bool
}

// New makes an issuer that serves Handler; Listen gives it a listener of its
// own. Errors: an unknown profile or algorithm, keys that cannot be.
func New(c Config) (*Issuer, error) {
	return newIssuer(context.Background(), c) //nolint:forbidigo // nothing to wait for where keys come from the pool; Server.Create has a context
}

func newIssuer(ctx context.Context, c Config) (*Issuer, error) {
	c = c.withDefaults()
	if err := (issuer.Spec{Name: c.Name, SAML: c.SAML, Reply: c.Reply, Logout: c.Logout}).Validate(); err != nil {
		return nil, err
	}
	p, err := profile.ByName(c.Profile)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", issuer.ErrSpec, err)
	}
	if c.Tenant == "" {
		c.Tenant = tenant(p, c.Name)
	}
	i := &Issuer{config: c, clock: &clock.Skewed{Base: c.Clock}, id: rand.Text()[:8]}
	i.log = timeline.New(i.clock, c.Clock, c.TimelineLimit)
	at := place{profile: p}
	i.state.Store(&state{place: at})
	ring, moves, err := i.newRing(ctx, 1, i.clock.Now())
	if err != nil {
		return nil, fmt.Errorf("make issuer %s: %w", c.Name, err)
	}
	base := c.Base
	if base == "" {
		base = "http://localhost"
	}
	first, err := newState(i.placeAt(p, base), ring, nil, fault.Table{})
	if err != nil {
		return nil, fmt.Errorf("make issuer %s: %w", c.Name, err)
	}
	i.state.Store(first)
	i.write(timeline.Issuer, timeline.KeyChanged{Generation: ring.Generation, Command: "start", Transitions: moves})
	return i, nil
}

func (i *Issuer) placeAt(p profile.Profile, base string) place {
	site := profile.Site{Base: base, Tenant: i.config.Tenant, Audience: i.config.Audience}
	at := place{profile: p, site: site, endpoints: p.Endpoints(site), minters: mintersOf(p, site, i.config.SAML)}
	at.doors = doors(p, site, at.minters)
	at.doorPaths = slices.Sorted(maps.Keys(at.doors))
	if i.config.Tenant == p.DefaultTenant {
		for _, t := range p.Tenants {
			at.aliases = append(at.aliases, t.Segment)
			alias := site
			alias.Tenant = t.Segment
			maps.Copy(at.doors, doors(p, alias, mintersOf(p, alias, i.config.SAML)))
		}
	}
	at.paths = p.MetadataPaths(site)
	at.metadata = map[string]string{}
	for _, tenant := range append([]string{site.Tenant}, at.aliases...) {
		site.Tenant = tenant
		for _, path := range p.MetadataPaths(site) {
			at.metadata[strings.ToLower(path)] = tenant
		}
	}
	return at
}

// move makes the issuer reachable at another base address. Its keys stay.
func (i *Issuer) move(base string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	former := i.state.Load()
	next, err := newState(i.placeAt(former.place.profile, base), former.snapshot, former.past, former.faults)
	if err != nil {
		return err
	}
	i.state.Store(next)
	return nil
}

// kid names a key in the form of the profile.
func (i *Issuer) kid(m keyring.Material) string { return oidc.KID(i.state.Load().place.profile, m) }

// Name is the issuer's name in the control API.
func (i *Issuer) Name() string { return i.config.Name }

// Tenant is the issuer's path segment.
func (i *Issuer) Tenant() string { return i.config.Tenant }

// URL is the issuer identifier: what an app is configured with as its
// authority or issuer.
func (i *Issuer) URL() string { return i.Endpoints().Issuer }

// Endpoints are the issuer's addresses. They stay the same from Listen on.
func (i *Issuer) Endpoints() profile.Endpoints { return i.state.Load().place.endpoints }

// Info describes the issuer.
func (i *Issuer) Info() issuer.Info {
	e := i.Endpoints()
	return issuer.Info{
		Name: i.config.Name, Profile: i.config.Profile,
		Issuer: e.Issuer, Metadata: e.Metadata, JWKS: e.JWKS,
		FederationMetadata: e.FederationMetadata, SAMLMetadata: e.SAMLMetadata, EntityID: e.EntityID, WSFed: e.WSFed, SAML2: e.SAML2,
	}
}

// Keys describes the keys of the ring, without private material.
func (i *Issuer) Keys(context.Context) (issuer.KeySet, error) {
	return issuer.Keys(i.state.Load().snapshot)
}

// Generation is the number of the key ring's present state; it grows with every
// command that changes keys.
func (i *Issuer) Generation() uint64 { return i.state.Load().snapshot.Generation }

// write puts an event into the book.
func (i *Issuer) write(source string, event timeline.Event) timeline.Entry {
	e := i.log.Append(source, event)
	if i.config.Observe != nil {
		i.config.Observe(event)
	}
	return e
}

// Timeline returns the entries whose Seq is above after; where there is none
// it waits for one, at most for wait. It can be read after Close too, when it has
// all requests that ever came; only to wait for more is issuer.ErrClosed then.
func (i *Issuer) Timeline(ctx context.Context, after uint64, wait time.Duration) ([]timeline.Entry, error) {
	if wait > 0 {
		ctx, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		entries, err := i.log.Wait(ctx, after)
		if errors.Is(err, timeline.ErrEnded) {
			err = fmt.Errorf("wait for entries: %w", issuer.ErrClosed)
		}
		return entries, err
	}
	return i.log.After(after), nil
}

// Close ends the issuer: its listener and all connections are closed, requests
// that are under way are cut. The listener of a Server stays, and answers that the
// issuer is closed; the error is the network's where a fault had closed it and it
// cannot be opened again. When Close returns all requests have ended, and the
// timeline has each of them: one that was not answered yet with status 0. Clients
// that do not read hold it up for a second at most.
func (i *Issuer) Close() error {
	err := i.shut()
	<-i.end()
	i.log.End()
	return err
}

// shut is the part of Close that waits for nobody.
func (i *Issuer) shut() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return nil
	}
	i.closed = true
	if i.alarm != nil {
		i.alarm.Stop()
	}
	// Before the faults let go: what waits in them shall be cut, not answered.
	i.end()
	former := i.state.Load()
	i.state.Store(former.withFaults(fault.Table{}))
	former.faults.Release(fault.Table{})
	own, lent := i.listener, i.lent
	i.listener, i.lent = nil, false
	switch {
	case lent:
		if err := own.open(); err != nil {
			i.write(timeline.Issuer, staysClosed(err))
			return err
		}
	case own != nil:
		own.end()
	}
	return nil
}
