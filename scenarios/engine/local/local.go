// Package local opens issuers in this process, one for each scenario: a fault
// that closes an issuer's listener then hits nobody else.
package local

import (
	"context"
	"fmt"
	"net"
	"net/url"

	"github.com/rollover-harness/rollover/mockidp"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keysource"
	"github.com/rollover-harness/rollover/scenarios/engine"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// Config says what kind of issuers are opened.
type Config struct {
	Profile string // generic (default), entra, adfs
	// Address is where the issuer of a scenario listens; left out: a free port
	// of the loopback interface. An app that is running already was configured
	// for a fixed one: then only one scenario can run at a time.
	Address string
	// Host is the name under which apps in containers reach Address; left out: the address itself.
	Host string
	// TLS serves https where not nil; CA is the file in which apps find whom to trust then.
	TLS *mockidp.Authority
	CA  string
	// SAML is how assertions are signed and written, as an administrator configured
	// it for the app; a step may say otherwise.
	SAML credential.SAML
	// Source gives the keys; nil is the process's shared one.
	Source *keysource.Source
}

// Opener returns what the engine opens issuers with. They share one gate, so
// that documents answer while the tokens of all scenarios are signed.
func Opener(c Config) engine.Opener {
	gate := mockidp.NewGate()
	address := c.Address
	if address == "" {
		address = "127.0.0.1:0"
	}
	return func(ctx context.Context, declared []spec.Key, audience string) (engine.Site, error) {
		config := mockidp.Config{Profile: c.Profile, Audience: audience, Host: c.Host, TLS: c.TLS, SAML: c.SAML, Source: c.Source, Gate: gate}
		for _, k := range declared {
			config.Keys = append(config.Keys, mockidp.Key{Name: k.Name, Alg: k.Alg, KID: k.KID, State: k.State})
		}
		issuer, err := mockidp.New(config)
		if err != nil {
			return engine.Site{}, fmt.Errorf("make issuer: %w", err)
		}
		if err := issuer.Listen(address); err != nil {
			_ = issuer.Close()
			return engine.Site{}, err
		}
		keys, err := issuer.Keys(ctx)
		if err != nil {
			_ = issuer.Close()
			return engine.Site{}, err
		}
		environment := engine.EnvironmentOf(issuer.Info(), keys, audience)
		environment.CA = c.CA
		if c.Host != "" {
			// Only the app knows that name.
			if environment.Reach, err = reach(issuer.Info().JWKS, address); err != nil {
				_ = issuer.Close()
				return engine.Site{}, err
			}
		}
		return engine.Site{Issuer: issuer, Environment: environment, Close: issuer.Close}, nil
	}
}

// reach says that the host and port of url are at the address that was listened on.
func reach(of, address string) (map[string]string, error) {
	at, err := url.Parse(of)
	if err != nil {
		return nil, fmt.Errorf("find out where the issuer is: %w", err)
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("find out where the issuer is: %w", err)
	}
	return map[string]string{at.Host: net.JoinHostPort(host, at.Port())}, nil
}
