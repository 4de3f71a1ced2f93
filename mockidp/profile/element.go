package profile

// Element is an element of an XML document as data. Names, values and texts are
// written as the provider writes them, prefixes and declarations included: readers
// that resolve xsi:type by hand depend on where xmlns:fed stands.
type Element struct {
	Name     string    // with its prefix, if any
	Attrs    []Attr    // in their order, namespace declarations included; values are templates
	Text     string    // a template, or Certificate
	Children []Element // in their order
	PerKey   bool      // stands once for each served key, in the order of the ring
}

// Attr is an attribute of an Element.
type Attr struct{ Name, Value string }

// Texts of an Element that are filled in from keys: base64 of a DER certificate
// without line breaks.
const (
	Certificate           = "{certificate}"           // of the key that a PerKey ancestor stands for
	EncryptionCertificate = "{encryptionCertificate}" // federation's own, whose private key nobody holds
)

// The namespaces of federation documents.
const (
	metadataNS = "urn:oasis:names:tc:SAML:2.0:metadata"
	samlNS     = "urn:oasis:names:tc:SAML:2.0:assertion"
	dsigNS     = "http://www.w3.org/2000/09/xmldsig#"
	xsiNS      = "http://www.w3.org/2001/XMLSchema-instance"
	fedNS      = "http://docs.oasis-open.org/wsfed/federation/200706"
	authNS     = "http://docs.oasis-open.org/wsfed/authorization/200706"
	wsaNS      = "http://www.w3.org/2005/08/addressing"
	mexNS      = "http://schemas.xmlsoap.org/ws/2004/09/mex"
)

// Words that both of Microsoft's providers use.
const (
	samlProtocol    = "urn:oasis:names:tc:SAML:2.0:protocol"
	bindingPOST     = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
	bindingRedirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
	bindingArtifact = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"
	claims2005      = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
	claims2008      = "http://schemas.microsoft.com/ws/2008/06/identity/claims/"
	claimsIdentity  = "http://schemas.microsoft.com/identity/claims/"
)

func element(name string, attrs []Attr, children ...Element) Element {
	return Element{Name: name, Attrs: attrs, Children: children}
}

func text(name, value string, attrs ...Attr) Element {
	return Element{Name: name, Attrs: attrs, Text: value}
}

// keyDescriptor is a KeyDescriptor (SAML 2.0 metadata section 2.4.1.1) of every
// served key, or for encryption of the provider's one encryption certificate.
func keyDescriptor(use string) Element {
	certificate := Certificate
	if use == "encryption" {
		certificate = EncryptionCertificate
	}
	key := element("KeyDescriptor", []Attr{{"use", use}},
		element("KeyInfo", []Attr{{"xmlns", dsigNS}},
			element("X509Data", nil, text("X509Certificate", certificate))))
	key.PerKey = use == "signing"
	return key
}

// claim is a kind of claim that a provider offers.
type claim struct{ uri, name, description string }

// claimTypes lists claims (WS-Federation 1.2 section 3.1.5 and 3.1.7).
func claimTypes(parent string, claims []claim, optional bool) Element {
	list := Element{Name: parent}
	for _, c := range claims {
		attrs := []Attr{{"Uri", c.uri}}
		if optional {
			attrs = append(attrs, Attr{"Optional", "true"})
		}
		list.Children = append(list.Children, element("auth:ClaimType", append(attrs, Attr{"xmlns:auth", authNS}),
			text("auth:DisplayName", c.name), text("auth:Description", c.description)))
	}
	return list
}

// service is an endpoint of SAML's (SAML 2.0 metadata section 2.2.2).
func service(name, binding, location string, more ...Attr) Element {
	return element(name, append([]Attr{{"Binding", binding}, {"Location", location}}, more...))
}
