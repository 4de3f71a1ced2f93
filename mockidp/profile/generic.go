package profile

// generic is a plain provider by the letter of the standards: keys say what they
// are for, and a kid is an RFC 7638 thumbprint.
func generic() Profile {
	return Profile{
		Name: "generic",
		KID:  Thumbprint,
		Versions: []Version{{
			Issuer: "{base}/{tenant}",
			Discovery: Discovery{
				Paths: []string{
					"/{tenant}/.well-known/openid-configuration",
					"/.well-known/oauth-authorization-server/{tenant}", // RFC 8414 section 3.1
					"/{tenant}", // whoever opens the issuer's address sees what it is
				},
				ContentType: "application/json",
				Members: []Member{
					{"issuer", "{issuer}"},
					{"authorization_endpoint", "{issuer}/authorize"},
					{"token_endpoint", "{issuer}/token"},
					{"end_session_endpoint", "{issuer}/logout"},
					{"jwks_uri", "{issuer}/jwks"},
					{"response_types_supported", []string{"code", "id_token", "code id_token"}},
					{"response_modes_supported", []string{"query", "fragment", "form_post"}},
					{"grant_types_supported", []string{"authorization_code", "client_credentials"}},
					{"subject_types_supported", []string{"public"}},
					{"id_token_signing_alg_values_supported", []string{"RS256", "PS256", "ES256", "EdDSA"}},
					{"scopes_supported", []string{"openid", "profile", "email"}},
					{"token_endpoint_auth_methods_supported", []string{"client_secret_basic", "client_secret_post"}},
					{"code_challenge_methods_supported", []string{"S256", "plain"}},
					{"claims_supported", []string{
						"iss", "sub", "aud", "iat", "nbf", "exp", "jti", "name", "preferred_username", "email", "auth_time", "nonce", "at_hash", "c_hash",
					}},
				},
			},
			JWKS: JWKS{
				Path:        "/{tenant}/jwks",
				ContentType: "application/json",
				Members:     []JWKMember{JWKType, JWKUse, JWKAlg, JWKID, JWKX5T, JWKX5TS256, JWKKey, JWKX5C},
			},
			Token: Token{
				Header: []string{"typ", "alg", "kid"},
				Claims: []Member{
					{"iss", "{issuer}"},
					{"sub", Subject},
					{"aud", Audience},
					{"iat", IssuedAt},
					{"nbf", NotBefore},
					{"exp", ExpiresAt},
					{"jti", TokenID},
				},
			},
			IDToken: Token{
				Header: []string{"typ", "alg", "kid"},
				Claims: []Member{
					{"iss", "{issuer}"},
					{"sub", Subject},
					{"aud", Audience},
					{"iat", IssuedAt},
					{"nbf", NotBefore},
					{"exp", ExpiresAt},
					{"jti", TokenID},
					{"name", Subject}, // whatever an app shows of a person, it shows who
					{"preferred_username", Subject},
					{"email", Subject},
				},
			},
		}},
	}
}
