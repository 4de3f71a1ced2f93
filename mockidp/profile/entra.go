package profile

// The identities in Entra's tokens.
const (
	entraTenant    = "11111111-2222-3333-4444-555555555555" // of the issuer "default"
	entraConsumers = "9188040d-6c67-4c5b-b112-36a304b66dad" // Microsoft's own for personal accounts
	entraClient    = "66666666-7777-8888-9999-aaaaaaaaaaaa"
	entraUser      = "bbbbbbbb-cccc-dddd-eeee-ffffffffffff"
)

// entra is Microsoft Entra ID (formerly Azure AD): two versions of every document
// side by side, keys without "alg", kid equal to x5t. Members and their order are
// those of the public documents of 2024.
//
// No host of Microsoft's is named as an endpoint: a token must not leave for it.
func entra() Profile {
	return Profile{
		Name:          "entra",
		DefaultTenant: entraTenant,
		GUIDs:         true,
		KID:           X5T,
		Tenants: []Tenant{
			// The braces are literal: clients put the token's tid there.
			{Segment: "common", Issuer: "{tenantid}", Token: entraTenant},
			{Segment: "organizations", Issuer: "{tenantid}", Token: entraTenant},
			{Segment: "consumers", Issuer: entraConsumers, Token: entraConsumers},
		},
		Versions:   []Version{entraV2(), entraV1()},
		Federation: entraFederation(),
	}
}

func entraV2() Version {
	return Version{
		Name:   "v2",
		Issuer: "{base}/{issuerTenant}/v2.0",
		Discovery: Discovery{
			Paths:       []string{"/{tenant}/v2.0/.well-known/openid-configuration"},
			ContentType: "application/json; charset=utf-8",
			Members: []Member{
				{"token_endpoint", "{base}/{tenant}/oauth2/v2.0/token"},
				{"token_endpoint_auth_methods_supported", []string{"client_secret_post", "private_key_jwt", "client_secret_basic"}},
				{"jwks_uri", "{base}/{tenant}/discovery/v2.0/keys"},
				{"response_modes_supported", []string{"query", "fragment", "form_post"}},
				{"subject_types_supported", []string{"pairwise"}},
				{"id_token_signing_alg_values_supported", []string{"RS256"}},
				{"response_types_supported", []string{"code", "id_token", "code id_token", "id_token token"}},
				{"scopes_supported", []string{"openid", "profile", "email", "offline_access"}},
				{"issuer", "{issuer}"},
				{"request_uri_parameter_supported", false},
				{"userinfo_endpoint", "{base}/{tenant}/oidc/userinfo"},
				{"authorization_endpoint", "{base}/{tenant}/oauth2/v2.0/authorize"},
				{"device_authorization_endpoint", "{base}/{tenant}/oauth2/v2.0/devicecode"},
				{"http_logout_supported", true},
				{"frontchannel_logout_supported", true},
				{"end_session_endpoint", "{base}/{tenant}/oauth2/v2.0/logout"},
				{"claims_supported", []string{
					"sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host", "aud", "exp",
					"iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email",
				}},
				{"kerberos_endpoint", "{base}/{tenant}/kerberos"},
				{"tenant_region_scope", nil},
				{"cloud_instance_name", "microsoftonline.com"},
				{"cloud_graph_host_name", "graph.windows.net"},
				{"msgraph_host", "graph.microsoft.com"},
				{"rbac_url", "{base}/rbac"},
			},
		},
		JWKS: JWKS{
			Path:        "/{tenant}/discovery/v2.0/keys",
			ContentType: "application/json; charset=utf-8",
			Members:     []JWKMember{JWKType, JWKUse, JWKID, JWKX5T, JWKKey, JWKX5C, JWKIssuer},
			Issuer:      "{issuer}",
		},
		Token: Token{
			Header: []string{"typ", "alg", "kid"},
			Claims: []Member{
				{"aud", Audience},
				{"iss", "{base}/{tid}/v2.0"},
				{"iat", IssuedAt},
				{"nbf", NotBefore},
				{"exp", ExpiresAt},
				{"azp", entraClient},
				{"azpacr", "1"},
				{"name", "Rollover Test User"},
				{"oid", entraUser},
				{"preferred_username", Subject},
				{"scp", "access_as_user"},
				{"sub", Subject},
				{"tid", "{tid}"},
				{"uti", TokenID},
				{"ver", "2.0"},
			},
		},
		IDToken: Token{
			Header: []string{"typ", "alg", "kid"},
			Claims: []Member{
				{"aud", Audience},
				{"iss", "{base}/{tid}/v2.0"},
				{"iat", IssuedAt},
				{"nbf", NotBefore},
				{"exp", ExpiresAt},
				{"name", Subject}, // whatever an app shows of a person, it shows who
				{"oid", entraUser},
				{"preferred_username", Subject},
				{"sub", Subject},
				{"tid", "{tid}"},
				{"uti", TokenID},
				{"ver", "2.0"},
			},
		},
	}
}

func entraV1() Version {
	return Version{
		Name:   "v1",
		Issuer: "https://sts.windows.net/{issuerTenant}/",
		Discovery: Discovery{
			Paths:       []string{"/{tenant}/.well-known/openid-configuration"},
			ContentType: "application/json; charset=utf-8",
			Members: []Member{
				{"token_endpoint", "{base}/{tenant}/oauth2/token"},
				{"token_endpoint_auth_methods_supported", []string{"client_secret_post", "private_key_jwt", "client_secret_basic"}},
				{"jwks_uri", "{base}/{tenant}/discovery/keys"},
				{"response_modes_supported", []string{"query", "fragment", "form_post"}},
				{"subject_types_supported", []string{"pairwise"}},
				{"id_token_signing_alg_values_supported", []string{"RS256"}},
				{"response_types_supported", []string{"code", "id_token", "code id_token", "token id_token", "token"}},
				{"scopes_supported", []string{"openid"}},
				{"issuer", "{issuer}"},
				{"microsoft_multi_refresh_token", true},
				{"authorization_endpoint", "{base}/{tenant}/oauth2/authorize"},
				{"device_authorization_endpoint", "{base}/{tenant}/oauth2/devicecode"},
				{"http_logout_supported", true},
				{"frontchannel_logout_supported", true},
				{"end_session_endpoint", "{base}/{tenant}/oauth2/logout"},
				{"claims_supported", []string{
					"sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host", "aud", "exp",
					"iat", "auth_time", "acr", "amr", "nonce", "email", "given_name", "family_name", "nickname",
				}},
				{"check_session_iframe", "{base}/{tenant}/oauth2/checksession"},
				{"userinfo_endpoint", "{base}/{tenant}/openid/userinfo"},
				{"kerberos_endpoint", "{base}/{tenant}/kerberos"},
				{"tenant_region_scope", nil},
				{"cloud_instance_name", "microsoftonline.com"},
				{"cloud_graph_host_name", "graph.windows.net"},
				{"msgraph_host", "graph.microsoft.com"},
				{"rbac_url", "{base}/rbac"},
			},
		},
		JWKS: JWKS{
			Path:        "/{tenant}/discovery/keys",
			ContentType: "application/json; charset=utf-8",
			Members:     []JWKMember{JWKType, JWKUse, JWKID, JWKX5T, JWKKey, JWKX5C},
		},
		Token: Token{
			Header: []string{"typ", "alg", "x5t", "kid"},
			Claims: []Member{
				{"aud", Audience},
				{"iss", "https://sts.windows.net/{tid}/"},
				{"iat", IssuedAt},
				{"nbf", NotBefore},
				{"exp", ExpiresAt},
				{"acr", "1"},
				{"amr", []string{"pwd"}},
				{"appid", entraClient},
				{"appidacr", "1"},
				{"name", "Rollover Test User"},
				{"oid", entraUser},
				{"scp", "access_as_user"},
				{"sub", Subject},
				{"tid", "{tid}"},
				{"unique_name", Subject},
				{"upn", Subject},
				{"uti", TokenID},
				{"ver", "1.0"},
			},
		},
		IDToken: Token{
			Header: []string{"typ", "alg", "x5t", "kid"},
			Claims: []Member{
				{"aud", Audience},
				{"iss", "https://sts.windows.net/{tid}/"},
				{"iat", IssuedAt},
				{"nbf", NotBefore},
				{"exp", ExpiresAt},
				{"amr", []string{"pwd"}},
				{"name", Subject},
				{"oid", entraUser},
				{"sub", Subject},
				{"tid", "{tid}"},
				{"unique_name", Subject},
				{"upn", Subject},
				{"uti", TokenID},
				{"ver", "1.0"},
			},
		},
	}
}
