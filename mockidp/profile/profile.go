// Package profile holds the shapes of known providers as data: which documents
// they serve and where, the members of each in their order, the form of a kid,
// and the header and claims of a token. Rendering them is oidc's work.
package profile

import (
	"fmt"
	"strings"
)

// Profile is the shape of one provider.
//
// String values of documents and claims, paths and issuers are templates:
// {base} is the site's address without a slash at its end, {host} the same without
// its scheme, {tenant} the tenant's path segment, {root} what paths begin with (see
// RootSegments), {issuerTenant} the tenant's name in issuers, {issuerTenantURL} that
// name escaped for a path, {tid} its name in tokens, {issuer} the Issuer of the
// Version and {entityID} that of the Federation. Anything else in braces stays.
type Profile struct {
	Name          string
	DefaultTenant string // path segment of the issuer "default"; empty: its own name
	GUIDs         bool   // tenants are GUIDs or domains: an issuer with a mere name gets one made of it
	KID           KIDForm
	Tenants       []Tenant // those that are no issuer of their own; the issuer of the default tenant answers for them too
	Versions      []Version
	Federation    *Federation // nil: the provider has no federation half

	// RootSegments are the segments that the vendor's own paths begin with, where
	// those have no tenant in them: they are the issuer "default"'s, for which {root}
	// is empty. Every further issuer has its name before them: {root} is "/name".
	RootSegments []string
}

// KIDForm is how a provider names its keys.
type KIDForm string

// The forms.
const (
	Thumbprint KIDForm = "thumbprint" // RFC 7638, SHA-256
	X5T        KIDForm = "x5t"        // RFC 7515 section 4.1.7: the certificate's SHA-1
)

// Tenant is a path segment whose names in issuers and tokens differ from it.
type Tenant struct {
	Segment string // {tenant}
	Issuer  string // {issuerTenant}
	Token   string // {tid}
}

// Version is one generation of a provider's endpoints, documents and tokens.
type Version struct {
	Name      string // "v1", "v2"; empty where a provider has but one
	Issuer    string // "issuer" of the discovery document
	Discovery Discovery
	JWKS      JWKS
	Token     Token // what is presented to APIs
	IDToken   Token // what apps sign people in by (OpenID Connect Core 1.0 section 2)
}

// Discovery is an OpenID Connect Discovery 1.0 section 3 document, which is an
// RFC 8414 document at the same time.
type Discovery struct {
	Paths       []string // the first is the one that clients are told
	ContentType string
	Members     []Member // in their order
}

// JWKS is a key set (RFC 7517 section 5).
type JWKS struct {
	Path        string
	ContentType string
	Members     []JWKMember // of each key, in their order
	Issuer      string      // value of JWKIssuer
}

// JWKMember is a member of a JWK.
type JWKMember string

// The members. JWKKey stands for those that make up the public key: n and e, or
// crv, x and y.
const (
	JWKType    JWKMember = "kty"
	JWKUse     JWKMember = "use"
	JWKAlg     JWKMember = "alg"
	JWKID      JWKMember = "kid"
	JWKX5T     JWKMember = "x5t"
	JWKX5TS256 JWKMember = "x5t#S256"
	JWKKey     JWKMember = "n e crv x y"
	JWKX5C     JWKMember = "x5c"
	JWKIssuer  JWKMember = "issuer"
)

// Token is the shape of a JWT.
type Token struct {
	Header []string // of typ, alg, kid, x5t, in their order
	Claims []Member // in their order; a Value of type Source is filled in per token
}

// Member is a member of a JSON object.
type Member struct {
	Name  string
	Value any // string: a template; Source: filled in per token; else as encoding/json writes it
}

// Source is where a claim's value comes from that differs from token to token.
type Source int

// The sources.
const (
	Audience Source = iota + 1
	Subject
	IssuedAt
	NotBefore
	ExpiresAt
	TokenID // unique per token: jti, or the provider's own
)

// Tenant returns the path segment of the issuer of that name.
func (p Profile) Tenant(issuer string) string {
	if issuer == "default" && p.DefaultTenant != "" {
		return p.DefaultTenant
	}
	return issuer
}

// Lookup returns how the tenant with this path segment is named elsewhere.
func (p Profile) Lookup(segment string) Tenant {
	for _, t := range p.Tenants {
		if t.Segment == segment {
			return t
		}
	}
	return Tenant{Segment: segment, Issuer: segment, Token: segment}
}

// Version returns the version of that name; "" is the first, the default.
func (p Profile) Version(name string) (Version, bool) {
	for _, v := range p.Versions {
		if name == "" || v.Name == name {
			return v, true
		}
	}
	return Version{}, false
}

func all() []Profile { return []Profile{generic(), entra(), adfs()} }

// Names lists the profiles, the default first.
func Names() []string {
	var names []string
	for _, p := range all() {
		names = append(names, p.Name)
	}
	return names
}

// ByName returns the profile of that name; "" is generic.
func ByName(name string) (Profile, error) {
	for _, p := range all() {
		if p.Name == name || name == "" {
			return p, nil
		}
	}
	return Profile{}, fmt.Errorf("unknown profile %q (one of %s)", name, strings.Join(Names(), ", "))
}
