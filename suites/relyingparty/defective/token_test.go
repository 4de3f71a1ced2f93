package defective

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func TestAlgorithms(t *testing.T) {
	for alg, accepted := range map[jose.SignatureAlgorithm]bool{
		jose.RS256: true, jose.PS256: true, jose.ES256: true, jose.EdDSA: true,
		jose.RS384: false, jose.PS512: false,
	} {
		t.Run(string(alg), func(t *testing.T) {
			bubble(t, "", func(b *bench) {
				key := newSigner(t, "new", alg)
				b.serves(set(b.old, key.jwk(map[string]any{"alg": nil, "use": nil})))
				if got := b.accepts(key.token(nil)); got != accepted {
					t.Errorf("accepted is %t, want %t", got, accepted)
				}
			})
		})
	}
}

func TestAlgorithmOfTheKeyBinds(t *testing.T) {
	bubble(t, "", func(b *bench) {
		key := newSigner(t, "rsa", jose.PS256)
		b.serves(set(key))
		b.wants("PS256", key.token(nil), true, 1)
		key.alg = jose.RS256
		b.wants("RS256 with the same key", key.token(nil), false, 1)
	})
}

func TestTokens(t *testing.T) {
	in := func(d time.Duration) map[string]any { return map[string]any{"exp": time.Now().Add(d).Unix()} }
	from := func(d time.Duration) map[string]any { return map[string]any{"nbf": time.Now().Add(d).Unix()} }
	tests := map[string]struct {
		accepted bool
		make     func(b *bench) string
	}{
		"good":              {true, func(b *bench) string { return b.old.token(nil) }},
		"without sub":       {true, func(b *bench) string { return b.old.token(map[string]any{"sub": nil}) }},
		"audiences":         {true, func(b *bench) string { return b.old.token(map[string]any{"aud": []string{"x", testAudience}}) }},
		"without kid":       {true, func(b *bench) string { return b.old.sign(good(nil), nil) }},
		"expired in leeway": {true, func(b *bench) string { return b.old.token(in(-59 * time.Second)) }},
		"nbf in leeway":     {true, func(b *bench) string { return b.old.token(from(60 * time.Second)) }},
		"expired":           {false, func(b *bench) string { return b.old.token(in(-60 * time.Second)) }},
		"without exp":       {false, func(b *bench) string { return b.old.token(map[string]any{"exp": nil}) }},
		"exp is a string":   {false, func(b *bench) string { return b.old.token(map[string]any{"exp": "tomorrow"}) }},
		"not yet valid":     {false, func(b *bench) string { return b.old.token(from(61 * time.Second)) }},
		"other audience":    {false, func(b *bench) string { return b.old.token(map[string]any{"aud": "api://other"}) }},
		"without audience":  {false, func(b *bench) string { return b.old.token(map[string]any{"aud": nil}) }},
		"audience object":   {false, func(b *bench) string { return b.old.token(map[string]any{"aud": map[string]any{}}) }},
		"other issuer":      {false, func(b *bench) string { return b.old.token(map[string]any{"iss": testIssuer + "/"}) }},
		"without issuer":    {false, func(b *bench) string { return b.old.token(map[string]any{"iss": nil}) }},
		"ID token, nonce":   {false, func(b *bench) string { return b.old.token(map[string]any{"nonce": "n"}) }},
		"ID token, at_hash": {false, func(b *bench) string { return b.old.token(map[string]any{"at_hash": "h"}) }},
		"ID token, c_hash":  {false, func(b *bench) string { return b.old.token(map[string]any{"c_hash": "h"}) }},
		"critical header": {false, func(b *bench) string {
			return b.old.sign(good(nil), map[jose.HeaderKey]any{"kid": "old", "crit": []string{"x"}, "x": true})
		}},
		"known critical header": {false, func(b *bench) string { // RFC 7797
			return b.old.sign(good(nil), map[jose.HeaderKey]any{"kid": "old", "crit": []string{"b64"}, "b64": true})
		}},
		"kid in another case": {false, func(b *bench) string { return b.old.sign(good(nil), map[jose.HeaderKey]any{"kid": "OLD"}) }},
		"kid is a number":     {false, func(b *bench) string { return b.old.sign(good(nil), map[jose.HeaderKey]any{"kid": 7}) }},
		"not UTF-8": {false, func(b *bench) string {
			return b.old.signText(`{"sub":"`+"\xff"+`",`+jsonText(good(nil))[1:], nil)
		}},
		"claim twice": {false, func(b *bench) string {
			return b.old.signText(`{"iss":"x",`+jsonText(good(nil))[1:], nil)
		}},
		"tampered":           {false, func(b *bench) string { return b.old.tampered() }},
		"none":               {false, func(b *bench) string { return none(b.old.token(nil)) }},
		"HMAC":               {false, func(b *bench) string { return b.old.confused(b.T) }},
		"too long":           {false, func(b *bench) string { return b.old.token(map[string]any{"pad": strings.Repeat("x", tokenLimit)}) }},
		"JSON serialization": {false, func(b *bench) string { return `{"payload":"e30"}` }},
		"no token at all":    {false, func(b *bench) string { return "..." }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, "", func(b *bench) {
				if got := b.accepts(test.make(b)); got != test.accepted {
					t.Errorf("accepted is %t, want %t", got, test.accepted)
				}
			})
		})
	}
}

func TestEmbeddedKeyIsNotTrusted(t *testing.T) {
	bubble(t, "", func(b *bench) {
		mallory := newSigner(t, "old", jose.ES256)
		forged := mallory.sign(good(nil), map[jose.HeaderKey]any{
			"kid": "old", "jku": "https://mallory.test/jwks",
			"jwk": jose.JSONWebKey{Key: mallory.public, KeyID: "old"},
		})
		b.wants("known key", b.old.token(nil), true, 1)
		b.wants("forged", forged, false, 1)
	})
}

func TestAnswers(t *testing.T) {
	bubble(t, "", func(b *bench) {
		var reasons []string
		b.app.log = func(reason string) { reasons = append(reasons, reason) }
		answer := b.call(b.old.token(nil))
		if body := strings.TrimSpace(answer.Body.String()); body != `{"sub":"alice"}` {
			t.Errorf("body %s", body)
		}
		answer = b.call(b.old.token(map[string]any{"iss": "https://\"evil\"\r\nX: \u00e9"}))
		const want = `Bearer error="invalid_token", error_description="issuer is `
		got := answer.Header().Get("WWW-Authenticate")
		if !strings.HasPrefix(got, want) || strings.Count(got, `"`) != 4 || strings.ContainsAny(got, "\r\n\\") {
			t.Errorf("WWW-Authenticate %q", got)
		}
		if len(reasons) != 1 || !strings.HasPrefix(reasons[0], "rejected: issuer is") {
			t.Errorf("logged %q", reasons)
		}
		answer = b.call(b.old.sign(good(nil), map[jose.HeaderKey]any{"kid": strings.Repeat("k", 10000)}))
		if got := answer.Header().Get("WWW-Authenticate"); answer.Code != http.StatusUnauthorized || len(got) > 300 {
			t.Errorf("status %d, WWW-Authenticate of %d octets", answer.Code, len(got))
		}
		for _, header := range []string{"", "Basic YTpi", "Bearer", "Bearer "} {
			request := httptest.NewRequest(http.MethodGet, "/api", nil)
			request.Header.Set("Authorization", header)
			bare := httptest.NewRecorder()
			b.app.ServeHTTP(bare, request)
			if got := bare.Header().Get("WWW-Authenticate"); bare.Code != http.StatusUnauthorized || got != "Bearer" {
				t.Errorf("Authorization %q: status %d, WWW-Authenticate %q", header, bare.Code, got)
			}
		}
	})
}

func TestClockOfTheConfig(t *testing.T) {
	bubble(t, "", func(b *bench) {
		app, err := New(Config{
			Issuer: testIssuer, JWKSURI: "https://issuer.test/jwks", Audience: testAudience,
			Client: &http.Client{Transport: b.issuer},
			Now:    func() time.Time { return time.Now().Add(48 * time.Hour) },
		})
		if err != nil {
			t.Fatal(err)
		}
		b.app = app
		b.wants("expired by the app's clock", b.old.token(nil), false, 1)
	})
}

func TestConfigErrors(t *testing.T) {
	sound := Config{Issuer: "i", JWKSURI: "j", Audience: "a"}
	tests := map[string]struct {
		want   string
		change func(*Config)
	}{
		"no issuer":      {"all needed", func(c *Config) { c.Issuer = "" }},
		"no JWKS URI":    {"all needed", func(c *Config) { c.JWKSURI = "" }},
		"no audience":    {"all needed", func(c *Config) { c.Audience = "" }},
		"unknown defect": {`unknown defect "frozen" (one of frozen-key-set, `, func(c *Config) { c.Defect = "frozen" }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			config := sound
			test.change(&config)
			if _, err := New(config); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q in it", err, test.want)
			}
		})
	}
	if _, err := New(sound); err != nil {
		t.Error(err)
	}
}

// An outsider's bytes are rejected, never more.
func FuzzToken(f *testing.F) {
	key := newSigner(f, "old", jose.ES256)
	claims := map[string]any{"iss": testIssuer, "aud": testAudience}
	signed := key.sign(claims, map[jose.HeaderKey]any{"kid": "old"})
	for _, seed := range []string{signed, none(signed), key.confused(f), "..", "", "a.b.c"} {
		f.Add(seed)
	}
	served := &issuer{}
	served.serves(set(key))
	var apps []*App
	for _, defect := range []string{"", "accepts-none", "hmac-confusion", "skips-signature"} {
		app, err := New(Config{
			Issuer: testIssuer, JWKSURI: "https://issuer.test/jwks", Audience: testAudience,
			Defect: defect, Client: &http.Client{Transport: served},
		})
		if err != nil {
			f.Fatal(err)
		}
		apps = append(apps, app)
	}
	f.Fuzz(func(t *testing.T, token string) {
		for i, app := range apps {
			got, err := app.authenticate(context.Background(), token)
			if err == nil && i == 0 {
				t.Errorf("accepted %q without an exp: %+v", token, got)
			}
			if err != nil && strings.ContainsAny(quotable(err.Error()), "\"\\\r\n") {
				t.Errorf("reason %q", quotable(err.Error()))
			}
		}
	})
}

func TestCloseBeforeTheFirstToken(t *testing.T) {
	bubble(t, "background-refresh", func(b *bench) {
		b.app.Close()
		b.wants("first", b.old.token(nil), true, 1)
		b.advance(time.Minute)
		if b.fetches() != 1 {
			t.Errorf("%d fetches, want 1", b.fetches())
		}
	})
}

func TestCloseStopsTheTimer(t *testing.T) {
	bubble(t, "background-refresh", func(b *bench) {
		b.wants("first", b.old.token(nil), true, 1)
		b.app.Close()
		before := b.fetches()
		b.advance(time.Minute)
		if b.fetches() != before {
			t.Errorf("%d fetches after Close", b.fetches()-before)
		}
		b.wants("after Close", b.old.token(nil), true, 0)
		b.app.Close() // twice is once
		synctest.Wait()
	})
}
