package mockidp

import (
	"cmp"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/oidc"
	"github.com/rollover-harness/rollover/mockidp/signin"
)

// codeLife is how long an authorization code may be redeemed, by the machine's
// time. RFC 6749 section 4.1.2 allows ten minutes; apps redeem at once.
const codeLife = time.Minute

// code is an authorization code that was given out.
type code struct {
	asked   signin.Authorize
	session session
	given   time.Time
	used    bool
}

// authorize is the authorization endpoint (RFC 6749 section 3.1).
func (v *visit) authorize() error {
	if err := v.readForm(); err != nil {
		return err
	}
	asked, err := signin.ReadAuthorize(v.form, v.registered())
	var refused *signin.OAuthError
	if errors.As(err, &refused) {
		return v.answer(asked, url.Values{"error": {refused.Code}, "error_description": {refused.Description}})
	}
	if err != nil {
		return err
	}
	s, err := v.session()
	if err != nil {
		return err
	}
	if f := s.request.Forge; f != credential.Genuine && !slices.Contains(credential.JWTForgeries(), f) {
		return &signin.Refusal{What: "the session asks for the forgery " + string(f) + ", which a JWT does not have", Hint: "it is one of SAML"}
	}
	fields := url.Values{}
	if asked.Code {
		fields.Set("code", v.issuer.codes.put(code{asked: asked, session: s, given: v.issuer.config.Clock.Now()}))
	}
	if asked.IDToken || asked.Token {
		err := v.sign(s.request, func(g signing) error {
			return g.tokens(s, asked, fields, asked.Token, asked.IDToken)
		})
		if err != nil {
			return err
		}
	}
	return v.answer(asked, fields)
}

// answer brings fields to the app, in the mode that it asked for.
func (v *visit) answer(asked signin.Authorize, fields url.Values) error {
	fields = asked.Answer(fields)
	if asked.Mode == signin.FormPost {
		return v.post(asked.RedirectURI, signin.Fields(fields))
	}
	return v.redirect(asked.Location(fields))
}

// tokens adds an access token and an ID token to what the app gets. Either is as
// the session asks for it.
func (g signing) tokens(s session, asked signin.Authorize, fields url.Values, access, identity bool) error {
	r := s.request
	r.Version = cmp.Or(r.Version, g.visit.at.version)
	if access {
		forAPI := r
		forAPI.Audience = cmp.Or(r.Audience, asked.Resource)
		token, err := g.visit.at.jwt.Mint(g.state.snapshot, forAPI, g.now, g.visit.issuer.tokenID(), g.stranger)
		if err != nil {
			return err
		}
		g.record(s, token, credential.JWT)
		fields.Set("access_token", token.Text)
		fields.Set("token_type", "Bearer")
		fields.Set("expires_in", strconv.Itoa(int(max(0, token.ExpiresAt.Sub(g.now)/time.Second))))
	}
	if !identity {
		return nil
	}
	r.Audience = cmp.Or(r.Audience, asked.ClientID)
	r.Claims = g.flowClaims(r, asked, fields)
	token, err := g.visit.at.jwt.MintID(g.state.snapshot, r, g.now, g.visit.issuer.tokenID(), g.stranger)
	if err != nil {
		return err
	}
	g.record(s, token, credential.JWT)
	fields.Set("id_token", token.Text)
	return nil
}

// flowClaims are the claims that tie an ID token to its flow (OpenID Connect Core
// 1.0 sections 2, 3.1.3.6, 3.3.2.11), under those that the session asks for.
func (g signing) flowClaims(r credential.Request, asked signin.Authorize, fields url.Values) map[string]any {
	alg := algOf(g.state.snapshot, r.Key)
	issued := g.now
	if r.IssuedAt != nil {
		issued = issued.Add(time.Duration(*r.IssuedAt))
	}
	claims := map[string]any{"auth_time": issued.Unix()}
	if asked.Nonce != "" {
		claims["nonce"] = asked.Nonce
	}
	if token := fields.Get("access_token"); token != "" {
		claims["at_hash"] = oidc.Hash(alg, token)
	}
	if code := fields.Get("code"); code != "" {
		claims["c_hash"] = oidc.Hash(alg, code)
	}
	maps.Copy(claims, r.Claims)
	return claims
}
