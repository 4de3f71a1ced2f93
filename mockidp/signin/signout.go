package signin

import "net/url"

// ReadEndSession reads a request to sign out (OpenID Connect RP-Initiated Logout
// 1.0 section 2) and returns the address to go on to, empty where there is none.
// The error is a *Refusal.
func ReadEndSession(form url.Values) (next string, err error) {
	if err := once(form, "post_logout_redirect_uri", "state"); err != nil {
		return "", err
	}
	if next = form.Get("post_logout_redirect_uri"); next == "" {
		return "", nil
	}
	if err := CheckAddress("post_logout_redirect_uri", next); err != nil {
		return "", err
	}
	fields := url.Values{}
	if form.Has("state") {
		fields.Set("state", form.Get("state"))
	}
	return withQuery(next, fields), nil
}
