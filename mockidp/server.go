package mockidp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/keysource"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// ServerConfig says what the issuers of a Server have in common. Its members
// mean what those of Config do.
type ServerConfig struct {
	Profile       string // of issuers that name none
	Base          string
	Host          string
	Source        *keysource.Source
	Clock         clock.Clock
	TimelineLimit int
	Gate          Gate // nil: one that its issuers share
	TLS           *Authority
	Observe       func(timeline.Event)
}

// Server is any number of issuers on one listener: the path tells them apart.
type Server struct {
	config ServerConfig
	routes atomic.Pointer[routes]

	mu     sync.Mutex // held while the routes are replaced; guards what follows
	base   string
	own    *listener // nil before Listen
	closed bool
}

// routes is immutable.
type routes struct {
	issuers  []*Issuer // in the order in which they were made
	byTenant map[string]*Issuer
}

// NewServer returns a server without issuers.
func NewServer(c ServerConfig) *Server {
	if c.Gate == nil {
		c.Gate = NewGate()
	}
	s := &Server{config: c, base: c.Base}
	s.routes.Store(&routes{})
	return s
}

// Listen serves on address. It is called once; issuers made before it, but for
// those with a base of their own, move to the address that it got. The error is
// http.ErrServerClosed after Close.
func (s *Server) Listen(address string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fmt.Errorf("listen: %w", http.ErrServerClosed)
	}
	if s.own != nil {
		return fmt.Errorf("listen: %w", errors.ErrUnsupported)
	}
	own, err := newListener(address, s.Handler(), s.config.TLS)
	if err != nil {
		return err
	}
	if s.config.Base == "" {
		s.base = baseOf(own.address, s.config.Host, s.config.TLS)
		for _, i := range s.routes.Load().issuers {
			if i.config.Base != "" {
				continue
			}
			if err := i.move(s.base); err != nil {
				own.end()
				return err
			}
		}
	}
	s.own = own
	return s.lend(nil, s.routes.Load().issuers)
}

// lend gives the listener to an issuer that is alone on it, so that a refused
// connection is really one; as soon as there is another it is taken back. The
// caller holds mu.
func (s *Server) lend(former, next []*Issuer) error {
	alone := func(issuers []*Issuer) *Issuer {
		if len(issuers) != 1 {
			return nil
		}
		return issuers[0]
	}
	from, to := alone(former), alone(next)
	if s.own == nil || from == to {
		return nil
	}
	if from != nil {
		if err := from.giveBack(); err != nil {
			return err
		}
	}
	if to != nil {
		return to.take(s.own)
	}
	return s.own.open() // who had it may have gone without having been able to
}

// URL is the base of all issuers' addresses.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.base
}

// Create makes an issuer. Errors wrap issuer.ErrTaken, issuer.ErrSpec, after Close
// http.ErrServerClosed, or are those of New and, where a fault had closed the
// listener and it cannot be opened again, the network's.
func (s *Server) Create(ctx context.Context, spec issuer.Spec) (*Issuer, error) {
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fmt.Errorf("issuer %q: %w", spec.Name, http.ErrServerClosed)
	}
	former := s.routes.Load()
	if _, taken := former.named(spec.Name); taken {
		return nil, fmt.Errorf("issuer %q: %w", spec.Name, issuer.ErrTaken)
	}
	if spec.Profile == "" {
		spec.Profile = s.config.Profile
	}
	i, err := newIssuer(ctx, Config{
		Name: spec.Name, Profile: spec.Profile, Audience: spec.Audience, Keys: spec.Keys, Base: cmp.Or(strings.TrimSuffix(spec.Base, "/"), s.base),
		SAML: spec.SAML, Reply: spec.Reply, Logout: spec.Logout,
		Source: s.config.Source, Clock: s.config.Clock, TimelineLimit: s.config.TimelineLimit, Gate: s.config.Gate,
		Observe: s.config.Observe,
	})
	if err != nil {
		return nil, err
	}
	for _, tenant := range i.tenants() {
		if other, taken := former.byTenant[tenant]; taken {
			return nil, fmt.Errorf("issuer %q: tenant %s is that of %q: %w", spec.Name, tenant, other.Name(), issuer.ErrTaken)
		}
	}
	next := &routes{append(slices.Clone(former.issuers), i), maps.Clone(former.byTenant)}
	if next.byTenant == nil {
		next.byTenant = map[string]*Issuer{}
	}
	for _, tenant := range i.tenants() {
		next.byTenant[tenant] = i
	}
	if err := s.lend(former.issuers, next.issuers); err != nil {
		return nil, err
	}
	s.routes.Store(next)
	return i, nil
}

// Delete closes the issuer of that name: its paths are gone. The error wraps
// issuer.ErrUnknown, or is the network's where a fault had closed the listener and
// it cannot be opened again; the issuer has ended then all the same.
func (s *Server) Delete(name string) error {
	s.mu.Lock()
	former := s.routes.Load()
	i, known := former.named(name)
	if !known {
		s.mu.Unlock()
		return fmt.Errorf("issuer %q: %w", name, issuer.ErrUnknown)
	}
	next := &routes{byTenant: maps.Clone(former.byTenant)}
	for _, other := range former.issuers {
		if other != i {
			next.issuers = append(next.issuers, other)
		}
	}
	maps.DeleteFunc(next.byTenant, func(_ string, other *Issuer) bool { return other == i })
	s.routes.Store(next)
	_ = i.shut() // lend tries again what it could not
	err := s.lend(former.issuers, next.issuers)
	s.mu.Unlock()
	_ = i.Close()
	return err
}

// Issuers returns all issuers, in the order in which they were made.
func (s *Server) Issuers() []*Issuer { return slices.Clone(s.routes.Load().issuers) }

// Issuer returns the issuer of that name.
func (s *Server) Issuer(name string) (*Issuer, bool) { return s.routes.Load().named(name) }

func (r *routes) named(name string) (*Issuer, bool) {
	for _, i := range r.issuers {
		if i.config.Name == name {
			return i, true
		}
	}
	return nil, false
}

// at returns the issuer that a path segment leads to. Segments in another letter
// case lead there too, where it is not another issuer's: federation metadata is
// asked for in any.
func (r *routes) at(segment string) (*Issuer, bool) {
	i, known := r.byTenant[segment]
	if !known {
		i, known = r.byTenant[strings.ToLower(segment)]
	}
	return i, known
}

// Handler serves all issuers.
func (s *Server) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		routes := s.routes.Load()
		if i, known := routes.at(tenantOf(r.URL.Path)); known {
			i.serve(w, r)
			return
		}
		w.Header()["Rollover-Warning"] = warning[:]
		serves := make([]string, 0, len(routes.issuers))
		for _, i := range routes.issuers {
			serves = append(serves, i.state.Load().serves()...)
		}
		problem(w, http.StatusNotFound, "no issuer is here", r.URL.Path, serves)
	})
}

// Close ends the listener and all issuers.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	issuers := s.routes.Swap(&routes{}).issuers
	if s.own != nil {
		s.own.end()
	}
	s.mu.Unlock()
	for _, i := range issuers {
		_ = i.Close()
	}
	return nil
}

// tenants are the path segments that lead to the issuer.
func (i *Issuer) tenants() []string {
	at := i.state.Load().place
	segments := append([]string{i.config.Tenant}, at.aliases...)
	if i.config.Tenant == at.profile.DefaultTenant {
		for _, s := range at.profile.RootSegments {
			segments = append(segments, s, strings.ToLower(s))
		}
	}
	slices.Sort(segments)
	return slices.Compact(segments)
}
