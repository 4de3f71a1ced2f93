package signin

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/url"
)

// TokenRequest is a request to the token endpoint (RFC 6749 sections 4.1.3 and 4.4.2).
type TokenRequest struct {
	Grant       string // authorization_code or client_credentials
	ClientID    string
	Code        string
	RedirectURI string
	Verifier    string // PKCE
	Scope       string
	Resource    string // as in Authorize
}

// ReadToken reads a token request. user and password are those of HTTP basic
// authentication, where basic says that there was some. Any client with any
// secret, or none, is served. The error is an *OAuthError.
func ReadToken(form url.Values, user, password string, basic bool) (TokenRequest, error) {
	t := TokenRequest{
		Grant: form.Get("grant_type"), ClientID: form.Get("client_id"), Code: form.Get("code"), RedirectURI: form.Get("redirect_uri"),
		Verifier: form.Get("code_verifier"), Scope: form.Get("scope"), Resource: Resource(form),
	}
	if err := once(form, "grant_type", "client_id", "code", "redirect_uri", "code_verifier"); err != nil {
		return t, oauthError("invalid_request", "%s", err.Error())
	}
	if basic {
		// RFC 6749 section 2.3.1: both parts are form-encoded before they are joined.
		name, err := url.QueryUnescape(user)
		if _, bad := url.QueryUnescape(password); err != nil || bad != nil {
			return t, oauthError("invalid_client", "the client's name and secret are not form-encoded inside basic authentication")
		}
		if t.ClientID != "" && t.ClientID != name {
			return t, oauthError("invalid_request", "client_id %q beside basic authentication as %q", t.ClientID, name)
		}
		t.ClientID = name
	}
	if t.ClientID == "" {
		t.ClientID = assertedClient(form.Get("client_assertion"))
	}
	switch {
	case t.Grant == "":
		return t, oauthError("invalid_request", "grant_type is missing (authorization_code or client_credentials)")
	case t.Grant != "authorization_code" && t.Grant != "client_credentials":
		return t, oauthError("unsupported_grant_type", "grant_type %q is not served (authorization_code or client_credentials)", t.Grant)
	case t.ClientID == "":
		return t, oauthError("invalid_client", "the client does not say who it is: client_id is missing, and so is basic authentication")
	case t.Grant == "authorization_code" && t.Code == "":
		return t, oauthError("invalid_request", "code is missing")
	}
	return t, nil
}

// assertedClient is the client that a JWT bearer assertion names (RFC 7523 section
// 3). Its signature is not verified: any client is served.
func assertedClient(assertion string) string {
	client, _ := payload(assertion)["sub"].(string)
	return client
}

// Redeem checks that whoever brings the code is whom it was given to. The error
// is an *OAuthError.
func (t TokenRequest) Redeem(a Authorize) error {
	switch {
	case t.ClientID != a.ClientID:
		return oauthError("invalid_grant", "the code was given to client %q, not to %q", a.ClientID, t.ClientID)
	case a.RedirectSent && t.RedirectURI != a.RedirectURI, !a.RedirectSent && t.RedirectURI != "" && t.RedirectURI != a.RedirectURI:
		return oauthError("invalid_grant", "redirect_uri %q is not %q, which the code was sent to", t.RedirectURI, a.RedirectURI)
	case a.Challenge == "" && t.Verifier != "":
		// RFC 9700 section 2.1.1: otherwise somebody could take the challenge out on its way.
		return oauthError("invalid_grant", "code_verifier without a code_challenge in the authorization request")
	case a.Challenge != "" && t.Verifier == "":
		return oauthError("invalid_grant", "code_verifier is missing")
	case a.Challenge != "" && !a.proves(t.Verifier):
		return oauthError("invalid_grant", "code_verifier does not fit the code_challenge")
	}
	return nil
}

// proves compares a verifier with the challenge (RFC 7636 section 4.6).
func (a Authorize) proves(verifier string) bool {
	if a.ChallengeMethod == "S256" {
		sum := sha256.Sum256([]byte(verifier))
		verifier = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return subtle.ConstantTimeCompare([]byte(verifier), []byte(a.Challenge)) == 1
}
