package issuer

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// Info is where an issuer is found. Addresses are absolute.
type Info struct {
	Name               string  `json:"name"`
	Profile            string  `json:"profile"`
	Issuer             string  `json:"issuer"`   // the issuer identifier: iss of its tokens
	Metadata           string  `json:"metadata"` // OpenID Connect discovery document
	JWKS               string  `json:"jwks"`
	FederationMetadata *string `json:"federationMetadata"` // nil: the profile has none
	SAMLMetadata       *string `json:"samlMetadata"`       // likewise, and so below
	EntityID           *string `json:"entityID"`           // its name in assertions
	WSFed              *string `json:"wsfed"`              // where people sign in by WS-Federation
	SAML2              *string `json:"saml2"`              // where people sign in by SAML 2.0
}

// KeySet is the ring as it may be shown: never private material.
type KeySet struct {
	Generation uint64 `json:"generation"`
	Keys       []Key  `json:"keys"` // all of them, unserved ones too, in document order
}

// Key is one key of a KeySet.
type Key struct {
	Name             string          `json:"name"`
	KID              string          `json:"kid"`
	Alg              string          `json:"alg"`
	State            keyring.State   `json:"state"`
	Compromised      bool            `json:"compromised,omitempty"`
	Thumbprint       string          `json:"thumbprint"`       // SHA-1 of the certificate, upper-case hex as WIF prints it
	ThumbprintSHA256 string          `json:"thumbprintSHA256"` // SHA-256, likewise
	Certificate      string          `json:"certificate"`      // PEM
	PublicKey        json.RawMessage `json:"publicKey"`        // JWK (RFC 7517)
}

// Keys describes the keys of s.
func Keys(s keyring.Snapshot) (KeySet, error) {
	set := KeySet{Generation: s.Generation, Keys: []Key{}}
	for _, k := range s.Keys() {
		jwk := jose.JSONWebKey{Key: k.Signer.Public(), KeyID: k.KID, Algorithm: k.Alg, Use: "sig"}
		public, err := jwk.MarshalJSON()
		if err != nil {
			return KeySet{}, fmt.Errorf("describe key %q: %w", k.Name, err)
		}
		shown := Key{Name: k.Name, KID: k.KID, Alg: k.Alg, State: k.State, Compromised: k.Compromised, PublicKey: public}
		if k.Certificate != nil {
			shown.Thumbprint, shown.ThumbprintSHA256, shown.Certificate = thumbprints(k.Certificate)
		}
		set.Keys = append(set.Keys, shown)
	}
	return set, nil
}

func thumbprints(c *x509.Certificate) (sha1Hex, sha256Hex, text string) {
	short, long := sha1.Sum(c.Raw), sha256.Sum256(c.Raw)
	var block bytes.Buffer
	_ = pem.Encode(&block, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}) // a Buffer takes everything
	return strings.ToUpper(hex.EncodeToString(short[:])), strings.ToUpper(hex.EncodeToString(long[:])), block.String()
}
