package mockidp

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/signin"
)

// token is the token endpoint (RFC 6749 section 3.2). It takes any client with any
// secret. Its errors are JSON (section 5.2).
func (v *visit) token() error {
	v.w.Header().Set("Pragma", "no-cache")
	fields, err := v.grant()
	if err == nil {
		v.json(http.StatusOK, tokenAnswer(fields))
		return nil
	}
	status := http.StatusBadRequest
	var refused *signin.OAuthError
	var unread *signin.Refusal
	switch {
	case errors.As(err, &refused):
	case errors.As(err, &unread):
		refused = &signin.OAuthError{Code: "invalid_request", Description: err.Error()}
	case errors.Is(err, credential.ErrRequest), errors.Is(err, errSession):
		refused = &signin.OAuthError{Code: "invalid_grant", Description: err.Error()}
	case v.r.Context().Err() != nil:
		status, refused = http.StatusServiceUnavailable, &signin.OAuthError{Code: "temporarily_unavailable", Description: err.Error()}
	default:
		status, refused = http.StatusInternalServerError, &signin.OAuthError{Code: "server_error", Description: err.Error()}
	}
	if refused.Code == "invalid_client" {
		status = http.StatusUnauthorized
		v.w.Header().Set("WWW-Authenticate", `Basic realm="rollover mock issuer"`)
	}
	v.json(status, map[string]any{"error": refused.Code, "error_description": refused.Description})
	return nil
}

// grant carries out a token request.
func (v *visit) grant() (url.Values, error) {
	if err := v.readForm(); err != nil {
		return nil, err
	}
	user, password, basic := v.r.BasicAuth()
	asked, err := signin.ReadToken(v.form, user, password, basic)
	switch {
	case err != nil:
		return nil, err
	case asked.Grant == "client_credentials":
		return v.clientCredentials(asked)
	}
	return v.redeem(asked)
}

// redeem gives tokens for a code, once.
func (v *visit) redeem(asked signin.TokenRequest) (url.Values, error) {
	given, known := v.issuer.codes.swap(asked.Code, func(c code) code { c.used = true; return c })
	invalid := func(why string) error { return &signin.OAuthError{Code: "invalid_grant", Description: why} }
	switch age := v.issuer.config.Clock.Now().Sub(given.given); {
	case !known:
		return nil, invalid("the code is unknown here: never given out, or too long ago")
	case given.used:
		return nil, invalid("the code was used before: a code is good for one request (RFC 6749 section 4.1.2)")
	case age > codeLife:
		return nil, invalid("the code is too old: it is good for " + codeLife.String())
	}
	if err := asked.Redeem(given.asked); err != nil {
		return nil, err
	}
	fields := url.Values{}
	err := v.sign(given.session.request, func(g signing) error {
		return g.tokens(given.session, given.asked, fields, true, given.asked.OpenID())
	})
	if given.asked.Scope != "" {
		fields.Set("scope", given.asked.Scope)
	}
	return fields, err
}

// clientCredentials gives an access token for the client itself (RFC 6749 section 4.4).
func (v *visit) clientCredentials(asked signin.TokenRequest) (url.Values, error) {
	s, err := v.session()
	if err != nil {
		return nil, err
	}
	if s.request.Subject == "" {
		s.request.Subject = asked.ClientID
	}
	fields := url.Values{}
	err = v.sign(s.request, func(g signing) error {
		return g.tokens(s, signin.Authorize{ClientID: asked.ClientID, Resource: asked.Resource}, fields, true, false)
	})
	if asked.Scope != "" {
		fields.Set("scope", asked.Scope)
	}
	return fields, err
}

// tokenAnswer is the answer of RFC 6749 section 5.1.
func tokenAnswer(fields url.Values) map[string]any {
	answer := map[string]any{}
	for name := range fields {
		answer[name] = fields.Get(name)
	}
	if seconds, err := strconv.Atoi(fields.Get("expires_in")); err == nil {
		answer["expires_in"] = seconds
	}
	return answer
}

func (v *visit) json(status int, body map[string]any) {
	text, err := json.Marshal(body)
	if err != nil {
		problem(v.w, http.StatusInternalServerError, "cannot write the answer", err.Error(), nil)
		return
	}
	v.w.Header().Set("Content-Type", "application/json")
	v.w.WriteHeader(status)
	_, _ = v.w.Write(text)
}
