package mockidp_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/rollover-harness/rollover/mockidp"
	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// reply is where the tests' app is answered; nobody listens there, and the
// browser does not follow.
const reply = "http://127.0.0.1:9/signed-in"

// browser is a user agent that follows nothing by itself.
type browser struct {
	t      *testing.T
	client *http.Client
}

func newBrowser(t *testing.T, idp *mockidp.Issuer, cookies ...string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(idp.Endpoints().Metadata)
	if err != nil {
		t.Fatal(err)
	}
	at.Path = "/"
	for i := 0; i+1 < len(cookies); i += 2 {
		jar.SetCookies(at, []*http.Cookie{{Name: cookies[i], Value: cookies[i+1], Path: "/"}})
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{t, &http.Client{Jar: jar, CheckRedirect: stay, Timeout: patience}}
}

// signedIn is a browser with a session of what r asks for.
func signedIn(t *testing.T, idp *mockidp.Issuer, r credential.Request) *browser {
	t.Helper()
	r.Form = credential.Session
	made, err := idp.Mint(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return newBrowser(t, idp, credential.SessionCookie, made.Token)
}

func (b *browser) do(method, address string, form url.Values) (*http.Response, string) {
	b.t.Helper()
	var body io.Reader = http.NoBody
	if method == http.MethodGet && form != nil {
		address += "?" + form.Encode()
	} else if form != nil {
		body = strings.NewReader(form.Encode())
	}
	request, err := http.NewRequest(method, address, body)
	if err != nil {
		b.t.Fatal(err)
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := b.client.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if answer.Header.Get("Cache-Control") != "no-store" {
		b.t.Errorf("%s %s may be cached: %v", method, address, answer.Header)
	}
	return answer, string(text)
}

func (b *browser) get(address string, form url.Values) (*http.Response, string) {
	b.t.Helper()
	return b.do(http.MethodGet, address, form)
}

func (b *browser) post(address string, form url.Values) (*http.Response, string) {
	b.t.Helper()
	return b.do(http.MethodPost, address, form)
}

// discovered are the endpoints that a discovery document names.
type discovered struct {
	Issuer     string
	Authorize  string `json:"authorization_endpoint"`
	Token      string `json:"token_endpoint"`
	EndSession string `json:"end_session_endpoint"`
	JWKS       string `json:"jwks_uri"`
	UserInfo   string `json:"userinfo_endpoint"`
}

func discover(t *testing.T, metadata string) (d discovered) {
	t.Helper()
	_, body := get(t, metadata)
	if err := json.Unmarshal(body, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// asks is an authorization request.
func asks(more ...string) url.Values {
	form := url.Values{"client_id": {"app"}, "redirect_uri": {reply}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s t&a=te"}, "nonce": {"n-1"}}
	for i := 0; i+1 < len(more); i += 2 {
		if more[i+1] == "" {
			form.Del(more[i])
		} else {
			form.Set(more[i], more[i+1])
		}
	}
	return form
}

// location is what a redirect brings to the app.
func location(t *testing.T, answer *http.Response, separator string) url.Values {
	t.Helper()
	to, found := strings.CutPrefix(answer.Header.Get("Location"), reply+separator)
	if answer.StatusCode != http.StatusFound || !found {
		t.Fatalf("%s to %q", answer.Status, answer.Header.Get("Location"))
	}
	values, err := url.ParseQuery(to)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// granted is an answer of the token endpoint.
type granted struct {
	Status                   int    `json:"-"`
	AccessToken              string `json:"access_token"`
	IDToken                  string `json:"id_token"`
	TokenType                string `json:"token_type"`
	ExpiresIn                int    `json:"expires_in"`
	Scope, Error             string
	Description              string `json:"error_description"`
	contentType, wantsSecret string
}

func (b *browser) redeem(endpoint string, form url.Values) granted {
	b.t.Helper()
	answer, text := b.post(endpoint, form)
	var g granted
	if err := json.Unmarshal([]byte(text), &g); err != nil {
		b.t.Fatalf("%s: %s", err, text)
	}
	g.Status, g.contentType, g.wantsSecret = answer.StatusCode, answer.Header.Get("Content-Type"), answer.Header.Get("WWW-Authenticate")
	return g
}

// claims verifies a token with the issuer's key set and returns its claims and kid.
func claims(t *testing.T, jwks, token string) (map[string]any, string) {
	t.Helper()
	_, body := get(t, jwks)
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(body, &set); err != nil {
		t.Fatal(err)
	}
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.EdDSA, jose.PS256})
	if err != nil {
		t.Fatalf("%q: %v", token, err)
	}
	kid := signed.Signatures[0].Header.KeyID
	for _, key := range set.Key(kid) {
		if payload, err := signed.Verify(key); err == nil {
			var c map[string]any
			if err := json.Unmarshal(payload, &c); err != nil {
				t.Fatal(err)
			}
			return c, kid
		}
	}
	t.Fatalf("no key of the set verifies %s", token)
	return nil, ""
}

func half(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

func TestCodeFlow(t *testing.T) {
	for _, test := range []struct {
		name, profile, metadata, issuer, version, user string
	}{
		{"generic", "generic", "/default/.well-known/openid-configuration", "{base}/default", "", "sub"},
		{"entra v2", "entra", "/11111111-2222-3333-4444-555555555555/v2.0/.well-known/openid-configuration", "{base}/11111111-2222-3333-4444-555555555555/v2.0", "2.0", "preferred_username"},
		{"entra v1", "entra", "/11111111-2222-3333-4444-555555555555/.well-known/openid-configuration", "https://sts.windows.net/11111111-2222-3333-4444-555555555555/", "1.0", "unique_name"},
		// Whoever signs in at common gets tokens of a tenant.
		{"entra common", "entra", "/common/v2.0/.well-known/openid-configuration", "{base}/11111111-2222-3333-4444-555555555555/v2.0", "2.0", "name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			idp := mockidp.Start(t, mockidp.Config{Profile: test.profile, Audience: "api://orders"})
			base, _, _ := strings.Cut(idp.Endpoints().Metadata[len("http://"):], "/")
			base = "http://" + base
			at := discover(t, base+test.metadata)
			b := signedIn(t, idp, credential.Request{Subject: "ann@rollover.test"})
			verifier := strings.Repeat("v", 43)
			sum := sha256.Sum256([]byte(verifier))
			answer, _ := b.get(at.Authorize, asks("code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]), "code_challenge_method", "S256"))
			back := location(t, answer, "?")
			if back.Get("state") != "s t&a=te" || back.Get("code") == "" || len(back) != 2 {
				t.Fatalf("%v", back)
			}
			g := b.redeem(at.Token, url.Values{
				"grant_type": {"authorization_code"}, "code": {back.Get("code")}, "redirect_uri": {reply}, "client_id": {"app"}, "client_secret": {"any"}, "code_verifier": {verifier},
			})
			if g.Status != 200 || g.TokenType != "Bearer" || g.Scope != "openid" || g.contentType != "application/json" || g.ExpiresIn < 3590 || g.ExpiresIn > 3600 {
				t.Fatalf("%+v", g)
			}
			id, _ := claims(t, at.JWKS, g.IDToken)
			issuer := strings.ReplaceAll(test.issuer, "{base}", base)
			if id["iss"] != issuer || id["aud"] != "app" || id["nonce"] != "n-1" || id["at_hash"] != half(g.AccessToken) || id[test.user] != "ann@rollover.test" || id["auth_time"] != id["iat"] {
				t.Errorf("id_token %v", id)
			}
			if version, _ := id["ver"].(string); version != test.version {
				t.Errorf("version %q", version)
			}
			if _, is := id["scp"]; is {
				t.Error("the id_token has an access token's claims")
			}
			access, _ := claims(t, at.JWKS, g.AccessToken)
			if access["iss"] != issuer || access["aud"] != "api://orders" || access["sub"] != "ann@rollover.test" || access["nonce"] != nil {
				t.Errorf("access token %v", access)
			}
			for _, served := range events[timeline.Served](t, idp) {
				if want := map[bool]timeline.Document{true: timeline.SignIn, false: served.Document}[strings.Contains(served.Path, "oauth2") || strings.HasSuffix(served.Path, "/authorize")]; served.Document != want {
					t.Errorf("%+v", served)
				}
			}
			// The session is all that the book has: what comes of it was said when it was minted.
			minted := events[timeline.Minted](t, idp)
			if len(minted) != 1 || minted[0].Form != "session" || minted[0].Key != "initial" || minted[0].Audience != "api://orders" || minted[0].Generation != 1 || minted[0].ExpiresAt.Sub(minted[0].IssuedAt) != time.Hour {
				t.Errorf("%+v", minted)
			}
		})
	}
}

func TestResponseModes(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	at := discover(t, idp.Endpoints().Metadata)
	b := newBrowser(t, idp)

	answer, _ := b.get(at.Authorize, asks("response_mode", "fragment"))
	if back := location(t, answer, "#"); back.Get("code") == "" || back.Get("state") == "" {
		t.Errorf("%v", back)
	}
	answer, _ = b.post(at.Authorize, asks("redirect_uri", reply+"?x=1"))
	if back := location(t, answer, "?x=1&"); back.Get("code") == "" {
		t.Errorf("%v", back)
	}
	answer, _ = b.get(at.Authorize, asks("response_type", "id_token"))
	back := location(t, answer, "#") // the default where tokens are in the answer
	id, _ := claims(t, at.JWKS, back.Get("id_token"))
	if id["aud"] != "app" || id["nonce"] != "n-1" || id["sub"] != credential.DefaultSubject || back.Has("code") || back.Has("access_token") {
		t.Errorf("%v %v", back, id)
	}

	// As ASP.NET Core asks by default.
	answer, page := b.get(at.Authorize, asks("response_type", "code id_token", "response_mode", "form_post"))
	action, fields := form(t, page)
	if answer.StatusCode != 200 || action != reply || fields.Get("state") != "s t&a=te" {
		t.Fatalf("%s %s", answer.Status, page)
	}
	if id, _ := claims(t, at.JWKS, fields.Get("id_token")); id["c_hash"] != half(fields.Get("code")) || id["at_hash"] != nil {
		t.Errorf("%v", id)
	}
	g := b.redeem(at.Token, url.Values{"grant_type": {"authorization_code"}, "code": fields["code"], "redirect_uri": {reply}, "client_id": {"app"}})
	if g.Status != 200 || g.IDToken == "" {
		t.Errorf("%+v", g)
	}

	answer, _ = b.get(at.Authorize, asks("response_type", "id_token token"))
	back = location(t, answer, "#")
	if id, _ := claims(t, at.JWKS, back.Get("id_token")); id["at_hash"] != half(back.Get("access_token")) || back.Get("token_type") != "Bearer" || back.Get("expires_in") == "" {
		t.Errorf("%v %v", back, id)
	}

	// The default user is in the book, as each token is made.
	for _, m := range events[timeline.Minted](t, idp) {
		if m.Form != "jwt" || m.Key != "initial" || m.Forge != "" || m.Altered != nil {
			t.Errorf("%+v", m)
		}
	}
}

func TestTheSessionDecides(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	at := discover(t, idp.Endpoints().Metadata)
	apply(t, idp, keyring.Publish{Name: "next"}, keyring.Activate{Key: "next"})
	before := events[timeline.Minted](t, idp)
	earlier := clock.Duration(-2 * time.Hour)
	b := signedIn(t, idp, credential.Request{
		Key: "initial", Audience: "somebody-else", ExpiresIn: &earlier, Claims: map[string]any{"nonce": "another", "email": nil, "roles": []string{"admin"}},
	})
	answer, _ := b.get(at.Authorize, asks("response_type", "id_token"))
	id, kid := claims(t, at.JWKS, location(t, answer, "#").Get("id_token"))
	keys, err := idp.Keys(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	exp, _ := id["exp"].(float64)
	iat, _ := id["iat"].(float64)
	if _, email := id["email"]; kid != keys.Keys[0].KID || keys.Keys[0].Name != "initial" || id["aud"] != "somebody-else" || id["nonce"] != "another" || email || exp != iat-7200 {
		t.Errorf("%s %v", kid, id)
	}
	if m := events[timeline.Minted](t, idp)[len(before):]; len(m) != 1 || m[0].Key != "initial" || m[0].Generation != 3 || m[0].Audience != "somebody-else" || strings.Join(m[0].Altered, " ") != "email nonce roles" {
		t.Errorf("%+v", m)
	}

	// Which key signs is settled when the session is minted.
	b = signedIn(t, idp, credential.Request{})
	apply(t, idp, keyring.Rotate{})
	answer, _ = b.get(at.Authorize, asks("response_type", "id_token"))
	if _, kid := claims(t, at.JWKS, location(t, answer, "#").Get("id_token")); kid != keys.Keys[1].KID {
		t.Errorf("signed by %s", kid)
	}

	// Forged, in the ways that a JWT is.
	b = signedIn(t, idp, credential.Request{Forge: credential.AlgNone})
	answer, _ = b.get(at.Authorize, asks("response_type", "id_token"))
	token := location(t, answer, "#").Get("id_token")
	head, _, _ := strings.Cut(token, ".")
	if header, err := base64.RawURLEncoding.DecodeString(head); err != nil || !strings.Contains(string(header), `"alg":"none"`) || !strings.HasSuffix(token, ".") {
		t.Errorf("%s %v", token, err)
	}
}

func TestClientCredentials(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{Profile: "entra"})
	at := discover(t, idp.Endpoints().Metadata)
	b := newBrowser(t, idp)
	for name, test := range map[string]struct {
		form url.Values
		want string
	}{
		"scope":    {url.Values{"scope": {"api://orders/.default"}}, "api://orders"},
		"resource": {url.Values{"resource": {"https://vault.azure.net"}}, "https://vault.azure.net"},
		"audience": {url.Values{"audience": {"urn:orders"}}, "urn:orders"},
		"nothing":  {url.Values{"scope": {"openid"}}, "api://default"},
	} {
		test.form.Set("grant_type", "client_credentials")
		test.form.Set("client_id", "daemon")
		g := b.redeem(at.Token, test.form)
		if g.Status != 200 || g.IDToken != "" {
			t.Fatalf("%s: %+v", name, g)
		}
		if c, _ := claims(t, at.JWKS, g.AccessToken); c["aud"] != test.want || c["sub"] != "daemon" {
			t.Errorf("%s: %v", name, c)
		}
	}

	request, err := http.NewRequest(http.MethodPost, at.Token, strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(url.QueryEscape("a client:1"), "s%3A")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var g granted
	if err := json.NewDecoder(answer.Body).Decode(&g); err != nil || answer.StatusCode != 200 {
		t.Fatalf("%s %v", answer.Status, err)
	}
	if c, _ := claims(t, at.JWKS, g.AccessToken); c["sub"] != "a client:1" {
		t.Errorf("%v", c)
	}
}

func TestWhatTheTokenEndpointRefuses(t *testing.T) {
	var machine moving
	idp := mockidp.Start(t, mockidp.Config{Clock: &machine})
	at := discover(t, idp.Endpoints().Metadata)
	b := newBrowser(t, idp)
	code := func(more ...string) string {
		answer, _ := b.get(at.Authorize, asks(more...))
		return location(t, answer, "?").Get("code")
	}
	good := func(code string, more ...string) url.Values {
		form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {reply}, "client_id": {"app"}}
		for i := 0; i+1 < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		return form
	}
	used := code()
	if g := b.redeem(at.Token, good(used)); g.Status != 200 {
		t.Fatalf("%+v", g)
	}
	old := code()
	machine.move(2 * time.Minute)
	for name, test := range map[string]struct {
		form        url.Values
		code, says  string
		status      int
		wantsSecret bool
	}{
		"wrong code":            {good("nonsense"), "invalid_grant", "unknown here", 400, false},
		"reused code":           {good(used), "invalid_grant", "used before", 400, false},
		"old code":              {good(old), "invalid_grant", "too old", 400, false},
		"another client":        {good(code(), "client_id", "thief"), "invalid_grant", `given to client "app"`, 400, false},
		"another redirect_uri":  {good(code(), "redirect_uri", "http://127.0.0.1:9/other"), "invalid_grant", "redirect_uri", 400, false},
		"wrong verifier":        {good(code("code_challenge", "abc"), "code_verifier", "abd"), "invalid_grant", "does not fit", 400, false},
		"no verifier":           {good(code("code_challenge", "abc")), "invalid_grant", "code_verifier is missing", 400, false},
		"verifier out of place": {good(code(), "code_verifier", "abc"), "invalid_grant", "without a code_challenge", 400, false},
		"no grant type":         {url.Values{"client_id": {"app"}}, "invalid_request", "grant_type is missing", 400, false},
		"another grant type":    {url.Values{"grant_type": {"password"}}, "unsupported_grant_type", "password", 400, false},
		"no client":             {url.Values{"grant_type": {"client_credentials"}}, "invalid_client", "client_id is missing", 401, true},
		"no code":               {url.Values{"grant_type": {"authorization_code"}, "client_id": {"app"}}, "invalid_request", "code is missing", 400, false},
		"twice the code":        {url.Values{"grant_type": {"authorization_code"}, "client_id": {"app"}, "code": {"a", "b"}}, "invalid_request", "2 times", 400, false},
		"too much":              {url.Values{"grant_type": {strings.Repeat("x", 1<<20)}}, "invalid_request", "too large", 400, false},
	} {
		g := b.redeem(at.Token, test.form)
		if g.Status != test.status || g.Error != test.code || !strings.Contains(g.Description, test.says) || (g.wantsSecret != "") != test.wantsSecret || g.AccessToken != "" {
			t.Errorf("%s: %+v", name, g)
		}
	}
	if g := b.redeem(at.Token, good(code("code_challenge", "abc"), "code_verifier", "abc")); g.Status != 200 {
		t.Errorf("plain: %+v", g)
	}
	if answer, _ := b.get(at.Token, nil); answer.StatusCode != http.StatusMethodNotAllowed || answer.Header.Get("Allow") != "POST, OPTIONS" {
		t.Errorf("%s %v", answer.Status, answer.Header)
	}
}

func TestWhatTheAuthorizationEndpointRefuses(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	at := discover(t, idp.Endpoints().Metadata)
	b := newBrowser(t, idp)
	for name, test := range map[string]struct {
		form url.Values
		says string
	}{
		"no client":          {asks("client_id", ""), "client_id is missing"},
		"no redirect_uri":    {asks("redirect_uri", ""), "redirect_uri is missing"},
		"javascript":         {asks("redirect_uri", "javascript:alert(1)"), "has the scheme &#34;javascript&#34;"},
		"a relative address": {asks("redirect_uri", "/signed-in"), "has the scheme &#34;&#34;"},
		"a fragment":         {asks("redirect_uri", reply+"#x"), "has a fragment"},
		"script in the name": {asks("redirect_uri", "http:<script>alert(1)</script>"), "&lt;script&gt;"},
		"two redirect_uris":  {url.Values{"client_id": {"app"}, "redirect_uri": {reply, "http://127.0.0.1:8/"}}, "2 times"},
		"state not a text":   {asks("response_mode", "form_post", "state", "a\x00b"), "control characters"},
	} {
		answer, page := b.get(at.Authorize, test.form)
		if answer.StatusCode != 400 || !strings.Contains(page, test.says) || !strings.Contains(page, "for tests only") || answer.Header.Get("Location") != "" || strings.Contains(page, "<script>alert") {
			t.Errorf("%s: %s %s", name, answer.Status, page)
		}
	}
	for name, test := range map[string]struct {
		form      url.Values
		separator string
		code      string
	}{
		"no response type":        {asks("response_type", ""), "?", "invalid_request"},
		"another response type":   {asks("response_type", "device"), "?", "unsupported_response_type"},
		"no nonce":                {asks("response_type", "id_token", "nonce", ""), "#", "invalid_request"},
		"tokens in the query":     {asks("response_type", "id_token", "response_mode", "query"), "#", "invalid_request"},
		"another mode":            {asks("response_mode", "web_message"), "?", "invalid_request"},
		"another challenge":       {asks("code_challenge", "abc", "code_challenge_method", "S512"), "?", "invalid_request"},
		"a method alone":          {asks("code_challenge_method", "S256"), "?", "invalid_request"},
		"a request object":        {asks("request", "eyJ"), "?", "request_not_supported"},
		"a request object far":    {asks("request_uri", "http://x/"), "?", "request_uri_not_supported"},
		"an error in a form post": {asks("response_type", "device", "response_mode", "form_post"), "", "unsupported_response_type"},
	} {
		answer, page := b.get(at.Authorize, test.form)
		var back url.Values
		if test.separator == "" {
			_, back = form(t, page)
		} else {
			back = location(t, answer, test.separator)
		}
		if back.Get("error") != test.code || back.Get("error_description") == "" || back.Get("state") != "s t&a=te" || back.Has("code") {
			t.Errorf("%s: %v", name, back)
		}
	}

	answer, page := newBrowser(t, idp, credential.SessionCookie, "nobody").get(at.Authorize, asks())
	if answer.StatusCode != 400 || !strings.Contains(page, "unknown session &#34;nobody&#34;") {
		t.Errorf("%s %s", answer.Status, page)
	}
	if len(events[timeline.Minted](t, idp)) != 0 {
		t.Error("something was signed")
	}
}

func TestARegisteredReplyAddress(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{Reply: reply + "/of-the-config"})
	at := discover(t, idp.Endpoints().Metadata)
	answer, _ := newBrowser(t, idp).get(at.Authorize, asks("redirect_uri", ""))
	if to := answer.Header.Get("Location"); !strings.HasPrefix(to, reply+"/of-the-config?code=") {
		t.Errorf("%s", to)
	}
	b := newBrowser(t, idp, credential.ReplyCookie, reply)
	answer, _ = b.get(at.Authorize, asks("redirect_uri", ""))
	code := location(t, answer, "?").Get("code")
	// What was not sent need not be repeated (RFC 6749 section 4.1.3).
	if g := b.redeem(at.Token, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "client_id": {"app"}}); g.Status != 200 {
		t.Errorf("%+v", g)
	}
}

func TestEndSession(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	at := discover(t, idp.Endpoints().Metadata)
	b := signedIn(t, idp, credential.Request{})
	answer, _ := b.get(at.EndSession, url.Values{"post_logout_redirect_uri": {reply}, "state": {"s"}, "id_token_hint": {"x"}})
	if to := answer.Header.Get("Location"); to != reply+"?state=s" {
		t.Errorf("%s", to)
	}
	if u, _ := url.Parse(at.EndSession); len(b.client.Jar.Cookies(u)) != 0 {
		t.Errorf("still signed in: %v", b.client.Jar.Cookies(u))
	}
	if answer, page := b.post(at.EndSession, nil); answer.StatusCode != 200 || !strings.Contains(page, "Signed out") {
		t.Errorf("%s %s", answer.Status, page)
	}
	if answer, page := b.get(at.EndSession, url.Values{"post_logout_redirect_uri": {"data:text/html,x"}}); answer.StatusCode != 400 || !strings.Contains(page, "data") {
		t.Errorf("%s %s", answer.Status, page)
	}
}

var (
	formAction = regexp.MustCompile(`<form method="post" action="([^"]*)">`)
	formField  = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)
