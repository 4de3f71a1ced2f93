// Package signers reads which certificates an identity provider signs with, out
// of any document that says so: federation metadata, SAML metadata, a JSON Web
// Key Set, or certificates as PEM, DER or base64. The documents may be hostile.
// An entry that cannot be read is named and hides no other. It is pure: bytes
// in, values out.
package signers

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/rollover-harness/rollover/scenarios/internal/markup"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// Limits of a document.
const (
	MaxBytes = markup.MaxBytes
	maxKeys  = 10_000
	maxTold  = 100 // problems, and oddities
)

// Kind is what a document is.
type Kind string

// The kinds of document.
const (
	FederationMetadata Kind = "federation metadata" // has a role of WS-Federation 1.2
	SAMLMetadata       Kind = "SAML metadata"
	KeySet             Kind = "key set" // RFC 7517
	Certificates       Kind = "certificates"
)

// Document is what was read.
type Document struct {
	Kind         Kind
	Entities     []Entity      // of metadata, in the order of the document
	Certificates []Certificate // each once, however many places it stands in; in the order of the document
	Bare         []Bare        // keys that come without a certificate, and so have no thumbprint
	Problems     []spec.Error  // entries that could not be read
	Oddities     []spec.Error  // what is odd; nothing is lost by it
}

// Entity is one party of metadata.
type Entity struct {
	ID         string // entityID, as served: WIF compares every character of it
	Roles      []Role // each once
	Signed     bool   // whether there is a signature; it is not verified
	SignedBy   string // SHA-1 thumbprint of the certificate that the signature names; empty where it names none
	ValidUntil time.Time
}

// Role is what a key is for: the name of a role in metadata, without the
// endings Type and Descriptor.
type Role string

// The roles that sign tokens. Every other has the name that the document gives it.
const (
	TokenService Role = "SecurityTokenService" // WS-Federation 1.2: what WIF and ASP.NET Core read
	IdentityRole Role = "IDPSSO"               // SAML 2.0
)

// Bare is a key without a certificate.
type Bare struct {
	Place
	Type, Alg string // kty and alg of a JSON Web Key
}

// Place is where a key stands.
type Place struct {
	Entity string // entityID; empty outside of metadata
	Role   Role   // empty outside of metadata
	Use    string // signing, encryption, or empty: both
	KeyID  string // kid, or KeyName
}

// Signs reports whether a key in that place may sign.
func (p Place) Signs() bool { return p.Use != encryption }

const (
	signing    = "signing"
	encryption = "encryption"
)

// Issuers are the entities that sign tokens, by their roles.
func (d Document) Issuers() []Entity {
	var issuers []Entity
	for _, e := range d.Entities {
		if e.TokenRole() != "" {
			issuers = append(issuers, e)
		}
	}
	return issuers
}

// TokenRole is the role whose keys sign an entity's tokens for WIF: that of the
// token service where there is one, else that of SAML; empty where there is neither.
func (e Entity) TokenRole() Role {
	for _, r := range []Role{TokenService, IdentityRole} {
		if slices.Contains(e.Roles, r) {
			return r
		}
	}
	return ""
}

// Template reports whether the entity stands for every tenant of Entra ID:
// its ID has a placeholder, and tokens name the tenant instead.
func (e Entity) Template() bool { return placeholder.MatchString(e.ID) }

// Of is the issuer of one tenant's tokens where the entity stands for every tenant.
func (e Entity) Of(tenant string) string { return placeholder.ReplaceAllLiteralString(e.ID, tenant) }

// Tenant is the placeholder that Entra ID puts where a tenant's id goes.
const Tenant = "{tenantid}"

var placeholder = regexp.MustCompile(`(?i)` + regexp.QuoteMeta(Tenant))

// Signing are the certificates that may sign.
func (d Document) Signing() []Certificate {
	return d.only(func(p Place) bool { return p.Signs() })
}

// SigningTokens are the certificates that may sign tokens of an entity.
func (d Document) SigningTokens(of Entity) []Certificate {
	role := of.TokenRole()
	return d.only(func(p Place) bool { return p.Signs() && p.Entity == of.ID && p.Role == role })
}

func (d Document) only(wanted func(Place) bool) []Certificate {
	var some []Certificate
	for _, c := range d.Certificates {
		if slices.ContainsFunc(c.Places, wanted) {
			some = append(some, c)
		}
	}
	return some
}

// Find is the certificate with that SHA-1 thumbprint (upper-case hex), nil where there is none.
func (d Document) Find(thumbprint string) *Certificate {
	for i := range d.Certificates {
		if d.Certificates[i].SHA1.Hex() == thumbprint {
			return &d.Certificates[i]
		}
	}
	return nil
}

// reader collects a document.
type reader struct {
	name  string
	at    map[string]int // of certificates, by their bytes
	looks int            // for a line
	keys  int
	found Document
}

func newReader(name string, kind Kind) *reader {
	return &reader{name: name, at: map[string]int{}, found: Document{Kind: kind}}
}

// add puts a certificate, or one more place of it.
func (r *reader) add(c Certificate, place Place) {
	i, known := r.at[string(c.DER)]
	if !known {
		i = len(r.found.Certificates)
		r.at[string(c.DER)] = i
		r.found.Certificates = append(r.found.Certificates, c)
	}
	if to := &r.found.Certificates[i]; !slices.Contains(to.Places, place) {
		to.Places = append(to.Places, place)
	}
}

// wrong names what could not be read.
func (r *reader) wrong(e spec.Error) {
	switch told := len(r.found.Problems); {
	case told < maxTold:
		r.found.Problems = append(r.found.Problems, r.named(e))
	case told == maxTold:
		r.found.Problems = append(r.found.Problems, r.named(spec.Error{Cause: fmt.Sprintf("more than %d problems: the rest is not told", maxTold)}))
	}
}

// odd names what could be read, and that others may take amiss.
func (r *reader) odd(e spec.Error) {
	switch told := len(r.found.Oddities); {
	case told < maxTold:
		r.found.Oddities = append(r.found.Oddities, r.named(e))
	case told == maxTold:
		r.found.Oddities = append(r.found.Oddities, r.named(spec.Error{Cause: fmt.Sprintf("more than %d oddities: the rest is not told", maxTold)}))
	}
}

// talkative reports whether another place in the document may be told: to find
// its line costs a look through the document.
func (r *reader) talkative() bool {
	r.looks++
	return r.looks <= 2*maxTold
}

func (r *reader) named(e spec.Error) spec.Error {
	e.File = r.name
	if e.Line == 0 && e.Path == "" {
		e.Path = r.name
	}
	return e
}

// full reports whether there are more keys than are read.
func (r *reader) full() bool {
	r.keys++
	if r.keys == maxKeys+1 {
		r.wrong(spec.Error{Cause: fmt.Sprintf("more than %d keys: the rest was left out", maxKeys)})
	}
	return r.keys > maxKeys
}
