package probe

import (
	"encoding/pem"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/target"
)

// idp is an issuer as its page says: it posts what it makes of the session to
// where the app, or else the reply cookie, wants it.
type idp struct {
	*httptest.Server
	asked []string // requests, with the cookies that came along
	// answer, where not nil, answers in its place.
	answer http.HandlerFunc
}

var post = template.Must(template.New("").Parse(`<html><head><title>Working...</title></head><body>
<form method="POST" name="hiddenform" action="{{.Action}}">{{range $name, $value := .Fields}}<input type="hidden" name="{{$name}}" value="{{$value}}">{{end}}
<noscript><input type="submit" value="Submit"></noscript></form>
<script>window.setTimeout('document.forms[0].submit()', 0);</script></body></html>`))

func newIDP(t *testing.T) *idp {
	t.Helper()
	i := &idp{}
	i.Server = httptest.NewServer(http.HandlerFunc(i.serve))
	t.Cleanup(i.Close)
	return i
}

func (i *idp) environment() target.Environment {
	return target.Environment{Issuer: i.URL + "/t/v2.0", WSFed: i.URL + "/t/wsfed", SAML2: i.URL + "/t/saml2", Audience: "urn:rollover:app"}
}

func (i *idp) serve(w http.ResponseWriter, r *http.Request) {
	i.asked = append(i.asked, r.Method+" "+r.URL.Path+" "+r.Header.Get("Cookie"))
	if i.answer != nil {
		i.answer(w, r)
		return
	}
	token, reply := "nobody", ""
	if c, err := r.Cookie(credential.SessionCookie); err == nil {
		token = c.Value
	}
	if c, err := r.Cookie(credential.ReplyCookie); err == nil {
		reply = c.Value
	}
	switch r.URL.Path {
	case "/t/wsfed":
		if wreply := r.FormValue("wreply"); wreply != "" {
			reply = wreply
		}
		_ = post.Execute(w, map[string]any{"Action": reply, "Fields": map[string]string{"wa": "wsignin1.0", "wresult": token, "wctx": r.FormValue("wctx")}})
	case "/t/saml2":
		_ = post.Execute(w, map[string]any{"Action": reply, "Fields": map[string]string{"SAMLResponse": token, "RelayState": r.FormValue("RelayState")}})
	case "/t/authorize":
		fields := url.Values{"code": {token}, "state": {r.FormValue("state")}}
		if r.FormValue("response_mode") == "form_post" {
			_ = post.Execute(w, map[string]any{"Action": r.FormValue("redirect_uri"), "Fields": map[string]string{"code": token, "state": r.FormValue("state")}})
			return
		}
		http.Redirect(w, r, r.FormValue("redirect_uri")+"?"+fields.Encode(), http.StatusFound)
	default:
		http.NotFound(w, r)
	}
}

// app is a relying party: it believes tokens that say whom they name, as in
// "good:user@rollover.test", and no others.
type app struct {
	*httptest.Server
	idp     *idp
	refused func(w http.ResponseWriter, why string) // how a refusal looks; nil: 401
	page    func(w http.ResponseWriter, name string)
	fetched []string
	handle  map[string]http.HandlerFunc // in the place of the app's own
}

func newApp(t *testing.T, i *idp) *app {
	t.Helper()
	a := &app{idp: i, handle: map[string]http.HandlerFunc{}}
	a.Server = httptest.NewServer(http.HandlerFunc(a.serve))
	t.Cleanup(a.Close)
	a.refused = func(w http.ResponseWriter, why string) { http.Error(w, why, http.StatusUnauthorized) }
	a.page = func(w http.ResponseWriter, name string) {
		fmt.Fprintf(w, "<!DOCTYPE html><title>Orders</title><p>Hello <b>%s</b>!", name)
	}
	return a
}

func (a *app) serve(w http.ResponseWriter, r *http.Request) {
	a.fetched = append(a.fetched, r.Method+" "+r.URL.Path+" "+r.Header.Get("Cookie"))
	if own := a.handle[r.URL.Path]; own != nil {
		own(w, r)
		return
	}
	switch r.URL.Path {
	case "/":
		if c, err := r.Cookie("who"); err == nil {
			a.page(w, c.Value)
			return
		}
		query := url.Values{"wa": {"wsignin1.0"}, "wtrealm": {"urn:rollover:app"}, "wreply": {a.URL + "/signin"}, "wctx": {"a b&c"}}
		http.Redirect(w, r, a.idp.URL+"/t/wsfed?"+query.Encode(), http.StatusFound)
	case "/saml":
		if c, err := r.Cookie("who"); err == nil {
			a.page(w, c.Value)
			return
		}
		_ = post.Execute(w, map[string]any{"Action": a.idp.URL + "/t/saml2", "Fields": map[string]string{"SAMLRequest": "PHg+", "RelayState": "/saml"}})
	case "/oidc", "/oidc-post":
		if c, err := r.Cookie("who"); err == nil {
			a.page(w, c.Value)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "nonce", Value: "n", Path: "/signin", Secure: true, HttpOnly: true, SameSite: http.SameSiteNoneMode})
		query := url.Values{"client_id": {"app"}, "redirect_uri": {a.URL + "/signin"}, "state": {"s"}}
		if r.URL.Path == "/oidc-post" {
			query.Set("response_mode", "form_post")
		}
		http.Redirect(w, r, a.idp.URL+"/t/authorize?"+query.Encode(), http.StatusSeeOther)
	case "/signin":
		a.signIn(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (a *app) signIn(w http.ResponseWriter, r *http.Request) {
	for _, field := range []string{"wresult", "SAMLResponse", "code"} {
		if name, good := strings.CutPrefix(r.FormValue(field), "good:"); good {
			http.SetCookie(w, &http.Cookie{Name: "who", Value: name, Path: "/"})
			http.Redirect(w, r, map[string]string{"wresult": "/", "SAMLResponse": "/saml", "code": "/oidc"}[field], http.StatusFound)
			return
		}
	}
	a.refused(w, "IDX10501: Signature validation failed.")
}

// login presents a token to the app.
func login(t *testing.T, l Login, a *app, token string) target.Observation {
	t.Helper()
	s, err := l.Open(a.URL, a.idp.environment())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return s.Present(t.Context(), credential.Credential{Token: token, Subject: credential.DefaultSubject})
}

var (
	wsfed = Login{Protocol: target.WSFed}
	saml  = Login{Protocol: target.SAML, Path: "/saml", Reply: "/signin"}
	oidc  = Login{Protocol: target.OIDC, Path: "/oidc"}
)

const good = "good:user@rollover.test"

func TestSigningIn(t *testing.T) {
	oidcPost := oidc
	oidcPost.Path = "/oidc-post"
	fromIssuer := Login{Protocol: target.WSFed, Reply: "/signin", Start: FromIssuer}
	samlFromIssuer := saml
	samlFromIssuer.Start = FromIssuer
	for name, c := range map[string]struct {
		login  Login
		pages  []string // that the app was asked for
		issuer []string // that the issuer was
	}{
		"WS-Federation": {wsfed, []string{"GET / ", "POST /signin ", "GET / who=user@rollover.test"}, []string{"GET /t/wsfed rollover_session=" + good}},
		"SAML": {saml, []string{"GET /saml ", "POST /signin ", "GET /saml who=user@rollover.test"},
			[]string{"POST /t/saml2 rollover_session=" + good + "; rollover_reply=APP/signin"}},
		"OpenID Connect":              {oidc, []string{"GET /oidc ", "GET /signin nonce=n", "GET /oidc who=user@rollover.test"}, []string{"GET /t/authorize rollover_session=" + good}},
		"OpenID Connect by form_post": {oidcPost, []string{"GET /oidc-post ", "POST /signin nonce=n", "GET /oidc who=user@rollover.test"}, []string{"GET /t/authorize rollover_session=" + good}},
		"WS-Federation, from the issuer": {fromIssuer, []string{"POST /signin ", "GET / who=user@rollover.test"},
			[]string{"GET /t/wsfed rollover_session=" + good + "; rollover_reply=APP/signin"}},
		"SAML, from the issuer": {samlFromIssuer, []string{"POST /signin ", "GET /saml who=user@rollover.test"},
			[]string{"GET /t/saml2 rollover_session=" + good + "; rollover_reply=APP/signin"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t, newIDP(t))
			o := login(t, c.login, a, good)
			if o.Outcome != timeline.Accepted || o.Status != 200 || o.Shown != "user@rollover.test" || o.Detail != "Orders Hello user@rollover.test !" || o.Took <= 0 {
				t.Errorf("answer %+v", o)
			}
			if !slices.Equal(a.fetched, c.pages) {
				t.Errorf("the app was asked for %q, want %q", a.fetched, c.pages)
			}
			for i := range c.issuer {
				c.issuer[i] = strings.ReplaceAll(c.issuer[i], "APP", a.URL)
			}
			if !slices.Equal(a.idp.asked, c.issuer) {
				t.Errorf("the issuer was asked for %q, want %q", a.idp.asked, c.issuer)
			}
		})
	}
}

// What nobody has asked for says so in its address.
func TestUnaskedAddress(t *testing.T) {
	var asked []string
	i := newIDP(t)
	i.answer = func(_ http.ResponseWriter, r *http.Request) { asked = append(asked, r.URL.RawQuery) }
	a := newApp(t, i)
	login(t, Login{Protocol: target.WSFed, Reply: "/signin", Start: FromIssuer}, a, good)
	login(t, Login{Protocol: target.SAML, Reply: "/signin", Start: FromIssuer}, a, good)
	want := []string{"wa=wsignin1.0&wreply=" + url.QueryEscape(a.URL+"/signin") + "&wtrealm=urn%3Arollover%3Aapp", "entityID=urn%3Arollover%3Aapp"}
	if !slices.Equal(asked, want) {
		t.Errorf("asked %q, want %q", asked, want)
	}
}

// Every attempt is a browser of its own: nobody is signed in by the one before.
func TestFreshBrowser(t *testing.T) {
	a := newApp(t, newIDP(t))
	s, err := wsfed.Open(a.URL, a.idp.environment())
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{good, "forged", "good:attacker@rollover.test"} {
		o := s.Present(t.Context(), credential.Credential{Token: token})
		if want := map[string]timeline.Outcome{good: timeline.Accepted, "forged": timeline.Rejected}[token]; want != "" && o.Outcome != want {
			t.Errorf("%s: %+v", token, o)
		}
	}
	s.Close()
	if o := s.Present(t.Context(), credential.Credential{Token: good}); o.Outcome != timeline.Unreachable || o.Detail != "the instance is stopped" {
		t.Errorf("after Close: %+v", o)
	}
	for _, request := range a.fetched {
		if strings.Contains(request, credential.SessionCookie) {
			t.Errorf("the app was brought the issuer's cookie: %s", request)
		}
	}
}

func TestLoginValidate(t *testing.T) {
	for name, l := range map[string]Login{
		"no protocol":               {},
		"another protocol":          {Protocol: target.Clock},
		"relative path":             {Protocol: target.WSFed, Path: "orders"},
		"a path that is none":       {Protocol: target.WSFed, Path: "/%zz"},
		"relative reply":            {Protocol: target.WSFed, Reply: "signin"},
		"a status twice":            {Protocol: target.WSFed, Accepted: []int{401}},
		"no start":                  {Protocol: target.WSFed, Start: "idp"},
		"from the issuer to nobody": {Protocol: target.SAML, Start: FromIssuer},
		"OpenID Connect backwards":  {Protocol: target.OIDC, Reply: "/a", Start: FromIssuer},
		"negative timeout":          {Protocol: target.OIDC, Timeout: -1},
	} {
		if err := l.Validate(); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := l.Open("http://127.0.0.1", target.Environment{}); !errors.Is(err, ErrConfig) {
			t.Errorf("open, %s: %v", name, err)
		}
	}
	env := target.Environment{Issuer: "http://127.0.0.1:1/t", WSFed: "http://127.0.0.1:1/wsfed"}
	for base, want := range map[string]string{
		"127.0.0.1":                "not an http or https URL",
		"http://127.0.0.1:1/app":   "the app's address is the issuer's",
		"http://127.0.0.1:2/app?q": "has a query",
	} {
		if _, err := wsfed.Open(base, env); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("base %s: %v", base, err)
		}
	}
	if _, err := saml.Open("http://127.0.0.1:2", env); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), "the profiles entra and adfs have that") {
		t.Errorf("an issuer without SAML: %v", err)
	}
	if got := slices.Concat(oidc.Features(), wsfed.Features(), saml.Features()); !slices.Equal(got, []target.Feature{"oidc", "wsfed", "federation", "saml", "federation"}) {
		t.Errorf("features %v", got)
	}
}

// An issuer that speaks https is trusted by the CA that the app is told.
func TestIssuerOverTLS(t *testing.T) {
	i := newIDP(t)
	secure := httptest.NewTLSServer(http.HandlerFunc(i.serve))
	defer secure.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	plain := i.URL
	i.URL = secure.URL
	a := newApp(t, i)
	env := i.environment()
	for ca, want := range map[string]timeline.Outcome{"": timeline.Unreachable, file: timeline.Accepted} {
		env.CA = ca
		s, err := wsfed.Open(a.URL, env)
		if err != nil {
			t.Fatal(err)
		}
		if o := s.Present(t.Context(), credential.Credential{Token: good}); o.Outcome != want {
			t.Errorf("CA %q: %+v; want %s", ca, o, want)
		}
	}
	i.URL = plain
	env.CA = filepath.Join(t.TempDir(), "none.pem")
	if _, err := wsfed.Open(a.URL, env); !errors.Is(err, ErrConfig) {
		t.Errorf("no CA: %v", err)
	}
	env.CA = "testdata/shibboleth-error.html"
	if _, err := wsfed.Open(a.URL, env); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), "no certificate") {
		t.Errorf("an odd CA: %v", err)
	}
}

// A name that only the app knows is reached where the environment says.
func TestIssuerUnderANameOfTheAppsNetwork(t *testing.T) {
	i := newIDP(t)
	listens := strings.TrimPrefix(i.URL, "http://")
	i.URL = "http://issuer.rollover.test:8400"
	a := newApp(t, i)
	env := i.environment()
	for name, want := range map[string]timeline.Outcome{"issuer.rollover.test:8400": timeline.Accepted, "issuer.rollover.test:8401": timeline.Unreachable} {
		env.Reach = map[string]string{name: listens}
		s, err := wsfed.Open(a.URL, env)
		if err != nil {
			t.Fatal(err)
		}
		if o := s.Present(t.Context(), credential.Credential{Token: good}); o.Outcome != want {
			t.Errorf("with %s: %+v; want %s", name, o, want)
		}
	}
	i.URL = "http://" + listens
}
