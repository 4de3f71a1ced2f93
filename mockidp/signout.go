package mockidp

import (
	"net/http"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/signin"
)

// endSession signs out (OpenID Connect RP-Initiated Logout 1.0 section 2). Whose
// id_token_hint it is, is not looked at.
func (v *visit) endSession() error {
	if err := v.readForm(); err != nil {
		return err
	}
	next, err := signin.ReadEndSession(v.form)
	if err != nil {
		return err
	}
	return v.signOut(next)
}

// signOut ends the browser's session and goes on to next, where there is one.
func (v *visit) signOut(next string) error {
	v.forget(credential.SessionCookie, "/")
	if next != "" {
		return v.redirect(next)
	}
	page, err := signin.SignedOutPage(nil, "")
	v.page(http.StatusOK, page, err)
	return nil
}

// forget takes a cookie out of the browser.
func (v *visit) forget(name, path string) {
	http.SetCookie(v.w, &http.Cookie{Name: name, Path: path, MaxAge: -1})
}
