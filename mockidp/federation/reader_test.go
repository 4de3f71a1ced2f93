package federation_test

import (
	"crypto/x509"
	"strings"
	"testing"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/rollover-harness/rollover/mockidp/keyring"
)

func parse(t testing.TB, text string) *etree.Element {
	t.Helper()
	document := etree.NewDocument()
	if err := document.ReadFromString(text); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return document.Root()
}

// validate verifies the enveloped signature of one element by the certificates
// that are trusted, and returns what it covers, read from the verified bytes.
func validate(e *etree.Element, trusted ...*x509.Certificate) (*etree.Element, error) {
	context := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: trusted})
	if e.SelectAttr("AssertionID") != nil {
		context.IdAttribute = "AssertionID"
	}
	return context.Validate(e)
}

// holder is what an app looks for assertions in: a SAML response itself, or the
// RequestedSecurityToken of WS-Federation's.
func holder(root *etree.Element) *etree.Element {
	if token := root.FindElement(".//RequestedSecurityToken"); token != nil {
		return token
	}
	return root
}

// soundNames is a sound app: a response that is signed as a whole is believed as
// it was signed, else each assertion at its place that is signed itself. Names are
// read from the bytes that were verified, and whole.
func soundNames(t testing.TB, text string, trusted ...*x509.Certificate) []string {
	t.Helper()
	root := parse(t, text)
	if root.Tag == "Assertion" {
		if e, err := validate(root, trusted...); err == nil {
			return namesIn(e)
		}
		return nil
	}
	if e, err := validate(root, trusted...); err == nil {
		var names []string
		for _, a := range e.SelectElements("Assertion") {
			names = append(names, namesIn(a)...)
		}
		return names
	}
	var names []string
	for _, a := range holder(root).SelectElements("Assertion") {
		if e, err := validate(a.Copy(), trusted...); err == nil {
			names = append(names, namesIn(e)...)
		}
	}
	return names
}

// namesIn are the names in an assertion's own subject and name claim.
func namesIn(assertion *etree.Element) []string {
	var names []string
	for _, path := range []string{
		"./Subject/NameID", "./AttributeStatement/Subject/NameIdentifier", "./AuthenticationStatement/Subject/NameIdentifier",
		"./AttributeStatement/Attribute[@Name='http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name']/AttributeValue",
		"./AttributeStatement/Attribute[@AttributeName='name']/AttributeValue",
	} {
		for _, e := range assertion.FindElements(path) {
			names = append(names, whole(e))
		}
	}
	return names
}

// whole is all text of an element, comments left out.
func whole(e *etree.Element) string {
	var text strings.Builder
	for _, c := range e.Child {
		if data, is := c.(*etree.CharData); is {
			text.WriteString(data.Data)
		}
	}
	return text.String()
}

// The naive readers: the first assertion that is a child of where assertions
// belong, or the first of the whole text; of its first name the first piece of text.
func firstChild(root *etree.Element) *etree.Element {
	return holder(root).SelectElement("Assertion")
}

func firstAnywhere(e *etree.Element) *etree.Element {
	if e.Tag == "Assertion" {
		return e
	}
	for _, c := range e.ChildElements() {
		if found := firstAnywhere(c); found != nil {
			return found
		}
	}
	return nil
}

func naiveName(assertion *etree.Element) string {
	if assertion == nil {
		return ""
	}
	e := assertion.FindElement(".//NameID")
	if e == nil {
		e = assertion.FindElement(".//NameIdentifier")
	}
	data, _ := e.Child[0].(*etree.CharData)
	return data.Data // up to the first comment
}

// naiveVerify is what many a library does: it takes the first signature, looks for
// what has the ID that its reference names, wherever it stands, and verifies that.
// It reports whether the text passes.
func naiveVerify(root *etree.Element, trusted ...*x509.Certificate) bool {
	signature := root.FindElement("//Signature")
	if signature == nil {
		return false
	}
	reference := signature.FindElement("./SignedInfo/Reference")
	id := strings.TrimPrefix(reference.SelectAttrValue("URI", ""), "#")
	bare := signature.Copy()
	for _, c := range bare.ChildElements() {
		if c.Tag != "SignedInfo" && c.Tag != "SignatureValue" && c.Tag != "KeyInfo" {
			bare.RemoveChild(c)
		}
	}
	for _, e := range append([]*etree.Element{root}, root.FindElements("//*")...) {
		if e.SelectAttrValue("ID", e.SelectAttrValue("AssertionID", "")) != id {
			continue
		}
		e = e.Copy()
		if own := e.SelectElement("Signature"); own != nil {
			e.RemoveChild(own)
		}
		e.AddChild(bare.Copy())
		if _, err := validate(e, trusted...); err == nil {
			return true
		}
	}
	return false
}

func certificate(t testing.TB, s keyring.Snapshot, name string) *x509.Certificate {
	t.Helper()
	return key(t, s, name).Certificate
}
