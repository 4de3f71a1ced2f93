package oidc

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/profile"
)

// Minter makes tokens of one issuer. It is safe for concurrent use.
type Minter struct {
	site     profile.Site
	name     string // of the profile
	access   map[string]shape
	identity map[string]shape
}

// shape is a version's token with all filled in that is the same in every one.
type shape struct {
	header []string
	claims object
}

// NewMinter returns a Minter of tokens in the profile's shape.
func NewMinter(p profile.Profile, site profile.Site) *Minter {
	m := &Minter{site: site, name: p.Name, access: map[string]shape{}, identity: map[string]shape{}}
	for i, v := range p.Versions {
		at := p.Expander(site, v)
		m.access[v.Name] = shape{v.Token.Header, objectOf(at, v.Token.Claims)}
		m.identity[v.Name] = shape{v.IDToken.Header, objectOf(at, v.IDToken.Claims)}
		if i == 0 {
			m.access[""], m.identity[""] = m.access[v.Name], m.identity[v.Name]
		}
	}
	return m
}

// Mint makes the token that r asks for. now is the issuer's time, id the unique
// name of the token, and stranger gives key material outside the ring; it is
// called for credential.StrangerKey alone, and its algorithm should be that of
// the key named. Errors that are the request's fault wrap credential.ErrRequest.
func (m *Minter) Mint(s keyring.Snapshot, r credential.Request, now time.Time, id string, stranger func() (keyring.Material, error)) (credential.Token, error) {
	return m.mint(m.access, s, r, now, id, stranger)
}

// MintID is Mint for the token that signs somebody in (OpenID Connect Core 1.0
// section 2). What the flow adds to it, such as the nonce, is among r's claims.
func (m *Minter) MintID(s keyring.Snapshot, r credential.Request, now time.Time, id string, stranger func() (keyring.Material, error)) (credential.Token, error) {
	return m.mint(m.identity, s, r, now, id, stranger)
}

// Preview is what the timeline says of the token that r would get, whichever
// way it is forged: nothing is signed, and Text stays empty.
func (m *Minter) Preview(s keyring.Snapshot, r credential.Request, now time.Time) (credential.Token, error) {
	if err := r.Validate(); err != nil {
		return credential.Token{}, err
	}
	key, err := credential.SigningKey(s, r.Key)
	if err != nil {
		return credential.Token{}, err
	}
	header, claims, err := m.draft(m.access, r, key, key.Alg, now, "")
	if err != nil {
		return credential.Token{}, err
	}
	return describe(r, key, header, claims), nil
}

func (m *Minter) mint(shapes map[string]shape, s keyring.Snapshot, r credential.Request, now time.Time, id string, stranger func() (keyring.Material, error)) (credential.Token, error) {
	if err := r.Validate(); err != nil {
		return credential.Token{}, err
	}
	if r.Form != "" && r.Form != credential.JWT {
		return credential.Token{}, fmt.Errorf("%w: form %q is not made by the %s profile (jwt)", credential.ErrRequest, r.Form, m.name)
	}
	if r.Forge != credential.Genuine && !slices.Contains(credential.JWTForgeries(), r.Forge) {
		return credential.Token{}, fmt.Errorf("%w: no JWT is forged as %q", credential.ErrRequest, r.Forge)
	}
	key, err := credential.SigningKey(s, r.Key)
	if err != nil {
		return credential.Token{}, err
	}
	material, err := r.Material(key, stranger)
	if err != nil {
		return credential.Token{}, err
	}
	header, claims, err := m.draft(shapes, r, key, material.Alg, now, id)
	if err != nil {
		return credential.Token{}, err
	}
	token := describe(r, key, header, claims)
	if token.Text, err = compact(r.Forge, material, header, claims); err != nil {
		return credential.Token{}, err
	}
	return token, nil
}

// draft is the token before it is signed.
func (m *Minter) draft(shapes map[string]shape, r credential.Request, key keyring.Key, alg string, now time.Time, id string) (header, claims object, err error) {
	shape, found := shapes[r.Version]
	if !found {
		return nil, nil, fmt.Errorf("%w: the %s profile has no version %q", credential.ErrRequest, m.name, r.Version)
	}
	header = m.header(shape, key, headerAlg(r.Forge, alg))
	header.override(r.Header)
	claims = m.claims(shape, r, now, id)
	claims.override(r.Claims)
	return header, claims, nil
}

// describe is what the timeline says of a token.
func describe(r credential.Request, key keyring.Key, header, claims object) credential.Token {
	token := credential.Token{
		Key:       key.Name,
		Audience:  audience(claims.value("aud")),
		Altered:   append(sortedKeys(r.Header), sortedKeys(r.Claims)...),
		IssuedAt:  numericDate(claims.value("iat")),
		NotBefore: numericDate(claims.value("nbf")),
		ExpiresAt: numericDate(claims.value("exp")),
	}
	token.KID, _ = header.value("kid").(string)
	if r.Forge == credential.StrangerKey || r.Forge == credential.StrangerCertificate {
		token.Key = ""
	}
	return token
}

func (m *Minter) header(shape shape, key keyring.Key, alg string) object {
	header := make(object, len(shape.header))
	for i, name := range shape.header {
		header[i].Name = name
		switch name {
		case "typ":
			header[i].Value = "JWT"
		case "alg":
			header[i].Value = alg
		case "kid":
			header[i].Value = key.KID
		case "x5t":
			header[i].Value = x5t(key.Material)
		}
	}
	return header
}

func (m *Minter) claims(shape shape, r credential.Request, now time.Time, id string) object {
	at := func(offset *clock.Duration, otherwise time.Duration) int64 {
		if offset != nil {
			otherwise = time.Duration(*offset)
		}
		return now.Add(otherwise).Unix()
	}
	claims := slices.Clone(shape.claims)
	for i := range claims {
		source, is := claims[i].Value.(profile.Source)
		if !is {
			continue
		}
		switch source {
		case profile.Audience:
			claims[i].Value = first(r.Audience, m.site.Audience)
		case profile.Subject:
			claims[i].Value = first(r.Subject, credential.DefaultSubject)
		case profile.IssuedAt:
			claims[i].Value = at(r.IssuedAt, 0)
		case profile.NotBefore:
			claims[i].Value = at(r.NotBefore, 0)
		case profile.ExpiresAt:
			claims[i].Value = at(r.ExpiresIn, credential.DefaultLifetime)
		case profile.TokenID:
			claims[i].Value = id
		}
	}
	return claims
}

func first(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

// audience reads "aud": one string or a list of them (RFC 7519 section 4.1.3).
func audience(claim any) string {
	switch claim := claim.(type) {
	case string:
		return claim
	case []string:
		return strings.Join(claim, " ")
	case []any:
		var words []string
		for _, c := range claim {
			if word, is := c.(string); is {
				words = append(words, word)
			}
		}
		return strings.Join(words, " ")
	}
	return ""
}

// numericDate reads a time (RFC 7519 section 2), in whichever of Go's types the
// request brought the number.
func numericDate(claim any) time.Time {
	var seconds float64
	switch n := claim.(type) {
	case int64:
		seconds = float64(n)
	case int:
		seconds = float64(n)
	case float64:
		seconds = n
	case json.Number:
		f, err := n.Float64()
		if err != nil {
			return time.Time{}
		}
		seconds = f
	default:
		return time.Time{}
	}
	// A date outside the years 1 to 9999 cannot be written into a timeline.
	if whole, part := math.Modf(seconds); whole >= -62135596800 && whole < 253402300800 {
		return time.Unix(int64(whole), int64(part*1e9)).UTC()
	}
	return time.Time{}
}
