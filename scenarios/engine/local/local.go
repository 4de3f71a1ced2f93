// Package local opens issuers in this process, one for each scenario: a fault
// that closes an issuer's listener then hits nobody else.
package local

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"fmt"

	"github.com/rollover-harness/rollover/mockidp"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
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
	return func(ctx context.Context, keys []spec.Key, audience string) (engine.Site, error) {
		config := mockidp.Config{Profile: c.Profile, Audience: audience, SAML: c.SAML, Source: c.Source, Gate: gate}
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
		environment, err := environment(ctx, issuer, audience)
		if err != nil {
			_ = issuer.Close()
			return engine.Site{}, err
		}
		return engine.Site{Issuer: issuer, Environment: environment, Close: issuer.Close}, nil
	}
}

// environment is what an app has to know of the issuer, and what somebody would
// have pinned before the scenario begins.
func environment(ctx context.Context, from *mockidp.Issuer, audience string) (target.Environment, error) {
	at := from.Endpoints()
	e := target.Environment{
		Issuer: at.Issuer, Metadata: at.Metadata, JWKS: at.JWKS, Audience: audience,
		FederationMetadata: text(at.FederationMetadata), SAMLMetadata: text(at.SAMLMetadata),
		EntityID: text(at.EntityID), WSFed: text(at.WSFed), SAML2: text(at.SAML2),
	}
	set, err := from.Keys(ctx)
	if err != nil {
		return e, err
	}
	for _, signs := range []bool{true, false} {
		for _, k := range set.Keys {
			block, _ := pem.Decode([]byte(k.Certificate))
			if block == nil || !k.State.Served() || (k.State == keyring.Active) != signs {
				continue
			}
			e.Thumbprints = append(e.Thumbprints, k.Thumbprint)
			e.Certificates = append(e.Certificates, base64.StdEncoding.EncodeToString(block.Bytes))
		}
	}
	return e, nil
}

func text(address *string) string {
	if address == nil {
		return ""
	}
	return *address
}
