package mockidp

import (
	"encoding/base64"
	"net/http"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/signin"
)

// appsCookie is where a browser keeps the reply addresses of the apps that it is
// signed in to over WS-Federation, so that a sign-out reaches them.
const appsCookie = "rollover_apps"

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

// signOut ends the browser's session, has it tell the apps (WS-Federation 1.2
// section 13.2.4) and goes on to next, where there is one.
func (v *visit) signOut(next string) error {
	var images []string
	for _, app := range v.apps() {
		images = append(images, signin.CleanupAddress(app))
	}
	v.forgetSession()
	if images == nil && next != "" {
		return v.redirect(next)
	}
	page, err := signin.SignedOutPage(images, next)
	v.page(http.StatusOK, page, err)
	return nil
}

// pixel is a transparent image of one pixel, as providers answer a cleanup.
const pixel = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"

// signOutQuietly ends the session for a page of somebody else's.
func (v *visit) signOutQuietly() error {
	image, err := base64.StdEncoding.DecodeString(pixel)
	if err != nil {
		return err
	}
	v.forgetSession()
	v.w.Header().Set("Content-Type", "image/gif")
	_, _ = v.w.Write(image)
	return nil
}

// forgetSession takes the session out of the browser. The issuer keeps it: whoever
// brings it again is signed in again.
func (v *visit) forgetSession() {
	http.SetCookie(v.w, &http.Cookie{Name: credential.SessionCookie, Path: "/", MaxAge: -1})
	http.SetCookie(v.w, &http.Cookie{Name: appsCookie, Path: v.cookiePath(), MaxAge: -1})
}

// apps are the reply addresses that the browser was signed in at.
func (v *visit) apps() []string {
	c, err := v.r.Cookie(appsCookie)
	if err != nil {
		return nil
	}
	return signin.Apps(c.Value)
}

// rememberApp notes a reply address in the browser.
func (v *visit) rememberApp(reply string) {
	note := ""
	if c, err := v.r.Cookie(appsCookie); err == nil {
		note = c.Value
	}
	http.SetCookie(v.w, &http.Cookie{
		Name: appsCookie, Value: signin.AddApp(note, reply), Path: v.cookiePath(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// cookiePath keeps the notes of issuers on one listener apart.
func (v *visit) cookiePath() string { return "/" + tenantOf(v.r.URL.Path) }
