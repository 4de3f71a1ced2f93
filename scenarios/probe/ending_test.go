package probe

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/target"
)

func htmlPage(status int, text string) func(http.ResponseWriter, string) {
	return func(w http.ResponseWriter, why string) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		fmt.Fprint(w, strings.ReplaceAll(text, "WHY", why))
	}
}

// A sign-in is judged by the page where it ends and the name on it.
func TestEndings(t *testing.T) {
	own := wsfed
	own.Accepted, own.Rejected = []int{200, 203}, []int{403, 500}
	type ending struct {
		login   Login
		prepare func(*app)
		token   string
		want    target.Observation // Detail: what it must contain
	}
	refusing := func(status int, text string) func(*app) {
		return func(a *app) { a.refused = htmlPage(status, text) }
	}
	showing := func(status int, text string) func(*app) {
		return func(a *app) { a.page = htmlPage(status, text) }
	}
	const accepted, rejected, failed, unreachable = timeline.Accepted, timeline.Rejected, timeline.Failed, timeline.Unreachable
	for name, c := range map[string]ending{
		"signed in":                     {wsfed, nil, good, target.Observation{Outcome: accepted, Status: 200, Shown: "user@rollover.test", Detail: "Orders Hello user@rollover.test"}},
		"as somebody else":              {wsfed, nil, "good:attacker@rollover.test", target.Observation{Outcome: accepted, Status: 200, Shown: "attacker@rollover.test"}},
		"as two":                        {wsfed, showing(200, "WHY, attacker@rollover.test"), good, target.Observation{Outcome: accepted, Status: 200, Shown: "attacker@rollover.test"}},
		"under a longer name":           {wsfed, showing(200, "user@rollover.test<!---->.evil.test."), good, target.Observation{Outcome: accepted, Status: 200, Shown: "user@rollover.test.evil.test"}},
		"in capitals":                   {wsfed, showing(200, "USER@ROLLOVER.TEST"), good, target.Observation{Outcome: accepted, Status: 200, Shown: "user@rollover.test"}},
		"in JSON":                       {wsfed, func(a *app) { a.page = func(w http.ResponseWriter, n string) { fmt.Fprintf(w, `{"name":%q}`, n) } }, good, target.Observation{Outcome: accepted, Status: 200, Shown: "user@rollover.test"}},
		"in a comment and a script":     {wsfed, showing(200, "<!--WHY--><script>'WHY'</script><style>WHY</style>hello"), good, target.Observation{Outcome: rejected, Status: 200, Detail: "hello; the page shows nobody's name"}},
		"with a status of one's own":    {own, showing(203, "WHY"), good, target.Observation{Outcome: accepted, Status: 203, Shown: "user@rollover.test"}},
		"on a page that is not there":   {wsfed, showing(404, "WHY"), good, target.Observation{Outcome: unreachable, Status: 404, Shown: "user@rollover.test", Detail: "the page shows user@rollover.test, and 404 is neither accepted nor rejected"}},
		"without a word":                {wsfed, showing(200, ""), good, target.Observation{Outcome: rejected, Status: 200, Detail: "an empty page; the page shows nobody's name; the sign-in ended at APP/ with 200"}},
		"on a page with a form to post": {wsfed, showing(200, `WHY<form method=post action=/logout></form><script>function out() { document.forms[0].submit() }</script>`), good, target.Observation{Outcome: accepted, Status: 200, Shown: "user@rollover.test"}},

		"401": {wsfed, refusing(401, "WHY"), "forged", target.Observation{Outcome: rejected, Status: 401, Detail: "IDX10501: Signature validation failed.; the sign-in ended at APP/signin with 401"}},
		"401 with a challenge": {wsfed, func(a *app) {
			a.refused = func(w http.ResponseWriter, _ string) {
				w.Header().Set("WWW-Authenticate", "Bearer")
				w.WriteHeader(401)
			}
		}, "forged",
			target.Observation{Outcome: rejected, Status: 401, Detail: "WWW-Authenticate: Bearer"}},
		"200 with an error page":     {wsfed, refusing(200, "<title>Sorry</title>WHY"), "forged", target.Observation{Outcome: rejected, Status: 200, Detail: "Sorry IDX10501: Signature validation failed.; the page shows nobody's name"}},
		"400":                        {wsfed, refusing(400, "Invalid thumbprint"), "forged", target.Observation{Outcome: rejected, Status: 400, Detail: "Invalid thumbprint"}},
		"an empty 500":               {wsfed, refusing(500, ""), "forged", target.Observation{Outcome: failed, Status: 500, Detail: "an empty page"}},
		"a 500 that is a refusal":    {own, refusing(500, ""), "forged", target.Observation{Outcome: rejected, Status: 500}},
		"a refusal that names names": {own, refusing(403, "user@rollover.test may not"), "forged", target.Observation{Outcome: rejected, Status: 403, Shown: "user@rollover.test"}},
		"the framework's own page": {wsfed, func(a *app) { a.refused = htmlPage(500, fixture(t, "aspnetcore-error.html")) }, "forged",
			target.Observation{Outcome: failed, Status: 500, Detail: "Internal Server Error An unhandled exception occurred while processing the request. SecurityTokenSignatureKeyNotFoundException: IDX10501: Signature validation failed."}},
		"Shibboleth's own page": {wsfed, func(a *app) { a.refused = htmlPage(200, fixture(t, "shibboleth-error.html")) }, "forged",
			target.Observation{Outcome: rejected, Status: 200, Detail: "Message was signed, but signature could not be verified."}},
		"a code far down": {wsfed, refusing(500, strings.Repeat("word ", 400)+"WHY and so on"), "forged", target.Observation{Outcome: failed, Status: 500, Detail: "word; IDX10501: Signature validation failed. and so on; the sign-in ended"}},
		"an error page elsewhere": {wsfed, func(a *app) {
			a.refused = func(w http.ResponseWriter, why string) {
				w.Header().Set("Location", "/error?why=1")
				w.WriteHeader(302)
			}
			a.handle["/error"] = func(w http.ResponseWriter, _ *http.Request) { htmlPage(200, "it went wrong")(w, "") }
		}, "forged", target.Observation{Outcome: rejected, Status: 200, Detail: "it went wrong; the page shows nobody's name; the sign-in ended at APP/error with 200"}},
		"a sign-in page of one's own": {wsfed, refusing(200, "<form><input name=user></form>"), "forged", target.Observation{Outcome: rejected, Status: 200}},
		"back to the issuer": {wsfed, func(a *app) {
			a.refused = func(w http.ResponseWriter, _ string) { w.Header().Set("Location", "/"); w.WriteHeader(302) }
		}, "forged", target.Observation{Outcome: rejected, Status: 302, Detail: "the app took what the issuer gave and sent the browser back to the issuer; the sign-in ended at APP/ with 302"}},

		"500 before anything": {wsfed, func(a *app) {
			a.handle["/"] = func(w http.ResponseWriter, _ *http.Request) {
				http.Error(w, "IDX20803: Unable to obtain configuration", 500)
			}
		},
			good, target.Observation{Outcome: failed, Status: 500, Undelivered: true, Detail: "IDX20803: Unable to obtain configuration; the app never sent the browser to the issuer; the sign-in ended at APP/ with 500"}},
		"an error page before anything": {wsfed, func(a *app) {
			a.handle["/"] = func(w http.ResponseWriter, _ *http.Request) { htmlPage(200, "no metadata")(w, "") }
		},
			good, target.Observation{Outcome: rejected, Status: 200, Undelivered: true, Detail: "no metadata; the app never sent the browser to the issuer"}},
		"a page for people before anything": {wsfed, func(a *app) {
			a.handle["/"] = func(w http.ResponseWriter, _ *http.Request) {
				htmlPage(200, "<form><input type=password name=p></form>")(w, "")
			}
		},
			good, target.Observation{Outcome: rejected, Status: 200, Undelivered: true, Detail: `the app never sent the browser to the issuer: it asks for "p" (password)`}},
		"in circles before anything": {wsfed, func(a *app) {
			a.handle["/"] = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) }
		},
			good, target.Observation{Outcome: rejected, Status: 302, Undelivered: true, Detail: "the sign-in goes on after 20 pages, and the app never sent the browser to the issuer"}},
		"a name before anything": {wsfed, func(a *app) {
			a.handle["/"] = func(w http.ResponseWriter, _ *http.Request) { htmlPage(200, "user@rollover.test")(w, "") }
		},
			good, target.Observation{Outcome: unreachable, Status: 200, Shown: "user@rollover.test", Detail: "the page shows a name before anybody has signed in"}},

		"in circles afterwards": {wsfed, func(a *app) {
			a.handle["/signin"] = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "/signin", http.StatusTemporaryRedirect)
			}
		},
			good, target.Observation{Outcome: rejected, Status: 307, Detail: "the sign-in goes on after 20 pages"}},
		"a foreign host afterwards": {wsfed, func(a *app) {
			a.handle["/signin"] = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://user:pass@www.example.org/welcome?token=secret", http.StatusFound)
			}
		},
			good, target.Observation{Outcome: unreachable, Status: 302, Detail: "sent the browser to https://www.example.org/welcome, which is neither the app's address nor the issuer's"}},
		"a foreign host at once": {wsfed, func(a *app) {
			a.handle["/"] = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://login.microsoftonline.com/", http.StatusFound)
			}
		},
			good, target.Observation{Outcome: unreachable, Status: 302, Detail: "sent the browser to https://login.microsoftonline.com/"}},
		"no address": {wsfed, func(a *app) {
			a.handle["/"] = func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "http://[::1")
				w.WriteHeader(302)
			}
		},
			good, target.Observation{Outcome: rejected, Status: 302, Undelivered: true, Detail: "the app never sent the browser to the issuer: it leads to what is no address"}},
		"a scheme for another program": {wsfed, func(a *app) {
			a.handle["/"] = func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "mailto:a@b")
				w.WriteHeader(302)
			}
		},
			good, target.Observation{Outcome: unreachable, Status: 302, Detail: "sent the browser to mailto:a@b"}},

		"a page for people at the issuer": {wsfed, func(a *app) { a.idp.answer = answer(200, `<title>Sign in</title><form><input name=user></form>`) },
			good, target.Observation{Outcome: unreachable, Detail: `Sign in; the sign-in stays at the issuer: it asks for "user" (text); the sign-in ended at IDP/t/wsfed with 200`}},
		"the issuer's error page": {wsfed, func(a *app) { a.idp.answer = answer(400, "no such reply address") },
			good, target.Observation{Outcome: unreachable, Detail: "no such reply address; the sign-in stays at the issuer"}},
		"the issuer cuts the connection": {wsfed, func(a *app) {
			a.idp.answer = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
		},
			good, target.Observation{Outcome: unreachable, Detail: "no answer from IDP/t/wsfed (page 2 of the sign-in): EOF"}},
		"the issuer refuses": {oidc, func(a *app) {
			a.idp.answer = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, r.FormValue("redirect_uri")+"?error=access_denied&error_description=no", http.StatusFound)
			}
		},
			good, target.Observation{Outcome: unreachable, Status: 401, Detail: "the issuer sent the browser back without a credential (access_denied no)"}},
		"the issuer answers in a fragment": {oidc, func(a *app) {
			a.idp.answer = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, r.FormValue("redirect_uri")+"#id_token=a.b.c", http.StatusFound)
			}
		},
			good, target.Observation{Outcome: unreachable, Detail: "the issuer answered in the fragment of the address"}},
		"in circles between": {oidc, func(a *app) {
			a.idp.answer = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, a.URL+"/oidc", http.StatusFound) }
		},
			good, target.Observation{Outcome: unreachable, Detail: "the sign-in goes on after 20 pages"}},

		"an answer cut off": {wsfed, func(a *app) {
			a.handle["/signin"] = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "100")
				fmt.Fprint(w, "user@roll")
			}
		}, good, target.Observation{Outcome: unreachable, Detail: "the answer from APP/signin was broken off (page 3 of the sign-in): the answer was broken off: unexpected EOF"}},
		"an app that cuts the connection": {wsfed, func(a *app) {
			a.handle["/signin"] = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
		}, good, target.Observation{Outcome: unreachable, Detail: "no answer from APP/signin (page 3 of the sign-in)"}},
		"a token that no cookie can carry": {wsfed, nil, "a\r\nb", target.Observation{Outcome: unreachable, Detail: "cookie rollover_session"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t, newIDP(t))
			if c.prepare != nil {
				c.prepare(a)
			}
			got := login(t, c.login, a, c.token)
			detail := strings.NewReplacer("APP", a.URL, "IDP", a.idp.URL).Replace(c.want.Detail)
			if !strings.Contains(got.Detail, detail) {
				t.Errorf("%q is not in %q", detail, got.Detail)
			}
			if strings.Contains(got.Detail, "secret") || strings.Contains(got.Detail, "good:") {
				t.Errorf("%q tells a secret", got.Detail)
			}
			got.Detail, got.Took, c.want.Detail = "", 0, ""
			if got != c.want {
				t.Errorf("answer %+v, want %+v", got, c.want)
			}
		})
	}
}

func answer(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { htmlPage(status, text)(w, "") }
}

func TestNobodyListens(t *testing.T) {
	a := newApp(t, newIDP(t))
	a.idp.Close()
	o := login(t, wsfed, a, good)
	if want := "no answer from " + a.idp.URL + "/t/wsfed (page 2 of the sign-in): dial tcp"; o.Outcome != timeline.Unreachable || o.Undelivered || !strings.Contains(o.Detail, want) {
		t.Errorf("the issuer is down: %+v", o)
	}
	a.Close()
	o = login(t, wsfed, a, good)
	if want := "no answer from " + a.URL + "/ (page 1 of the sign-in): dial tcp"; o.Outcome != timeline.Unreachable || o.Undelivered || !strings.Contains(o.Detail, want) {
		t.Errorf("the app is down: %+v", o)
	}
}

// The whole sign-in has one time limit, and the answer says for which page the
// browser was waiting.
func TestTimeLimit(t *testing.T) {
	a := newApp(t, newIDP(t))
	a.handle["/signin"] = func(_ http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // a server sees that its client is gone once the body is read
		<-r.Context().Done()
	}
	l := wsfed
	l.Timeout = 2 * time.Second // for two pages and the wait at the third
	o := login(t, l, a, good)
	if want := "the sign-in was not over within 2s: waiting for " + a.URL + "/signin, page 3 of it"; o.Outcome != timeline.Unreachable || !strings.Contains(o.Detail, want) {
		t.Errorf("answer %+v", o)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	s, err := wsfed.Open(a.URL, a.idp.environment())
	if err != nil {
		t.Fatal(err)
	}
	if o := s.Present(done, credential.Credential{Token: good}); o.Outcome != timeline.Unreachable || !strings.Contains(o.Detail, "context canceled") || strings.Contains(o.Detail, "within") {
		t.Errorf("cancelled: %+v", o)
	}
}

// The ways of being sent on.
func TestOnward(t *testing.T) {
	at := func(method string) step {
		s := step{method: method, to: location(t, "http://here.example/a/b?c#d"), origin: "http://from.example"}
		if method == http.MethodPost {
			s.form = "x=1"
		}
		return s
	}
	for name, c := range map[string]struct {
		method string
		status int
		header http.Header
		body   string
		want   string // method, address, form, origin; empty: it stays
	}{
		"301 of a POST":            {"POST", 301, http.Header{"Location": {"e"}}, "", "GET http://here.example/a/e  "},
		"302 of a POST":            {"POST", 302, http.Header{"Location": {"/e?f"}}, "", "GET http://here.example/e?f  "},
		"303 of a POST":            {"POST", 303, http.Header{"Location": {"//there.example/e"}}, "", "GET http://there.example/e  "},
		"307 of a POST":            {"POST", 307, http.Header{"Location": {"/e"}}, "", "POST http://here.example/e x=1 http://from.example"},
		"308 of a POST":            {"POST", 308, http.Header{"Location": {"/e"}}, "", "POST http://here.example/e x=1 http://from.example"},
		"307 of a POST, elsewhere": {"POST", 307, http.Header{"Location": {"http://there.example/"}}, "", "POST http://there.example/ x=1 null"},
		"307 of a GET":             {"GET", 307, http.Header{"Location": {"?g=1"}}, "", "GET http://here.example/a/b?g=1  "},
		"302 to nowhere":           {"GET", 302, nil, "", ""},
		"300":                      {"GET", 300, http.Header{"Location": {"/e"}}, "", ""},
		"304":                      {"GET", 304, http.Header{"Location": {"/e"}}, "", ""},
		"200 with a Location":      {"GET", 200, http.Header{"Location": {"/e"}}, "", ""},
		"201 with a Location":      {"POST", 201, http.Header{"Location": {"/e"}}, "", ""},

		"a refresh":                   {"POST", 200, nil, `<meta http-equiv="Refresh" content="0; url=/e">`, "GET http://here.example/e  "},
		"a refresh in quotes":         {"GET", 200, nil, `<meta http-equiv=refresh content="0;URL='/e f'">`, "GET http://here.example/e%20f  "},
		"a refresh without url":       {"GET", 200, nil, `<meta http-equiv=refresh content="1, /e">`, "GET http://here.example/e  "},
		"a refresh with a base":       {"GET", 200, nil, `<base href="/x/"><meta http-equiv=refresh content="0.5;url=e">`, "GET http://here.example/x/e  "},
		"a refresh of the same page":  {"GET", 200, nil, `<meta http-equiv=refresh content="0">`, ""},
		"a refresh that takes time":   {"GET", 200, nil, `<meta http-equiv=refresh content="2;url=/e">`, ""},
		"a refresh that takes longer": {"GET", 200, nil, `<meta http-equiv=refresh content="99999999999999999999;url=/e">`, ""},
		"a refresh without scripts":   {"GET", 200, nil, `<noscript><meta http-equiv=refresh content="0;url=/e"></noscript>`, ""},
		"a refresh in text":           {"GET", 200, http.Header{"Content-Type": {"text/plain"}}, `<meta http-equiv=refresh content="0;url=/e">`, ""},
		"a Refresh header":            {"GET", 200, http.Header{"Refresh": {"0;url=/e"}, "Content-Type": {"text/plain"}}, "", "GET http://here.example/e  "},
		"a form of XHTML":             {"GET", 200, http.Header{"Content-Type": {"application/xhtml+xml"}}, `<form method="get" action="/e"></form><script>x.submit()</script>`, "GET http://here.example/e  "},
		"a form without a media type": {"GET", 200, http.Header{}, `<!DOCTYPE html><form action="/e"></form><script>x.submit()</script>`, "GET http://here.example/e  "},
		"a form in text":              {"GET", 200, http.Header{"Content-Type": {"text/plain"}}, `<form action="/e"></form><script>x.submit()</script>`, ""},
	} {
		if c.header == nil {
			c.header = http.Header{"Content-Type": {"text/html"}}
		}
		p := page{step: at(c.method), status: c.status, header: c.header, whole: true}
		p.read([]byte(c.body))
		got := ""
		if next, leads, _ := p.onward(); leads {
			got = strings.Join([]string{next.method, next.to.String(), next.form, next.origin}, " ")
			if next.from.String() != "http://here.example/a/b?c#d" {
				t.Errorf("%s: comes from %s", name, next.from)
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestShows(t *testing.T) {
	for _, c := range []struct{ text, subject, want string }{
		{"Hello user@rollover.test!", "user@rollover.test", "user@rollover.test"},
		{"nobody", "user@rollover.test", ""},
		{"superuser@rollover.test", "user@rollover.test", "superuser@rollover.test"},
		{"user@rollover.test.", "user@rollover.test", "user@rollover.test"},
		{"user@rollover.tester", "user@rollover.test", "user@rollover.test"}, // .tester is nobody's, and no name goes on so
		{"you are eve, aren't you", "eve", "eve"},
		{"whatever", "eve", ""},
		{"eve@contoso.com", "eve", ""},
		{"Eve.", "eve", "eve"},
		{"eve and user@rollover.test", "eve", "user@rollover.test"},
		{"alice@contoso.com", "alice@contoso.com", "alice@contoso.com"},
		{"malice@contoso.com", "alice@contoso.com", ""},
		{"alice@contoso.com.evil", "alice@contoso.com", ""},
		{"", "", ""},
	} {
		p := page{text: c.text}
		if got := p.shows(c.subject); got != c.want {
			t.Errorf("%q shows %q of %q, want %q", c.text, got, c.subject, c.want)
		}
	}
}

// Two servers of one host share no cookies, though cookies know no ports, and
// on loopback Secure cookies come back over http, as browsers have it.
func TestCookiesOfAnOrigin(t *testing.T) {
	var issued, seen atomic.Value
	i := newIDP(t)
	i.answer = func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "issuers", Value: "own", Path: "/"})
		issued.Store(r.Header.Get("Cookie"))
		http.Redirect(w, r, r.FormValue("wreply")+"?wresult=x", http.StatusFound)
	}
	a := newApp(t, i)
	a.handle["/"] = func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "__Host-apps", Value: "own", Path: "/", Secure: true, HttpOnly: true})
		http.SetCookie(w, &http.Cookie{Name: "gone", Value: "", Path: "/", MaxAge: -1})
		http.Redirect(w, r, i.URL+"/t/wsfed?wreply="+url.QueryEscape(a.URL+"/signin"), http.StatusFound)
	}
	a.handle["/signin"] = func(_ http.ResponseWriter, r *http.Request) { seen.Store(r.Header.Get("Cookie")) }
	login(t, wsfed, a, good)
	if got := issued.Load(); got != "rollover_session="+good {
		t.Errorf("the issuer got %q", got)
	}
	if got := seen.Load(); got != "__Host-apps=own" {
		t.Errorf("the app got %q", got)
	}
}

// What a page says beyond its first mebibyte is not read, and the sign-in goes
// on without it.
func TestLongPage(t *testing.T) {
	a := newApp(t, newIDP(t))
	a.page = func(w http.ResponseWriter, name string) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<title>", name, "</title>", strings.Repeat("x", pageRead))
	}
	if o := login(t, wsfed, a, good); o.Outcome != timeline.Accepted {
		t.Errorf("the name comes first: %s %s", o.Outcome, o.Shown)
	}
	a.page = func(w http.ResponseWriter, name string) { fmt.Fprint(w, strings.Repeat("x", pageRead), " ", name) }
	if o := login(t, wsfed, a, good); o.Outcome != timeline.Rejected {
		t.Errorf("the name comes last: %s %s", o.Outcome, o.Shown)
	}
}

// Frameworks send a browser to the sign-in, and others away.
func TestHeaders(t *testing.T) {
	var headers []http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers = append(headers, r.Header)
		if r.Method == http.MethodGet {
			answer(200, `<form method=post></form><script>x.submit()</script>`)(w, r)
		}
	}))
	defer server.Close()
	s, err := wsfed.Open(server.URL, target.Environment{WSFed: "http://127.0.0.1:1/"})
	if err != nil {
		t.Fatal(err)
	}
	s.Present(t.Context(), credential.Credential{Token: good})
	if len(headers) != 2 {
		t.Fatalf("%d requests", len(headers))
	}
	if h := headers[0]; h.Get("User-Agent") != "rollover" || !strings.HasPrefix(h.Get("Accept"), "text/html,") || h.Get("Origin") != "" {
		t.Errorf("headers of a GET %v", h)
	}
	if h := headers[1]; h.Get("Content-Type") != "application/x-www-form-urlencoded" || h.Get("Origin") != server.URL {
		t.Errorf("headers of a POST %v", h)
	}
}
