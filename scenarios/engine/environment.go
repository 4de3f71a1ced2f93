package engine

import (
	"encoding/base64"
	"encoding/pem"

	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/scenarios/target"
)

// EnvironmentOf is what an app has to know of an issuer, and what somebody would
// have pinned before the scenario begins.
func EnvironmentOf(at issuer.Info, keys issuer.KeySet, audience string) target.Environment {
	e := target.Environment{
		Issuer: at.Issuer, Metadata: at.Metadata, JWKS: at.JWKS, Audience: audience,
		FederationMetadata: text(at.FederationMetadata), SAMLMetadata: text(at.SAMLMetadata),
		EntityID: text(at.EntityID), WSFed: text(at.WSFed), SAML2: text(at.SAML2),
	}
	for _, signs := range []bool{true, false} {
		for _, k := range keys.Keys {
			block, _ := pem.Decode([]byte(k.Certificate))
			if block == nil || !k.State.Served() || (k.State == keyring.Active) != signs {
				continue
			}
			e.Thumbprints = append(e.Thumbprints, k.Thumbprint)
			e.Certificates = append(e.Certificates, base64.StdEncoding.EncodeToString(block.Bytes))
		}
	}
	return e
}

func text(address *string) string {
	if address == nil {
		return ""
	}
	return *address
}
