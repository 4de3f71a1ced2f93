package profile

import "time"

// entraFederation has the members of the public metadata document of the common
// endpoint and of a sign-in's response, in their order.
//
// Entra has one document for both protocols. Here SAML has a second one, with the
// identity provider's role alone, so that who fetches which can be told apart.
func entraFederation() *Federation {
	const (
		wsfed = "{base}/{tenant}/wsfed"
		saml2 = "{base}/{tenant}/saml2"
		path  = "/{tenant}/federationmetadata/2007-06/federationmetadata.xml"
	)
	role := func(kind string) []Attr {
		return []Attr{{"xsi:type", "fed:" + kind}, {"protocolSupportEnumeration", fedNS}, {"xmlns:xsi", xsiNS}, {"xmlns:fed", fedNS}}
	}
	endpoint := func(name, address string) Element {
		return element(name, nil, element("wsa:EndpointReference", []Attr{{"xmlns:wsa", wsaNS}}, text("wsa:Address", address)))
	}
	idp := element("IDPSSODescriptor", []Attr{{"protocolSupportEnumeration", samlProtocol}},
		keyDescriptor("signing"),
		service("SingleLogoutService", bindingRedirect, saml2),
		service("SingleSignOnService", bindingRedirect, saml2),
		service("SingleSignOnService", bindingPOST, saml2))
	return &Federation{
		EntityID: "https://sts.windows.net/{issuerTenant}/",
		Issuer:   "https://sts.windows.net/{tid}/",
		WSFed:    wsfed,
		SAML2:    saml2,
		Metadata: []Metadata{
			{
				Kind: FederationMetadataDocument, Path: path, ContentType: "application/xml; charset=utf-8", Declaration: true,
				Children: []Element{
					element("RoleDescriptor", role("SecurityTokenServiceType"),
						keyDescriptor("signing"),
						claimTypes("fed:ClaimTypesOffered", entraClaims(), false),
						endpoint("fed:SecurityTokenServiceEndpoint", wsfed),
						endpoint("fed:PassiveRequestorEndpoint", wsfed)),
					element("RoleDescriptor", role("ApplicationServiceType"),
						keyDescriptor("signing"),
						endpoint("fed:TargetScopes", "https://sts.windows.net/{issuerTenantURL}/"),
						endpoint("fed:ApplicationServiceEndpoint", wsfed),
						endpoint("fed:PassiveRequestorEndpoint", wsfed)),
					idp,
				},
				// "App Federation Metadata Url" of an enterprise application: Microsoft documents
				// the byte-order mark and that apps have to cope.
				Variants: []Variant{{Query: "appid", ByteOrderMark: true}},
			},
			{
				Kind: SAMLMetadataDocument, Path: "/{tenant}/federationmetadata/saml20/federationmetadata.xml",
				ContentType: "application/xml; charset=utf-8", Declaration: true, Children: []Element{idp},
				Variants: []Variant{{Query: "appid", ByteOrderMark: true}},
			},
		},
		SAML: Assertion{
			Version:      "2.0",
			Early:        5 * time.Minute,
			NameIDFormat: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
			Attributes: []Member{
				{claimsIdentity + "tenantid", "{tid}"},
				{claimsIdentity + "objectidentifier", entraUser},
				{claims2005 + "name", Subject},
				{claims2005 + "surname", "Test User"},
				{claims2005 + "givenname", "Rollover"},
				{claimsIdentity + "displayname", "Rollover Test User"},
				{claimsIdentity + "identityprovider", "https://sts.windows.net/{tid}/"},
				{"http://schemas.microsoft.com/claims/authnmethodsreferences", "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password"},
			},
			Context:    "urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
			Method:     "urn:oasis:names:tc:SAML:1.0:am:password",
			References: true,
		},
	}
}

// entraClaims are the claims that the common endpoint's document offers.
func entraClaims() []claim {
	return []claim{
		{claims2005 + "name", "Name", "The mutable display name of the user."},
		{claims2005 + "nameidentifier", "Subject", "An immutable, globally unique, non-reusable identifier of the user that is unique to the application for which a token is issued."},
		{claims2005 + "givenname", "Given Name", "First name of the user."},
		{claims2005 + "surname", "Surname", "Last name of the user."},
		{claimsIdentity + "displayname", "Display Name", "Display name of the user."},
		{claimsIdentity + "nickname", "Nick Name", "Nick name of the user."},
		{claims2008 + "authenticationinstant", "Authentication Instant", "The time (UTC) when the user is authenticated to Windows Azure Active Directory."},
		{claims2008 + "authenticationmethod", "Authentication Method", "The method that Windows Azure Active Directory uses to authenticate users."},
		{claimsIdentity + "objectidentifier", "ObjectIdentifier", "Primary identifier for the user in the directory. Immutable, globally unique, non-reusable."},
		{claimsIdentity + "tenantid", "TenantId", "Identifier for the user's tenant."},
		{claimsIdentity + "identityprovider", "IdentityProvider", "Identity provider for the user."},
		{claims2005 + "emailaddress", "Email", "Email address of the user."},
		{claims2008 + "groups", "Groups", "Groups of the user."},
		{claimsIdentity + "accesstoken", "External Access Token", "Access token issued by external identity provider."},
		{claims2008 + "expiration", "External Access Token Expiration", "UTC expiration time of access token issued by external identity provider."},
		{claimsIdentity + "openid2_id", "External OpenID 2.0 Identifier", "OpenID 2.0 identifier issued by external identity provider."},
		{"http://schemas.microsoft.com/claims/groups.link", "GroupsOverageClaim", "Issued when number of user's group claims exceeds return limit."},
		{claims2008 + "role", "Role Claim", "Roles that the user or Service Principal is attached to"},
		{claims2008 + "wids", "RoleTemplate Id Claim", "Role template id of the Built-in Directory Roles that the user is a member of"},
	}
}
