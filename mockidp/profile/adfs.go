package profile

// adfs is Microsoft's Active Directory Federation Services (2016 and later). Its
// farm has one issuer, whose paths name no tenant: that is the issuer "default".
// A further issuer NAME has the same paths below /NAME, as if each farm stood
// behind a reverse proxy of its own: /NAME/adfs/ls/,
// /NAME/FederationMetadata/2007-06/FederationMetadata.xml.
//
// Two traps are the product's own. Access tokens name another issuer than the
// discovery document: access_token_issuer, which is also the entityID; an app
// that compares them with "issuer" rejects every token. And that name begins with
// http, whatever the scheme of the addresses.
func adfs() Profile {
	return Profile{
		Name:          "adfs",
		DefaultTenant: "adfs",
		RootSegments:  []string{"adfs", "FederationMetadata"},
		KID:           X5T,
		Federation:    adfsFederation(),
		Versions: []Version{{
			Issuer: "{base}{root}/adfs",
			Discovery: Discovery{
				Paths:       []string{"{root}/adfs/.well-known/openid-configuration"},
				ContentType: "application/json;charset=UTF-8",
				// Members and order of the example in "Single log-out for OpenID Connect with AD FS".
				Members: []Member{
					{"issuer", "{issuer}"},
					{"authorization_endpoint", "{issuer}/oauth2/authorize/"},
					{"token_endpoint", "{issuer}/oauth2/token/"},
					{"jwks_uri", "{issuer}/discovery/keys"},
					{"token_endpoint_auth_methods_supported", []string{"client_secret_post", "client_secret_basic", "private_key_jwt", "windows_client_authentication"}},
					{"response_types_supported", []string{"code", "id_token", "code id_token", "id_token token", "code token", "code id_token token"}},
					{"response_modes_supported", []string{"query", "fragment", "form_post"}},
					{"grant_types_supported", []string{
						"authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer", "implicit", "password", "srv_challenge",
					}},
					{"subject_types_supported", []string{"pairwise"}},
					{"scopes_supported", []string{"allatclaims", "email", "user_impersonation", "logon_cert", "aza", "profile", "vpn_cert", "winhello_cert", "openid"}},
					{"id_token_signing_alg_values_supported", []string{"RS256"}},
					{"token_endpoint_auth_signing_alg_values_supported", []string{"RS256"}},
					{"access_token_issuer", "{entityID}"},
					{"claims_supported", []string{
						"aud", "iss", "iat", "exp", "auth_time", "nonce", "at_hash", "c_hash", "sub", "upn", "unique_name", "pwd_url", "pwd_exp", "sid",
					}},
					{"microsoft_multi_refresh_token", true},
					{"userinfo_endpoint", "{issuer}/userinfo"},
					{"capabilities", []string{}},
					{"end_session_endpoint", "{issuer}/oauth2/logout"},
					{"as_access_token_token_binding_supported", true},
					{"as_refresh_token_token_binding_supported", true},
					{"resource_access_token_token_binding_supported", true},
					{"op_id_token_token_binding_supported", true},
					{"rp_id_token_token_binding_supported", true},
					{"frontchannel_logout_supported", true},
					{"frontchannel_logout_session_supported", true},
				},
			},
			JWKS: JWKS{
				Path:        "{root}/adfs/discovery/keys",
				ContentType: "application/json;charset=UTF-8",
				Members:     []JWKMember{JWKType, JWKUse, JWKAlg, JWKID, JWKX5T, JWKKey, JWKX5C},
			},
			Token: Token{
				Header: []string{"typ", "alg", "x5t", "kid"},
				Claims: []Member{
					{"aud", Audience},
					{"iss", "{entityID}"},
					{"iat", IssuedAt},
					{"nbf", NotBefore},
					{"exp", ExpiresAt},
					{"sub", Subject},
					{"upn", Subject},
					{"unique_name", Subject},
					{"apptype", "Confidential"},
					{"appid", entraClient},
					{"authmethod", "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"},
					{"jti", TokenID},
					{"ver", "1.0"},
					{"scp", "user_impersonation openid"},
				},
			},
			// An ID token has the iss of the discovery document.
			IDToken: Token{
				Header: []string{"typ", "alg", "x5t", "kid"},
				Claims: []Member{
					{"aud", Audience},
					{"iss", "{issuer}"},
					{"iat", IssuedAt},
					{"nbf", NotBefore},
					{"exp", ExpiresAt},
					{"sub", Subject},
					{"upn", Subject},
					{"unique_name", Subject},
				},
			},
		}},
	}
}
