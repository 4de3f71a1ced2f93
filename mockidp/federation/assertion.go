package federation

import (
	"strings"

	"github.com/beevik/etree"
)

const (
	bearer20 = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
	bearer11 = "urn:oasis:names:tc:SAML:1.0:cm:bearer"
)

// saml20 is the assertion in SAML 2.0 (core section 2.3.3), in the order of
// Microsoft's providers, and where its signature belongs: behind the Issuer.
func (a *assertion) saml20() (root *etree.Element, signature int) {
	shape := a.shape.SAML
	root = etree.NewElement("Assertion")
	root.CreateAttr("ID", idOf([]byte("assertion "+a.id)))
	root.CreateAttr("IssueInstant", instant(a.issued))
	root.CreateAttr("Version", "2.0")
	root.CreateAttr("xmlns", saml20NS)
	textChild(root, "Issuer", a.issuer)

	subject := child(root, "Subject")
	name := textChild(subject, "NameID", a.subject)
	if shape.NameIDFormat != "" {
		name.CreateAttr("Format", shape.NameIDFormat)
	}
	confirmation := child(subject, "SubjectConfirmation", "Method", bearer20)
	if a.forSAML {
		// SAML 2.0 profiles section 4.1.4.2. Over WS-Federation WIF rejects InResponseTo
		// (ID4154) and Recipient (ID4157): there it is left out.
		data := child(confirmation, "SubjectConfirmationData")
		if a.to.InResponseTo != "" {
			data.CreateAttr("InResponseTo", a.to.InResponseTo)
		}
		data.CreateAttr("NotOnOrAfter", instant(a.expires))
		if a.to.Destination != "" {
			data.CreateAttr("Recipient", a.to.Destination)
		}
	}
	conditions := child(root, "Conditions", "NotBefore", instant(a.notBefore), "NotOnOrAfter", instant(a.expires))
	textChild(child(conditions, "AudienceRestriction"), "Audience", a.audience)
	if len(a.attributes) > 0 {
		statement := child(root, "AttributeStatement")
		for _, at := range a.attributes {
			one := child(statement, "Attribute", "Name", at.name)
			for _, v := range at.values {
				textChild(one, "AttributeValue", v)
			}
		}
	}
	authn := child(root, "AuthnStatement", "AuthnInstant", instant(a.issued))
	if shape.Session {
		authn.CreateAttr("SessionIndex", root.SelectAttrValue("ID", ""))
	}
	textChild(child(authn, "AuthnContext"), "AuthnContextClassRef", shape.Context)
	return root, 1
}

// saml11 is the assertion in SAML 1.1 (core section 2.3.2), in the order of AD FS,
// and where its signature belongs: at the end.
func (a *assertion) saml11() (root *etree.Element, signature int) {
	shape := a.shape.SAML
	prefix, xmlns := "", "xmlns"
	if shape.Prefix11 != "" {
		prefix, xmlns = shape.Prefix11+":", "xmlns:"+shape.Prefix11
	}
	root = etree.NewElement(prefix + "Assertion")
	root.CreateAttr("MajorVersion", "1")
	root.CreateAttr("MinorVersion", "1")
	root.CreateAttr("AssertionID", idOf([]byte("assertion "+a.id)))
	root.CreateAttr("Issuer", a.issuer)
	root.CreateAttr("IssueInstant", instant(a.issued))
	root.CreateAttr(xmlns, saml11NS)

	conditions := child(root, prefix+"Conditions", "NotBefore", instant(a.notBefore), "NotOnOrAfter", instant(a.expires))
	textChild(child(conditions, prefix+"AudienceRestrictionCondition"), prefix+"Audience", a.audience)
	subject := func(statement *etree.Element) {
		s := child(statement, prefix+"Subject")
		textChild(s, prefix+"NameIdentifier", a.subject)
		textChild(child(s, prefix+"SubjectConfirmation"), prefix+"ConfirmationMethod", bearer11)
	}
	if len(a.attributes) > 0 {
		statement := child(root, prefix+"AttributeStatement")
		subject(statement)
		for _, at := range a.attributes {
			space, name := split(at.name)
			one := child(statement, prefix+"Attribute", "AttributeName", name, "AttributeNamespace", space)
			for _, v := range at.values {
				textChild(one, prefix+"AttributeValue", v)
			}
		}
	}
	subject(child(root, prefix+"AuthenticationStatement", "AuthenticationMethod", shape.Method, "AuthenticationInstant", instant(a.issued)))
	return root, len(root.Child)
}

// split is a claim's URI as SAML 1.1 writes it: readers join the two by a slash.
// What has no slash gets the namespace that AD FS 1.x had for claims of one's own.
func split(uri string) (space, name string) {
	if i := strings.LastIndexByte(uri, '/'); i > 0 && i < len(uri)-1 {
		return uri[:i], uri[i+1:]
	}
	return "http://schemas.xmlsoap.org/claims", uri
}
