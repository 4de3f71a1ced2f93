package signin_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rollover-harness/rollover/mockidp/signin"
)

func TestCheckAddress(t *testing.T) {
	for _, good := range []string{"http://127.0.0.1:5000/signin-oidc", "https://app.test", "http://[::1]:80/?a=b"} {
		if err := signin.CheckAddress("wreply", good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for bad, says := range map[string]string{
		"javascript:alert(1)":               `wreply "javascript:alert(1)" has the scheme "javascript"`,
		"JavaScript://app.test/%0aalert(1)": `scheme "javascript"`,
		"data:text/html,x":                  `scheme "data"`,
		"/signed-in":                        `scheme ""`,
		"//app.test/":                       `scheme ""`,
		"http:///signed-in":                 "names no host",
		"http:app.test":                     "names no host",
		"http://app.test/#x":                "has a fragment",
		"http://app.test/#":                 "has a fragment",
		"http://app.test/%zz":               "is no URL",
		" http://app.test/":                 "is no URL",
		"http://app\n.test/":                "is no URL",
	} {
		err := signin.CheckAddress("wreply", bad)
		var refusal *signin.Refusal
		if !errors.As(err, &refusal) || !strings.Contains(err.Error(), says) || refusal.Hint == "" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestResource(t *testing.T) {
	for query, want := range map[string]string{
		"resource=urn:a&audience=urn:b":           "urn:a",
		"audience=urn:b&scope=api://c/.default":   "urn:b",
		"scope=openid+api://c/.default":           "api://c",
		"scope=openid+https://api.test/v1/x.read": "https://api.test/v1",
		"scope=openid+email":                      "",
		"scope=a/b":                               "",
	} {
		form, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if got := signin.Resource(form); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

func TestOpenID(t *testing.T) {
	for scope, want := range map[string]bool{"": true, "openid": true, "email openid": true, "email": false, "openid2": false} {
		if got := (signin.Authorize{Scope: scope}).OpenID(); got != want {
			t.Errorf("%q: %v", scope, got)
		}
	}
}

// RFC 7636 appendix B.
func TestRedeemWithTheVerifierOfTheStandard(t *testing.T) {
	given := signin.Authorize{ClientID: "app", RedirectURI: "https://app.test/", RedirectSent: true, Challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", ChallengeMethod: "S256"}
	asked := signin.TokenRequest{ClientID: "app", RedirectURI: "https://app.test/", Verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}
	if err := asked.Redeem(given); err != nil {
		t.Error(err)
	}
	asked.Verifier += "x"
	if err := asked.Redeem(given); err == nil {
		t.Error("another verifier will do")
	}
}

func TestReadTokenFindsTheClient(t *testing.T) {
	// sub is app (RFC 7523 section 3).
	assertion := "eyJhbGciOiJSUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"app","sub":"app"}`)) + ".c2ln"
	for name, test := range map[string]struct {
		form           url.Values
		user, password string
		basic          bool
		client, code   string
	}{
		"in the form":       {url.Values{"client_id": {"app"}}, "", "", false, "app", ""},
		"basic":             {nil, "my%3Aapp", "s+%25", true, "my:app", ""},
		"both":              {url.Values{"client_id": {"app"}}, "app", "", true, "app", ""},
		"both, and differ":  {url.Values{"client_id": {"app"}}, "other", "", true, "", "invalid_request"},
		"badly encoded":     {nil, "app", "%zz", true, "", "invalid_client"},
		"an assertion":      {url.Values{"client_assertion": {assertion}}, "", "", false, "app", ""},
		"a bad assertion":   {url.Values{"client_assertion": {"a.b"}}, "", "", false, "", "invalid_client"},
		"a worse assertion": {url.Values{"client_assertion": {"a.e30.c"}}, "", "", false, "", "invalid_client"},
		"nobody":            {nil, "", "", false, "", "invalid_client"},
	} {
		if test.form == nil {
			test.form = url.Values{}
		}
		test.form.Set("grant_type", "client_credentials")
		got, err := signin.ReadToken(test.form, test.user, test.password, test.basic)
		var refused *signin.OAuthError
		if errors.As(err, &refused) != (test.code != "") || (refused != nil && refused.Code != test.code) || (err == nil && got.ClientID != test.client) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}

func TestPerson(t *testing.T) {
	jwt := func(claims string) string { return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + "." }
	got := signin.Person(jwt(`{"sub":"ann@rollover.test","name":"Ann","email":"a@b.test","scp":"x","oid":"1"}`))
	if len(got) != 4 || got["sub"] != "ann@rollover.test" || got["name"] != "ann@rollover.test" || got["email"] != "a@b.test" || got["oid"] != "1" {
		t.Errorf("%v", got)
	}
	for _, bad := range []string{"", "a.b", "a.!.c", jwt(`[]`), jwt(`{"sub":1}`), jwt(`{}`)} {
		if got := signin.Person(bad); got != nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
}

func TestAppsOfABrowser(t *testing.T) {
	note := ""
	for _, app := range []string{"http://a.test/", "http://b.test/?x=1", "http://a.test/"} {
		note = signin.AddApp(note, app)
	}
	if got := signin.Apps(note); !slices.Equal(got, []string{"http://b.test/?x=1", "http://a.test/"}) {
		t.Errorf("%v", got)
	}
	for n := range 40 {
		note = signin.AddApp(note, "http://many.test/"+strings.Repeat("x", 400+n))
	}
	got := signin.Apps(note)
	if len(note) > 3500 || len(got) < 4 || len(got) > 16 || !strings.HasSuffix(got[len(got)-1], strings.Repeat("x", 439)) {
		t.Errorf("%d bytes, %d apps", len(note), len(got))
	}
	evil := base64.RawURLEncoding.EncodeToString([]byte(`["javascript:alert(1)","http://a.test/","x"]`))
	if got := signin.Apps(evil); !slices.Equal(got, []string{"http://a.test/"}) {
		t.Errorf("%v", got)
	}
	if got := signin.Apps("%%%"); got != nil {
		t.Errorf("%v", got)
	}
}

var (
	field  = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
	script = regexp.MustCompile(`(?s)<script>(.*?)</script>`)
)

// Pages load nothing, run their own script alone, and say what they are.
func TestPages(t *testing.T) {
	post, err := signin.PostPage("https://app.test/acs", []signin.Field{{Name: "a", Value: "b"}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := signin.SignedOutPage([]string{"https://app.test/?wa=wsignoutcleanup1.0"}, "https://app.test/bye")
	if err != nil {
		t.Fatal(err)
	}
	bare, err := signin.SignedOutPage(nil, "")
	if err != nil {
		t.Fatal(err)
	}
	failure, err := signin.FailurePage("<Title>", `wtrealm "</code><script>" is missing`, "<b>send it</b>")
	if err != nil {
		t.Fatal(err)
	}
	for name, page := range map[string]string{"post": string(post), "signed out": string(out), "bare": string(bare), "failure": string(failure)} {
		if !strings.HasPrefix(page, "<!DOCTYPE html>") || !strings.Contains(page, "for tests only") || strings.Contains(page, "<b>") {
			t.Errorf("%s: %s", name, page)
		}
		for _, external := range []string{"<link", "src=\"//", "<iframe", "url("} {
			if strings.Contains(page, external) {
				t.Errorf("%s loads something: %s", name, page)
			}
		}
		scripts := script.FindAllStringSubmatch(page, -1)
		for _, s := range scripts {
			sum := sha256.Sum256([]byte(s[1]))
			if hash := base64.StdEncoding.EncodeToString(sum[:]); !strings.Contains(signin.PagePolicy, "'sha256-"+hash+"'") {
				t.Errorf("%s: the policy stops its script %s", name, hash)
			}
		}
		if want := map[string]int{"post": 1, "signed out": 1}[name]; len(scripts) != want {
			t.Errorf("%s has %d scripts", name, len(scripts))
		}
	}
	if !strings.Contains(string(failure), "&lt;script&gt;") || !strings.Contains(string(failure), "&lt;Title&gt;") {
		t.Errorf("%s", failure)
	}
}

// What was sent comes back byte for byte, or is refused.
func FuzzWSFedContext(f *testing.F) {
	for _, seed := range []string{"rm=0&id=passive&ru=%2f", `"><script>alert(1)</script>`, "é+ ;", "a\r\nb", "a\x00b", "\xff", "", "&#13;&lt;", "`\u2028"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, context string) {
		form := url.Values{"wa": {"wsignin1.0"}, "wtrealm": {"urn:app"}, "wreply": {"http://app.test/"}, "wctx": {context}}
		asked, err := signin.ReadWSFed(form, "")
		if err != nil {
			var refusal *signin.Refusal
			if !errors.As(err, &refusal) {
				t.Error(err)
			}
			return
		}
		page, err := signin.PostPage(asked.Reply, asked.Fields("<r/>"))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, m := range field.FindAllStringSubmatch(string(page), -1) {
			got[html.UnescapeString(m[1])] = html.UnescapeString(m[2])
		}
		if len(got) != 3 || got["wctx"] != context || len(script.FindAllString(string(page), -1)) != 1 {
			t.Errorf("%q became %q", context, got["wctx"])
		}
	})
}

// Whatever comes, it is refused, or the answer goes to an http address.
func FuzzReadAuthorize(f *testing.F) {
	for _, seed := range []string{
		"client_id=a&redirect_uri=http://app.test/&response_type=code", "client_id=a&redirect_uri=http://app.test/&response_type=id_token+code&nonce=n&response_mode=form_post",
		"client_id=a&redirect_uri=javascript:x", "client_id=a&client_id=b", "response_type=code+code&client_id=a&redirect_uri=http://app.test/?x=1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		form, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		asked, err := signin.ReadAuthorize(form, "")
		var refusal *signin.Refusal
		if errors.As(err, &refusal) {
			return
		}
		to, bad := url.Parse(asked.Location(asked.Answer(url.Values{"code": {"c"}})))
		if bad != nil || (to.Scheme != "http" && to.Scheme != "https") || to.Host == "" || asked.ClientID == "" {
			t.Errorf("%s (%v): %+v", to, err, asked)
		}
		if err == nil && !asked.Code && !asked.IDToken && !asked.Token {
			t.Errorf("asks for nothing: %+v", asked)
		}
	})
}
