package mockidp

import (
	"net/http"
	"strings"

	"github.com/rollover-harness/rollover/mockidp/signin"
)

// userinfo is the UserInfo endpoint (OpenID Connect Core 1.0 section 5.3), for
// apps that ask there because discovery names it: the claims about the person that
// the access token has. The token is read, not verified; apps do that.
func (v *visit) userinfo() error {
	scheme, token, _ := strings.Cut(v.r.Header.Get("Authorization"), " ")
	person := signin.Person(token)
	if !strings.EqualFold(scheme, "Bearer") || person == nil {
		v.w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		v.json(http.StatusUnauthorized, map[string]any{"error": "invalid_token", "error_description": "bring the access token in Authorization: Bearer"})
		return nil
	}
	v.json(http.StatusOK, person)
	return nil
}
