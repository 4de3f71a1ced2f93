package profile

// adfsFederation has the members of the public metadata documents of AD FS 3 and 4
// and of their responses, in their order.
//
// As with Entra, SAML has a second document here: the two roles of SAML's own,
// where AD FS has the one for both protocols.
func adfsFederation() *Federation {
	const (
		passive = "{base}{root}/adfs/ls/"
		trust   = "{base}{root}/adfs/services/trust"
	)
	role := func(kind string) []Attr {
		return []Attr{
			{"xsi:type", "fed:" + kind},
			{"protocolSupportEnumeration", "http://docs.oasis-open.org/ws-sx/ws-trust/200512 http://schemas.xmlsoap.org/ws/2005/02/trust " + fedNS},
			{"ServiceDisplayName", "{host} AD FS"}, {"xmlns:xsi", xsiNS}, {"xmlns:fed", fedNS},
		}
	}
	address := func(where string, more ...Element) Element {
		return element("EndpointReference", []Attr{{"xmlns", wsaNS}}, append([]Element{text("Address", where)}, more...)...)
	}
	// Microsoft.IdentityModel reads past it here; behind the Address of the passive
	// endpoint it would give up the whole document (IDX22800).
	mex := element("Metadata", nil, element("Metadata", []Attr{{"xmlns", mexNS}, {"xmlns:xsd", "http://www.w3.org/2001/XMLSchema"}, {"xmlns:wsx", mexNS}},
		element("wsx:MetadataSection", []Attr{{"Dialect", mexNS}, {"xmlns", ""}},
			element("wsx:MetadataReference", nil, text("Address", trust+"/mex", Attr{"xmlns", wsaNS})))))
	names := []Element{
		text("NameIDFormat", "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"),
		text("NameIDFormat", "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"),
		text("NameIDFormat", "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"),
	}
	keys := []Element{
		keyDescriptor("encryption"), keyDescriptor("signing"),
		service("SingleLogoutService", bindingRedirect, passive), service("SingleLogoutService", bindingPOST, passive),
	}
	sp := element("SPSSODescriptor", []Attr{{"WantAssertionsSigned", "true"}, {"protocolSupportEnumeration", samlProtocol}}, append(append([]Element{}, keys...), names...)...)
	sp.Children = append(sp.Children,
		service("AssertionConsumerService", bindingPOST, passive, Attr{"index", "0"}, Attr{"isDefault", "true"}),
		service("AssertionConsumerService", bindingArtifact, passive, Attr{"index", "1"}),
		service("AssertionConsumerService", bindingRedirect, passive, Attr{"index", "2"}))
	idp := element("IDPSSODescriptor", []Attr{{"protocolSupportEnumeration", samlProtocol}}, append(append([]Element{}, keys...), names...)...)
	idp.Children = append(idp.Children, service("SingleSignOnService", bindingRedirect, passive), service("SingleSignOnService", bindingPOST, passive))
	for _, c := range adfsClaims() {
		idp.Children = append(idp.Children, element("Attribute", []Attr{
			{"Name", c.uri}, {"NameFormat", "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"}, {"FriendlyName", c.name}, {"xmlns", samlNS},
		}))
	}
	contact := element("ContactPerson", []Attr{{"contactType", "support"}})
	return &Federation{
		EntityID: "http://{host}{root}/adfs/services/trust",
		Issuer:   "http://{host}{root}/adfs/services/trust",
		WSFed:    passive,
		SAML2:    passive,
		Prefix:   "ds",
		Metadata: []Metadata{
			{
				Kind: FederationMetadataDocument, Path: "{root}/FederationMetadata/2007-06/FederationMetadata.xml", ContentType: "application/samlmetadata+xml",
				Children: []Element{
					element("RoleDescriptor", role("ApplicationServiceType"),
						keyDescriptor("encryption"),
						claimTypes("fed:ClaimTypesRequested", adfsClaims(), true),
						element("fed:TargetScopes", nil,
							address(trust+"/2005/issuedtokenmixedasymmetricbasic256"), address(trust+"/2005/issuedtokenmixedsymmetricbasic256"),
							address(trust+"/13/issuedtokenmixedasymmetricbasic256"), address(trust+"/13/issuedtokenmixedsymmetricbasic256"),
							address(passive), address("{entityID}")),
						element("fed:ApplicationServiceEndpoint", nil, address(trust+"/2005/issuedtokenmixedasymmetricbasic256")),
						element("fed:PassiveRequestorEndpoint", nil, address(passive))),
					element("RoleDescriptor", role("SecurityTokenServiceType"),
						keyDescriptor("signing"),
						element("fed:TokenTypesOffered", nil,
							element("fed:TokenType", []Attr{{"Uri", samlNS}}), element("fed:TokenType", []Attr{{"Uri", "urn:oasis:names:tc:SAML:1.0:assertion"}})),
						claimTypes("fed:ClaimTypesOffered", adfsClaims(), true),
						element("fed:SecurityTokenServiceEndpoint", nil, address(trust+"/2005/certificatemixed", mex)),
						element("fed:PassiveRequestorEndpoint", nil, address(passive))),
					sp, idp, contact,
				},
			},
			{
				Kind: SAMLMetadataDocument, Path: "{root}/FederationMetadata/saml20/FederationMetadata.xml", ContentType: "application/samlmetadata+xml",
				Children: []Element{sp, idp, contact},
			},
		},
		SAML: Assertion{
			Version: "1.1", // what a relying party trust for WS-Federation gets
			Attributes: []Member{
				{claims2005 + "name", Subject},
				{claims2005 + "upn", Subject},
				{claims2005 + "givenname", "Rollover"},
				{claims2005 + "surname", "Test User"},
			},
			Context:  "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
			Session:  true,
			Method:   "urn:oasis:names:tc:SAML:1.0:am:password",
			Prefix11: "saml",
			Consent:  "urn:oasis:names:tc:SAML:2.0:consent:unspecified",
		},
	}
}
