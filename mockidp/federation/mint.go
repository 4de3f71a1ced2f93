package federation

import (
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/profile"
)

// Minter makes assertions of one issuer, and what carries them. It is safe for
// concurrent use. Errors that are the request's fault wrap credential.ErrRequest.
type Minter struct {
	name     string // of the profile
	site     profile.Site
	shape    *profile.Federation // nil: the profile has no federation half
	issuer   string
	fixed    []profile.Member // the shape's attributes with templates filled in
	defaults credential.SAML
}

// Recipient is the app that a sign-in or sign-out is answered to: what its own
// request named.
type Recipient struct {
	Realm        string // wtrealm, or the Issuer of an AuthnRequest: the audience where the request for a credential names none
	Destination  string // the address that the answer is posted to
	InResponseTo string // ID of the request; empty: nobody asked
}

// NewMinter returns a Minter in the profile's shape. defaults are what an
// administrator chose for the app; what they leave open is the profile's.
func NewMinter(p profile.Profile, site profile.Site, defaults credential.SAML) *Minter {
	m := &Minter{name: p.Name, site: site, shape: p.Federation}
	if m.shape == nil {
		return m
	}
	at := p.Expander(site, p.Versions[0])
	m.issuer = at.Expand(m.shape.Issuer)
	for _, a := range m.shape.SAML.Attributes {
		if text, is := a.Value.(string); is {
			a.Value = at.Expand(text)
		}
		m.fixed = append(m.fixed, a)
	}
	m.defaults = defaults.Over(credential.SAML{
		Version: m.shape.SAML.Version, Trust: "2005", Sign: "assertion", Algorithm: "rsa-sha256",
	})
	return m
}

// Mint makes the assertion that r asks for (forms saml11 and saml20) as it stands,
// without a response around it. now is the issuer's time, id a name that no other
// credential has, stranger gives key material outside the ring; it is called for
// credential.StrangerKey and StrangerCertificate alone.
func (m *Minter) Mint(s keyring.Snapshot, r credential.Request, now time.Time, id string, stranger func() (keyring.Material, error)) (credential.Token, error) {
	if r.Form != credential.SAML11 && r.Form != credential.SAML20 {
		return credential.Token{}, fmt.Errorf("%w: form %q is no assertion (saml11, saml20)", credential.ErrRequest, r.Form)
	}
	if len(r.Header) > 0 {
		return credential.Token{}, fmt.Errorf("%w: an assertion has no JOSE header", credential.ErrRequest)
	}
	if needsResponse(r.Forge) {
		return credential.Token{}, fmt.Errorf("%w: %s needs a response around the assertion: present it by signing in", credential.ErrRequest, r.Forge)
	}
	a, err := m.prepare(s, r, now, id, stranger, Recipient{})
	if err != nil {
		return credential.Token{}, err
	}
	a.version11, a.saml.Sign = r.Form == credential.SAML11, "assertion"
	root, err := a.assertion()
	if err != nil {
		return credential.Token{}, err
	}
	a.forgeSigned(root)
	return a.token(root), nil
}

// assertion is an assertion under way: what r asks for, with everything decided.
type assertion struct {
	*Minter
	request    credential.Request
	saml       credential.SAML // nothing in it is open
	version11  bool
	id         string // seed of all IDs
	subject    string
	audience   string
	issued     time.Time
	notBefore  time.Time
	expires    time.Time
	attributes []attribute
	key        keyring.Key // of the ring, in whose name it is signed
	signer     *signer     // nil: unsigned
	kid        string      // as KeyInfo names it
	to         Recipient
	forSAML    bool // it answers over SAML: the subject's confirmation says to whom
}

// prepare decides everything but how the XML is put together.
func (m *Minter) prepare(s keyring.Snapshot, r credential.Request, now time.Time, id string, stranger func() (keyring.Material, error), to Recipient) (*assertion, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	switch {
	case m.shape == nil:
		return nil, fmt.Errorf("%w: the %s profile makes no assertions", credential.ErrRequest, m.name)
	case r.Forge != credential.Genuine && !slices.Contains(credential.SAMLForgeries(), r.Forge):
		return nil, fmt.Errorf("%w: no assertion is forged as %q", credential.ErrRequest, r.Forge)
	}
	at := func(offset *clock.Duration, otherwise time.Duration) time.Time {
		if offset != nil {
			otherwise = time.Duration(*offset)
		}
		return now.Add(otherwise).UTC().Truncate(time.Millisecond)
	}
	a := &assertion{
		Minter: m, request: r, saml: r.SAML.Over(m.defaults), id: id, to: to,
		subject: first(r.Subject, credential.DefaultSubject), audience: first(r.Audience, to.Realm, m.site.Audience),
		issued: at(r.IssuedAt, 0), notBefore: at(r.NotBefore, -m.shape.SAML.Early), expires: at(r.ExpiresIn, credential.DefaultLifetime),
	}
	a.version11 = a.saml.Version == "1.1"
	var err error
	if a.attributes, err = m.attributes(a.subject, r.Claims); err != nil {
		return nil, err
	}
	if err := writable(a.subject, a.audience, to.Destination, to.InResponseTo); err != nil {
		return nil, err
	}
	if a.key, err = credential.SigningKey(s, r.Key); err != nil {
		return nil, err
	}
	return a, a.chooseSigner(s, stranger)
}

// chooseSigner decides who signs and which certificate KeyInfo shows.
func (a *assertion) chooseSigner(s keyring.Snapshot, stranger func() (keyring.Material, error)) error {
	if a.request.Forge == credential.Unsigned {
		return nil
	}
	material, err := a.request.Material(a.key, stranger)
	if err != nil {
		return err
	}
	if !signsXML(material) {
		return fmt.Errorf("%w: key %q is of %s, and XML is signed with RSA keys alone (%s): name one in key", credential.ErrRequest, a.key.Name, a.key.Alg, strings.Join(Algorithms(), ", "))
	}
	a.signer = &signer{material: material, certificate: a.key.Certificate, sha1: a.saml.Algorithm == "rsa-sha1", prefix: a.shape.Prefix}
	a.kid = a.key.KID
	switch {
	case a.request.Forge == credential.StrangerCertificate:
		a.signer.certificate, a.kid = material.Certificate, x5t(material.Certificate)
	case a.saml.KeyInfo == "absent":
		a.signer.certificate, a.kid = nil, ""
	case a.saml.KeyInfo != "":
		other, err := credential.SigningKey(s, a.saml.KeyInfo)
		if err != nil {
			return fmt.Errorf("saml.keyInfo: %w", err)
		}
		a.signer.certificate, a.kid = other.Certificate, other.KID
	}
	return nil
}

// assertion makes the assertion and signs it.
func (a *assertion) assertion() (*etree.Element, error) {
	root, at := a.saml20()
	if a.version11 {
		root, at = a.saml11()
	}
	if a.request.Forge == credential.CommentInName {
		commentNames(root, a.subject)
	}
	if a.signer == nil || a.onlyResponseSigned() {
		return root, nil
	}
	return root, a.signer.sign(root, a.idAttribute(), at)
}

func (a *assertion) idAttribute() string {
	if a.version11 {
		return "AssertionID"
	}
	return "ID"
}

// token says what was made.
func (a *assertion) token(root *etree.Element) credential.Token {
	t := credential.Token{
		Text: string(serialise(root)), Key: a.key.Name, KID: a.kid, Audience: a.audience, Altered: sortedKeys(a.request.Claims),
		IssuedAt: a.issued, NotBefore: a.notBefore, ExpiresAt: a.expires,
	}
	if a.request.Forge == credential.StrangerKey || a.request.Forge == credential.StrangerCertificate {
		t.Key = ""
	}
	return t
}

func x5t(c *x509.Certificate) string {
	digest := sha1.Sum(c.Raw)
	return base64.RawURLEncoding.EncodeToString(digest[:])
}

func first(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}
