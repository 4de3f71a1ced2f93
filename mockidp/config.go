// Package mockidp is an identity provider for tests whose signing keys, clock
// and faults do as they are told: an Issuer for one, a Server for many on one
// listener. It is for tests only: its private keys are public.
package mockidp

import (
	"context"
	"crypto/sha1"
	"fmt"
	"regexp"
	"runtime"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/keysource"
	"github.com/rollover-harness/rollover/mockidp/profile"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// Config says what an Issuer is. The zero value is the issuer "default" of the
// generic profile with one active RS256 key named "initial".
type Config struct {
	Name     string // in the control API; default "default"
	Profile  string // generic (default), entra, adfs
	Audience string // aud of tokens that ask for none; default "api://default"
	Keys     []Key  // the keys to start with

	// Tenant is the issuer's path segment. Left out it is the name; for entra,
	// whose tenants are GUIDs, one that is derived from the name.
	Tenant string
	// Base is the address under which apps reach the issuer, such as
	// http://idp.test:8400; left out: the listener's own. It is needed where
	// Handler is served by somebody else's server.
	Base string
	// Host replaces the listener's address in URLs, the port stays: for apps
	// in containers.
	Host string

	// SAML is how assertions are signed and written where a request says nothing:
	// what an administrator configured for the app.
	SAML credential.SAML
	// Reply is the registered reply address: where sign-ins go of apps that send
	// none. The cookie rollover_reply has precedence.
	Reply string
	// Logout is the registered logout address: where SAML logout responses go.
	// Left out: Reply.
	Logout string

	Source        *keysource.Source // nil: the process's shared one
	Clock         clock.Clock       // that the issuer's clock runs beside, and that windows and elapsed times are measured by; nil: the machine's
	TimelineLimit int               // entries kept, about; 0: all, for a run's life
	Gate          Gate              // bounds signing; nil: one of its own
	TLS           *Authority        // serves https where not nil

	// Observe, where not nil, is called with every event that the issuer writes
	// into its timeline, by whoever caused it: it must not wait.
	Observe func(timeline.Event)
}

// Key is a key that an issuer starts with.
type Key = issuer.KeySpec

func (c Config) withDefaults() Config {
	if c.Name == "" {
		c.Name = "default"
	}
	if c.Profile == "" {
		c.Profile = "generic"
	}
	if c.Audience == "" {
		c.Audience = "api://default"
	}
	if len(c.Keys) == 0 {
		c.Keys = []Key{{Name: "initial"}}
	}
	if c.Source == nil {
		c.Source = keysource.Shared()
	}
	if c.Clock == nil {
		c.Clock = clock.System{}
	}
	if c.Gate == nil {
		c.Gate = NewGate()
	}
	return c
}

var guidOrDomain = regexp.MustCompile(`^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|.*\..*)$`)

// tenant derives the path segment from the issuer's name.
func tenant(p profile.Profile, name string) string {
	segment := p.Tenant(name)
	if !p.GUIDs || segment != name || guidOrDomain.MatchString(name) {
		return segment
	}
	// Apps of a profile with GUIDs for tenants parse them, so a mere name will
	// not do: a name-based UUID (RFC 9562 section 5.5), so that a name keeps its tenant.
	sum := sha1.Sum([]byte("rollover tenant " + name))
	sum[6], sum[8] = sum[6]&0x0f|0x50, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// Gate lets a bounded number of signatures be made at a time, first in first
// out. Signing is all processor time: without it hundreds of signers fill the
// run queues and document requests wait for all of them.
type Gate chan struct{}

// NewGate returns a gate of GOMAXPROCS slots. Issuers of one process share one
// best, as those of a Server do.
func NewGate() Gate { return make(Gate, runtime.GOMAXPROCS(0)) }

func (g Gate) enter(ctx context.Context) error {
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait to sign: %w", ctx.Err())
	}
}

func (g Gate) leave() { <-g }

// stateOf is the state that key number i starts in.
func stateOf(k Key, i int) keyring.State {
	switch {
	case k.State != "":
		return k.State
	case i == 0:
		return keyring.Active
	}
	return keyring.Published
}
