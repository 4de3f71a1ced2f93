package probe

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

func fixture(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func location(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Pages as frameworks and providers write them: each is sent on as a browser
// with scripts sends it.
func TestFormsThatSubmitThemselves(t *testing.T) {
	const rstr = `%3Ct%3ARequestSecurityTokenResponse+xmlns%3At%3D%22http%3A%2F%2Fschemas.xmlsoap.org%2Fws%2F2005%2F02%2Ftrust%22%3E%0D%0A%3C%2Ft%3ARequestSecurityTokenResponse%3E`
	for name, c := range map[string]struct{ page, want string }{
		"ASP.NET Core OpenID Connect": {fixture(t, "aspnetcore-formpost.html"),
			"POST https://idp.example/authorize client_id=app&response_mode=form_post&state=CfDJ8%2Ba%2Fb%3D"},
		"Entra WS-Federation": {fixture(t, "entra-wsfed.html"),
			"POST http://app.example/signin-wsfed wa=wsignin1.0&wresult=" + rstr + "&wctx=WsFedOwinState%3Da%252Bb%26c"},
		"node-saml":     {fixture(t, "node-saml-post.html"), "POST https://idp.example/saml2 SAMLRequest=PHNhbWxwOkF1dGhuUmVxdWVzdC8%2B&RelayState="},
		"Shibboleth SP": {fixture(t, "shibboleth-sp.html"), "POST https://idp.example/saml2 RelayState=ss%3Amem%3A0123%22&SAMLRequest=PHg%2B"},
		"Keycloak": {fixture(t, "keycloak-post.html"),
			"POST http://app.example/saml/acs SAMLResponse=PHNhbWxwOlJlc3BvbnNlLz4%3D&RelayState=%2Forders%3Fpage%3D1%26x%3D2"},
		"crewjam": {fixture(t, "crewjam-post.html"), "POST https://idp.example/saml2 SAMLRequest=PHg%2B&RelayState=a+b"},
		"jQuery":  {fixture(t, "jquery-post.html"), "POST http://here.example/acs SAMLResponse=PHg%2B"},

		"a base":               {`<base href="http://other.example/b/"><form method=post action=c><input type=hidden name=a value=1></form><script>x.submit()</script>`, "POST http://other.example/b/c a=1"},
		"GET":                  {`<form action="/go?old=1"><input type=hidden name=a value="1&2"></form><script>x.submit()</script>`, "GET http://here.example/go?a=1%262 "},
		"no action":            {`<form method=post><input type=hidden name=a value=1></form><script>x.submit()</script>`, "POST http://here.example/sso/page?q=1 a=1"},
		"twice the same name":  {`<form method=post action=/a><input type=hidden name=a value=2><input type=hidden name=a value=1></form><script>x.submit()</script>`, "POST http://here.example/a a=2&a=1"},
		"what is not sent":     {`<form method=post action=/a><input type=hidden value=1><input type=hidden name=b disabled value=1><button name=c value=1>go</button><input type=image name=d><input type=reset name=e><input type=submit name=f value=g></form><script>x.submit()</script>`, "POST http://here.example/a "},
		"a button named so":    {`<form method=post action=/a></form><script>HTMLFormElement.prototype.submit.call(document.forms[0])</script>`, "POST http://here.example/a "},
		"requestSubmit":        {`<form method=post action=/a></form><script type=module>document.forms[0].requestSubmit( );</script>`, "POST http://here.example/a "},
		"a script in a script": {`<script>/* document.forms[0] is there */ f.submit(); // now</script><form method=POST action=/a></form>`, "POST http://here.example/a "},
		"line breaks":          {"<form method=post action=/a><input type=hidden name=a value='1\n2&#13;3&#13;&#10;4'></form><script>x.submit()</script>", "POST http://here.example/a a=1%0D%0A2%0D%0A3%0D%0A4"},
		"its type said":        {`<form method=post action=/a enctype="application/x-www-form-urlencoded"></form><script>x.submit()</script>`, "POST http://here.example/a "},
		"a fragment":           {`<form method=post action="/a#b"></form><script>x.submit()</script>`, "POST http://here.example/a "},
	} {
		p := page{step: visit(location(t, "http://here.example/sso/page?q=1"), nil), status: 200, header: http.Header{"Content-Type": {"text/html"}}, whole: true}
		p.read([]byte(c.page))
		next, leads, why := p.onward()
		if !leads || why != "" {
			t.Errorf("%s: it stays: %q", name, why)
			continue
		}
		if got := next.method + " " + next.to.String() + " " + next.form; got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
		if next.method == http.MethodPost && next.origin != "http://here.example" {
			t.Errorf("%s: origin %q", name, next.origin)
		}
	}
}

// Pages for people: nothing of them is sent, and the reason is said.
func TestFormsForPeople(t *testing.T) {
	const auto = `<script>document.forms[0].submit()</script>`
	for name, c := range map[string]struct{ page, why string }{
		"no form":               {`<p>hello</p>` + auto, ""},
		"a name and a password": {`<form method=post><input type=hidden name=csrf value=1><input name=user><input type=password name=pass></form>` + auto, `it asks for "user" (text)`},
		"a password":            {`<form method=post><input type=PASSWORD name=pass></form>` + auto, `it asks for "pass" (password)`},
		"an address":            {`<form method=post><input type=email name=loginfmt></form>` + auto, `it asks for "loginfmt" (email)`},
		"a box to tick":         {`<form method=post><input type=checkbox name=terms></form>` + auto, `it asks for "terms" (checkbox)`},
		"a choice":              {`<form method=post><select name=realm><option>a</select></form>` + auto, `it asks for "realm" (select)`},
		"a text":                {`<form method=post><textarea name=why></textarea></form>` + auto, `it asks for "why" (textarea)`},
		"a button alone":        {`<form method=post action=/go><input type=hidden name=a value=1><button>Sign in</button></form>`, "it has a form that no script sends on"},
		"two":                   {`<form action=/a></form><form action=/b></form>` + auto, "it has 2 forms, and a person has to choose"},
		"two, one of which asks": {`<form action=/a></form><form><input name=user></form>` + auto,
			`it asks for "user" (text)`},
		"a handler":              {`<form method=post></form><script>$('form').submit(function() { return check(); })</script>`, "it has a form that no script sends on"},
		"a comment":              {"<form method=post></form><script>\n  // document.forms[0].submit()\n/* x.submit() */</script>", "it has a form that no script sends on"},
		"a comment of old":       {"<form method=post></form><script>\n<!-- x.submit() -->\n</script>", "it has a form that no script sends on"},
		"data":                   {`<form method=post></form><script type="application/json">{"a": "x.submit()"}</script>`, "it has a form that no script sends on"},
		"text":                   {`<form method=post></form><p>document.forms[0].submit()</p>`, "it has a form that no script sends on"},
		"without scripts":        {`<form method=post></form><noscript><script>x.submit()</script></noscript>`, "it has a form that no script sends on"},
		"onload of a picture":    {`<form method=post></form><img onload="x.submit()">`, "it has a form that no script sends on"},
		"a file":                 {`<form method=post enctype="multipart/form-data"></form>` + auto, `it has a form of the type "multipart/form-data", which no sign-in uses`},
		"a form without scripts": {`<noscript><form method=post action=/a></form></noscript>` + auto, ""},
		"an address that is none": {`<form method=post action="http://[::1/"></form>` + auto,
			"its form leads to what is no address"},
	} {
		p := page{step: visit(location(t, "http://here.example/"), nil), status: 200, header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, whole: true}
		p.read([]byte(c.page))
		if next, leads, why := p.onward(); leads || why != c.why {
			t.Errorf("%s: leads %t to %v, %q; want %q", name, leads, next.to, why, c.why)
		}
	}
}

// A page that is longer than what is read is judged by its beginning, and
// sends nothing: half a form is none.
func TestFormWithoutItsEnd(t *testing.T) {
	p := page{step: visit(location(t, "http://here.example/"), nil), status: 200, header: http.Header{"Content-Type": {"text/html"}}}
	p.read([]byte(`<form method=post action=/a><input type=hidden name=a value=1></form><script>x.submit()</script>`))
	if _, leads, why := p.onward(); leads || why != "it is longer than 1048576 bytes, and a form is not sent without its end" {
		t.Errorf("leads %t, %q", leads, why)
	}
}

// Whatever a page says, what it sends on is its own hidden fields, over http or
// https, and the text of it is fit for a report.
func FuzzPage(f *testing.F) {
	entries, err := os.ReadDir("testdata")
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range entries {
		if text, err := os.ReadFile("testdata/" + e.Name()); err == nil {
			f.Add(text)
		}
	}
	f.Add([]byte(`<meta http-equiv=refresh content="0;url=/a"><base href=":"><form action="\x00"><input name=a><script>.submit()`))
	at := &url.URL{Scheme: "http", Host: "here.example", Path: "/"}
	f.Fuzz(func(t *testing.T, body []byte) {
		p := page{step: visit(at, nil), status: 200, header: http.Header{"Content-Type": {"text/html"}}, whole: true}
		p.read(body)
		next, leads, why := p.onward()
		if leads && why != "" || leads && next.to == nil {
			t.Fatalf("leads to %v, %q", next.to, why)
		}
		if !utf8.ValidString(clean(why, 10*addressShown)) {
			t.Fatalf("why is %q", why)
		}
		if form, _ := findForm(p.doc); form != nil {
			values, err := url.ParseQuery(form.encode())
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range form.fields {
				if _, sent := values[strings.NewReplacer("\r\n", "\r\n", "\r", "\r\n", "\n", "\r\n").Replace(one.name)]; !sent {
					t.Fatalf("field %q is not sent in %q", one.name, form.encode())
				}
			}
		}
		if text := said(p); !utf8.ValidString(text) || len(text) > headerShown+bodyShown+codeShown+20 {
			t.Fatalf("said %q", text)
		}
		p.shows("user@rollover.test")
	})
}
