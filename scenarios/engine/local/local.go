// Package local opens issuers in this process, one for each scenario: a fault
// that closes an issuer's listener then hits nobody else.
package local

import (
	"context"
	"fmt"

	"github.com/rollover-harness/rollover/mockidp"
	"github.com/rollover-harness/rollover/mockidp/keysource"
	"github.com/rollover-harness/rollover/scenarios/engine"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target"
)

// Config says what kind of issuers are opened.
type Config struct {
	Profile string // generic (default), entra
	// Address is where the issuer of a scenario listens; left out: a free port
	// of the loopback interface. An app that is running already was configured
	// for a fixed one: then only one scenario can run at a time.
	Address string
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
	return func(_ context.Context, keys []spec.Key, audience string) (engine.Site, error) {
		config := mockidp.Config{Profile: c.Profile, Audience: audience, Source: c.Source, Gate: gate}
		for _, k := range keys {
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
		at := issuer.Endpoints()
		environment := target.Environment{Issuer: at.Issuer, Metadata: at.Metadata, JWKS: at.JWKS, Audience: audience}
		if at.FederationMetadata != nil {
			environment.FederationMetadata = *at.FederationMetadata
		}
		if at.SAMLMetadata != nil {
			environment.SAMLMetadata = *at.SAMLMetadata
		}
		return engine.Site{Issuer: issuer, Environment: environment, Close: issuer.Close}, nil
	}
}
