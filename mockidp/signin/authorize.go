package signin

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Mode is how an answer travels to the redirect URI.
type Mode string

// The modes (OAuth 2.0 Multiple Response Type Encoding Practices, OAuth 2.0 Form
// Post Response Mode).
const (
	Query    Mode = "query"
	Fragment Mode = "fragment"
	FormPost Mode = "form_post"
)

// Authorize is an authorization request (RFC 6749 section 4.1.1, OpenID Connect
// Core 1.0 sections 3.1.2, 3.2.2, 3.3.2; RFC 7636).
type Authorize struct {
	ClientID        string
	RedirectURI     string // where the answer goes
	RedirectSent    bool   // as a parameter, so that the token request has to repeat it
	Code            bool   // what the response type asks for
	IDToken         bool
	Token           bool
	Mode            Mode
	State           string
	StateSent       bool
	Nonce           string
	Scope           string
	Resource        string // the API that the access token is for; empty: the issuer's default
	Challenge       string // PKCE; empty: none
	ChallengeMethod string // S256 or plain
}

// OpenID reports whether the request asks for an ID token beside a code. Where no
// scope is sent at all it does, as at Entra's v1 endpoint and at AD FS.
func (a Authorize) OpenID() bool {
	return a.Scope == "" || slices.Contains(strings.Fields(a.Scope), "openid")
}

// OAuthError is an error that goes back to the app (RFC 6749 sections 4.1.2.1 and 5.2).
type OAuthError struct {
	Code        string
	Description string
}

func (e *OAuthError) Error() string { return e.Code + ": " + e.Description }

func oauthError(code, format string, args ...any) *OAuthError {
	return &OAuthError{Code: code, Description: fmt.Sprintf(format, args...)}
}

// ReadAuthorize reads an authorization request; registered is the redirect URI
// where the request names none. The error is a *Refusal where the app must not
// get the answer, and an *OAuthError where it does: then Authorize says how.
// Any client and any http or https redirect URI is served.
func ReadAuthorize(form url.Values, registered string) (Authorize, error) {
	a := Authorize{
		ClientID: form.Get("client_id"), State: form.Get("state"), StateSent: form.Has("state"), Nonce: form.Get("nonce"),
		Scope: form.Get("scope"), Challenge: form.Get("code_challenge"), ChallengeMethod: form.Get("code_challenge_method"),
		RedirectSent: form.Get("redirect_uri") != "", Mode: Query,
	}
	a.Resource = Resource(form)
	if err := once(form, "client_id", "redirect_uri", "response_type", "response_mode", "state", "nonce", "code_challenge"); err != nil {
		return a, err
	}
	if a.ClientID == "" {
		return a, refuse("send the app's client id; any will do", "client_id is missing")
	}
	var err error
	if a.RedirectURI, err = reply("redirect_uri", form.Get("redirect_uri"), registered); err != nil {
		return a, err
	}
	types := words(form.Get("response_type"))
	a.Code, a.IDToken, a.Token = slices.Contains(types, "code"), slices.Contains(types, "id_token"), slices.Contains(types, "token")
	if err := a.readMode(form.Get("response_mode")); err != nil {
		return a, err
	}
	if a.Mode == FormPost {
		if err := carried("state", a.State); err != nil {
			return a, err
		}
	}
	return a, a.check(form, types)
}

// readMode sets the mode: that of the response type where none is sent.
func (a *Authorize) readMode(mode string) error {
	front := a.IDToken || a.Token
	if front {
		a.Mode = Fragment
	}
	switch Mode(mode) {
	case "":
	case FormPost, Fragment:
		a.Mode = Mode(mode)
	case Query:
		if front {
			return oauthError("invalid_request", "response_mode query would put tokens into the address: use fragment or form_post")
		}
	default:
		return oauthError("invalid_request", "unknown response_mode %q (query, fragment or form_post)", mode)
	}
	return nil
}

func (a *Authorize) check(form url.Values, types []string) error {
	for _, p := range []string{"request", "request_uri"} {
		if form.Has(p) {
			return oauthError(p+"_not_supported", "request objects are not read: send the parameters themselves") // OpenID Connect Core 1.0 section 6
		}
	}
	known := []string{"code", "id_token", "token"}
	unknown := slices.ContainsFunc(types, func(t string) bool { return !slices.Contains(known, t) })
	switch {
	case len(types) == 0:
		return oauthError("invalid_request", "response_type is missing (code, id_token, code id_token)")
	case unknown || len(slices.Compact(slices.Clone(types))) != len(types):
		return oauthError("unsupported_response_type", "response_type %q is none of code, id_token, token and their combinations", form.Get("response_type"))
	case a.IDToken && a.Nonce == "":
		// OpenID Connect Core 1.0 sections 3.2.2.1 and 3.3.2.11: nothing else binds the token to this browser.
		return oauthError("invalid_request", "nonce is missing: an id_token in the answer needs one")
	case a.Challenge == "" && a.ChallengeMethod != "":
		return oauthError("invalid_request", "code_challenge_method without code_challenge")
	case a.Challenge != "" && a.ChallengeMethod != "" && a.ChallengeMethod != "S256" && a.ChallengeMethod != "plain":
		return oauthError("invalid_request", "unknown code_challenge_method %q (S256 or plain)", a.ChallengeMethod)
	}
	if a.Challenge != "" && a.ChallengeMethod == "" {
		a.ChallengeMethod = "plain" // RFC 7636 section 4.3
	}
	return nil
}

// Resource is the API that a request names for its access token: resource (RFC
// 8707 and Entra v1), audience (Auth0), or a scope such as api://orders/.default
// (Entra v2); empty where there is none.
func Resource(form url.Values) string {
	for _, p := range []string{"resource", "audience"} {
		if r := form.Get(p); r != "" {
			return r
		}
	}
	for _, scope := range strings.Fields(form.Get("scope")) {
		if slash := strings.LastIndexByte(scope, '/'); slash > 0 && strings.Contains(scope[:slash], "://") {
			return scope[:slash]
		}
	}
	return ""
}

// Answer adds the state to what the app gets.
func (a Authorize) Answer(fields url.Values) url.Values {
	if a.StateSent {
		fields.Set("state", a.State)
	}
	return fields
}

// Location is the address that the browser is sent to with fields, in the modes
// query and fragment.
func (a Authorize) Location(fields url.Values) string {
	if a.Mode == Fragment {
		return a.RedirectURI + "#" + fields.Encode()
	}
	return withQuery(a.RedirectURI, fields)
}

// withQuery adds fields to an address, which may have a query of its own (RFC
// 6749 section 3.1.2).
func withQuery(address string, fields url.Values) string {
	if len(fields) == 0 {
		return address
	}
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	return address + separator + fields.Encode()
}
