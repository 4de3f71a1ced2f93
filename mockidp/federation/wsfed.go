package federation

import (
	"time"

	"github.com/beevik/etree"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// trust is a version of WS-Trust. A reader takes any; what differs is the
// namespace, and that 1.3 has a collection around the response (section 4.1 there).
type trust struct{ prefix, namespace, key string }

func trustOf(version string) trust {
	if version == "1.3" {
		const ns = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
		return trust{"trust", ns, ns + "/Bearer"}
	}
	return trust{"t", "http://schemas.xmlsoap.org/ws/2005/02/trust", "http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey"}
}

// WSFed makes the wresult of a WS-Federation sign-in (WS-Federation 1.2 section
// 13): a RequestSecurityTokenResponse with a signed assertion inside, in SAML 2.0
// or 1.1 as r, the administrator or the provider has it; r's Form and JOSE Header
// play no part, for a session does not know over which protocol it will be used, and
// saml.sign none either: the assertion is what is signed. token is the assertion alone.
// The other parameters are those of Mint.
func (m *Minter) WSFed(s keyring.Snapshot, r credential.Request, now time.Time, id string, stranger func() (keyring.Material, error), to Recipient) (wresult string, token credential.Token, err error) {
	if needsSAML(r.Forge) {
		return "", credential.Token{}, errNeedsSAML(r.Forge)
	}
	a, err := m.prepare(s, r, now, id, stranger, to)
	if err != nil {
		return "", credential.Token{}, err
	}
	a.saml.Sign = "assertion"
	signed, err := a.assertion()
	if err != nil {
		return "", credential.Token{}, err
	}
	root, holder := a.tokenResponse(signed)
	a.forgeSigned(root)
	token = a.token(signed)
	a.wrap(holder, signed)
	return string(serialise(root)), token, nil
}

// tokenResponse is the response around an assertion, and the element that holds it.
func (a *assertion) tokenResponse(signed *etree.Element) (root, holder *etree.Element) {
	t := trustOf(a.saml.Trust)
	p := t.prefix + ":"
	if a.saml.Trust == "1.3" {
		root = etree.NewElement(p + "RequestSecurityTokenResponseCollection")
		root.CreateAttr("xmlns:"+t.prefix, t.namespace)
	}
	response := etree.NewElement(p + "RequestSecurityTokenResponse")
	if root == nil {
		root = response
		root.CreateAttr("xmlns:"+t.prefix, t.namespace)
	} else {
		root.AddChild(response)
	}
	lifetime := child(response, p+"Lifetime")
	textChild(lifetime, "wsu:Created", instant(a.notBefore), "xmlns:wsu", wsuNS)
	textChild(lifetime, "wsu:Expires", instant(a.expires), "xmlns:wsu", wsuNS)
	applies := child(child(response, "wsp:AppliesTo", "xmlns:wsp", wspNS), "wsa:EndpointReference", "xmlns:wsa", wsaNS)
	textChild(applies, "wsa:Address", a.audience)
	// No white space before the assertion: passport-wsfed-saml2 takes the first child.
	holder = child(response, p+"RequestedSecurityToken")
	holder.AddChild(signed)

	kind, kindOfID := "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV2.0", "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLID"
	if a.version11 {
		kind, kindOfID = saml11NS, "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.0#SAMLAssertionID"
	}
	if a.shape.SAML.References {
		for _, name := range []string{"RequestedAttachedReference", "RequestedUnattachedReference"} {
			reference := child(child(response, p+name), "SecurityTokenReference", "d3p1:TokenType", kind, "xmlns:d3p1", wsse11NS, "xmlns", wsseNS)
			textChild(reference, "KeyIdentifier", signed.SelectAttrValue(a.idAttribute(), ""), "ValueType", kindOfID)
		}
	}
	textChild(response, p+"TokenType", kind)
	textChild(response, p+"RequestType", t.namespace+"/Issue")
	textChild(response, p+"KeyType", t.key)
	return root, holder
}
