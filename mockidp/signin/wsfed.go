package signin

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
)

// The actions of WS-Federation 1.2 section 13.
const (
	SignIn         = "wsignin1.0"
	SignOut        = "wsignout1.0"
	SignOutCleanup = "wsignoutcleanup1.0"
)

// WSFed is a request of a passive requestor (WS-Federation 1.2 section 13.2).
// wct, wfresh, wauth, wreq, whr and whatever else comes are not looked at.
type WSFed struct {
	Action      string // one of the actions
	Realm       string // wtrealm; of a sign-in
	Reply       string // wreply; empty at a sign-out that names none
	Context     string // wctx, which comes back byte for byte
	ContextSent bool
}

// ReadWSFed reads a request; registered is the reply address of an app that sends
// none to sign in. The error is a *Refusal.
func ReadWSFed(form url.Values, registered string) (WSFed, error) {
	w := WSFed{Action: form.Get("wa"), Realm: form.Get("wtrealm"), Reply: form.Get("wreply"), Context: form.Get("wctx"), ContextSent: form.Has("wctx")}
	if err := once(form, "wa", "wtrealm", "wreply", "wctx"); err != nil {
		return w, err
	}
	switch w.Action {
	case SignIn:
	case SignOut, SignOutCleanup:
		if w.Reply == "" {
			return w, nil
		}
		return w, CheckAddress("wreply", w.Reply)
	case "":
		return w, refuse("send wa=wsignin1.0 and wtrealm to sign in", "wa is missing: nothing says what to do")
	default:
		return w, refuse("wsignin1.0, wsignout1.0 and wsignoutcleanup1.0 are served", "wa %q is no action", w.Action)
	}
	if w.Realm == "" {
		return w, refuse("it is the app's identifier; any will do", "wtrealm is missing: nothing says who asks")
	}
	if err := carried("wctx", w.Context); err != nil {
		return w, err
	}
	var err error
	w.Reply, err = reply("wreply", w.Reply, registered)
	return w, err
}

// Fields are those of the form that brings the answer to the app.
func (w WSFed) Fields(result string) []Field {
	fields := []Field{{"wa", SignIn}, {"wresult", result}}
	if w.ContextSent {
		fields = append(fields, Field{"wctx", w.Context})
	}
	return fields
}

// CleanupAddress is what a browser fetches so that the app at a reply address
// signs it out (WS-Federation 1.2 section 13.2.4).
func CleanupAddress(reply string) string {
	return withQuery(reply, url.Values{"wa": {SignOutCleanup}})
}

// appsKept is how many apps a browser's note names: a cookie holds no more.
const appsKept = 16

// AddApp adds a reply address to the note of the apps that a browser is signed in
// to, which the browser itself keeps; the oldest leave.
func AddApp(note, reply string) string {
	apps := slices.DeleteFunc(Apps(note), func(a string) bool { return a == reply })
	apps = append(apps, reply)
	for {
		apps = apps[max(0, len(apps)-appsKept):]
		text, err := json.Marshal(apps)
		if err != nil {
			return "" // strings can be written
		}
		// Browsers keep 4096 bytes of a cookie with its name (RFC 6265 section 6.1).
		if note = base64.RawURLEncoding.EncodeToString(text); len(note) <= 3500 || len(apps) == 1 {
			return note
		}
		apps = apps[1:]
	}
}

// Apps reads such a note. What is no address is left out: the browser may bring
// anything.
func Apps(note string) []string {
	text, err := base64.RawURLEncoding.DecodeString(note)
	var apps []string
	if err != nil || json.Unmarshal(text, &apps) != nil {
		return nil
	}
	return slices.DeleteFunc(apps, func(a string) bool { return CheckAddress("reply", a) != nil })
}
