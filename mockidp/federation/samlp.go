package federation

import (
	"fmt"
	"time"

	"github.com/beevik/etree"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// Response makes the samlp:Response of a SAML 2.0 sign-in (core section 3.3.3),
// for the POST binding: its SubjectConfirmationData says to whom and in answer to
// what. r's Form, Header and saml.version play no part: it holds SAML 2.0. token is the
// assertion alone. The other parameters are those of Mint.
func (m *Minter) Response(s keyring.Snapshot, r credential.Request, now time.Time, id string, stranger func() (keyring.Material, error), to Recipient) (xml string, token credential.Token, err error) {
	a, err := m.prepare(s, r, now, id, stranger, to)
	if err != nil {
		return "", credential.Token{}, err
	}
	a.version11, a.forSAML = false, true
	a.saml.Sign = signedBy(r.Forge, a.saml.Sign)
	signed, err := a.assertion()
	if err != nil {
		return "", credential.Token{}, err
	}
	root := message("Response", a.issuer, a.id, a.issued, to, a.shape.SAML.Consent)
	root.AddChild(signed)
	if a.signer != nil && a.saml.Sign != "assertion" {
		if err := a.signer.sign(root, "ID", 1); err != nil {
			return "", credential.Token{}, err
		}
	}
	a.forgeSigned(root)
	token = a.token(signed)
	a.wrap(root, signed)
	return string(serialise(root)), token, nil
}

// LogoutResponse says that a sign-out succeeded (SAML 2.0 core section 3.7.2),
// signed for the POST binding by the active key; unsigned where that key signs no
// XML, or none is active.
func (m *Minter) LogoutResponse(s keyring.Snapshot, now time.Time, id string, to Recipient) (xml string, err error) {
	if m.shape == nil {
		return "", fmt.Errorf("%w: the %s profile signs nobody out over SAML", credential.ErrRequest, m.name)
	}
	if err := writable(to.Destination, to.InResponseTo); err != nil {
		return "", err
	}
	root := message("LogoutResponse", m.issuer, id, now, to, m.shape.SAML.Consent)
	if key, found := s.Active(); found && signsXML(key.Material) {
		by := &signer{material: key.Material, certificate: key.Certificate, prefix: m.shape.Prefix, sha1: m.defaults.Algorithm == "rsa-sha1"}
		if err := by.sign(root, "ID", 1); err != nil {
			return "", err
		}
	}
	return string(serialise(root)), nil
}

// message is a response of SAML's protocol that reports success.
func message(name, issuer, id string, issued time.Time, to Recipient, consent string) *etree.Element {
	root := etree.NewElement("samlp:" + name)
	root.CreateAttr("ID", idOf([]byte(name+" "+id)))
	root.CreateAttr("Version", "2.0")
	root.CreateAttr("IssueInstant", instant(issued))
	if to.Destination != "" {
		root.CreateAttr("Destination", to.Destination)
	}
	if consent != "" {
		root.CreateAttr("Consent", consent)
	}
	if to.InResponseTo != "" {
		root.CreateAttr("InResponseTo", to.InResponseTo)
	}
	root.CreateAttr("xmlns:samlp", samlpNS)
	textChild(root, "Issuer", issuer, "xmlns", saml20NS)
	child(child(root, "samlp:Status"), "samlp:StatusCode", "Value", "urn:oasis:names:tc:SAML:2.0:status:Success")
	return root
}
