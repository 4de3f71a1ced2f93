package oidc_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/oidc"
)

var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256, jose.EdDSA}

func minter(t testing.TB, profile string) (*oidc.Minter, keyring.Snapshot) {
	t.Helper()
	p := byName(t, profile)
	site := genericSite
	if profile == "entra" {
		site = entraSite
	}
	return oidc.NewMinter(p, site), ring(t, p)
}

func mint(t testing.TB, profile string, r credential.Request) credential.Token {
	t.Helper()
	m, s := minter(t, profile)
	token, err := m.Mint(s, r, now, "id-1", stranger(t))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func stranger(t testing.TB) func() (keyring.Material, error) {
	return func() (keyring.Material, error) { return load(t, "stranger", "RS256"), nil }
}

// parts returns the decoded header and payload, and the signature.
func parts(t testing.TB, token string) (header, payload string, signature []byte) {
	t.Helper()
	segments := strings.Split(token, ".")
	if len(segments) != 3 {
		t.Fatalf("%d segments: %s", len(segments), token)
	}
	var decoded [3][]byte
	for i, s := range segments {
		b, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		decoded[i] = b
	}
	return string(decoded[0]), string(decoded[1]), decoded[2]
}

// verify checks the signature with the key of that name by a library.
func verify(token string, m keyring.Material) error {
	parsed, err := jose.ParseSignedCompact(token, algorithms)
	if err != nil {
		return err
	}
	_, err = parsed.Verify(m.Signer.Public())
	return err
}

func TestTokens(t *testing.T) {
	keys := map[string]string{}
	for _, profile := range []string{"generic", "entra"} {
		for _, k := range ring(t, byName(t, profile)).Keys() {
			keys[profile+k.Name] = k.KID
		}
	}
	// 1772366400 is 2026-03-01T12:00:00Z.
	tests := []struct {
		name, profile    string
		request          credential.Request
		key, alg         string
		header, payload  string
		altered          []string
		issued, from, to time.Duration // from now
	}{
		{
			name: "generic", profile: "generic", key: "rsa", alg: "RS256", to: time.Hour,
			header:  `{"typ":"JWT","alg":"RS256","kid":"` + keys["genericrsa"] + `"}`,
			payload: `{"iss":"http://127.0.0.1:8400/default","sub":"user@rollover.test","aud":"api://default","iat":1772366400,"nbf":1772366400,"exp":1772370000,"jti":"id-1"}`,
		},
		{
			name: "entra v2", profile: "entra", key: "rsa", alg: "RS256", to: time.Hour,
			header: `{"typ":"JWT","alg":"RS256","kid":"` + keys["entrarsa"] + `"}`,
			payload: `{"aud":"api://default","iss":"http://127.0.0.1:8400/` + tenant + `/v2.0","iat":1772366400,"nbf":1772366400,"exp":1772370000,` +
				`"azp":"66666666-7777-8888-9999-aaaaaaaaaaaa","azpacr":"1","name":"Rollover Test User","oid":"bbbbbbbb-cccc-dddd-eeee-ffffffffffff",` +
				`"preferred_username":"user@rollover.test","scp":"access_as_user","sub":"user@rollover.test","tid":"` + tenant + `","uti":"id-1","ver":"2.0"}`,
		},
		{
			name: "entra v1", profile: "entra", request: credential.Request{Version: "v1", Key: "ec"}, key: "ec", alg: "ES256", to: time.Hour,
			header: `{"typ":"JWT","alg":"ES256","x5t":"` + keys["entraec"] + `","kid":"` + keys["entraec"] + `"}`,
			payload: `{"aud":"api://default","iss":"https://sts.windows.net/` + tenant + `/","iat":1772366400,"nbf":1772366400,"exp":1772370000,` +
				`"acr":"1","amr":["pwd"],"appid":"66666666-7777-8888-9999-aaaaaaaaaaaa","appidacr":"1","name":"Rollover Test User","oid":"bbbbbbbb-cccc-dddd-eeee-ffffffffffff",` +
				`"scp":"access_as_user","sub":"user@rollover.test","tid":"` + tenant + `","unique_name":"user@rollover.test","upn":"user@rollover.test","uti":"id-1","ver":"1.0"}`,
		},
		{
			name: "audience, subject and times", profile: "generic", key: "okp", alg: "EdDSA",
			request: credential.Request{
				Key: "okp", Audience: "api://orders", Subject: `"<é>&`, Form: credential.JWT, IssuedAt: offset(-time.Hour), NotBefore: offset(10 * time.Minute), ExpiresIn: offset(-time.Minute),
			},
			issued: -time.Hour, from: 10 * time.Minute, to: -time.Minute,
			header:  `{"typ":"JWT","alg":"EdDSA","kid":"` + keys["genericokp"] + `"}`,
			payload: `{"iss":"http://127.0.0.1:8400/default","sub":"\"<é>&","aud":"api://orders","iat":1772362800,"nbf":1772367000,"exp":1772366340,"jti":"id-1"}`,
		},
		{
			name: "a removed key", profile: "generic", request: credential.Request{Key: "gone"}, key: "gone", alg: "RS256", to: time.Hour,
			header:  `{"typ":"JWT","alg":"RS256","kid":"gone"}`,
			payload: `{"iss":"http://127.0.0.1:8400/default","sub":"user@rollover.test","aud":"api://default","iat":1772366400,"nbf":1772366400,"exp":1772370000,"jti":"id-1"}`,
		},
		{
			name: "a key never published", profile: "generic", request: credential.Request{Key: "generated"}, key: "generated", alg: "RS256", to: time.Hour,
			header:  `{"typ":"JWT","alg":"RS256","kid":"unseen"}`,
			payload: `{"iss":"http://127.0.0.1:8400/default","sub":"user@rollover.test","aud":"api://default","iat":1772366400,"nbf":1772366400,"exp":1772370000,"jti":"id-1"}`,
		},
		{
			name: "claims and header of one's own", profile: "generic", key: "rsa", alg: "RS256", to: time.Hour,
			request: credential.Request{
				Claims: map[string]any{"jti": nil, "sub": 7.5, "roles": []any{"a", nil}, "admin": true, "absent": nil},
				Header: map[string]any{"typ": "at+jwt", "cty": map[string]any{"a": 1}, "b64": nil},
			},
			altered: []string{"b64", "cty", "typ", "absent", "admin", "jti", "roles", "sub"},
			header:  `{"typ":"at+jwt","alg":"RS256","kid":"` + keys["genericrsa"] + `","cty":{"a":1}}`,
			payload: `{"iss":"http://127.0.0.1:8400/default","sub":7.5,"aud":"api://default","iat":1772366400,"nbf":1772366400,"exp":1772370000,"admin":true,"roles":["a",null]}`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			token := mint(t, test.profile, test.request)
			header, payload, _ := parts(t, token.Text)
			if header != test.header {
				t.Errorf("header\n%s\nwant\n%s", header, test.header)
			}
			if payload != test.payload {
				t.Errorf("payload\n%s\nwant\n%s", payload, test.payload)
			}
			k, _ := ring(t, byName(t, test.profile)).Key(test.key)
			if err := verify(token.Text, k.Material); err != nil {
				t.Errorf("signature: %v", err)
			}
			if token.Key != test.key || token.KID != k.KID || k.Alg != test.alg || !slices.Equal(token.Altered, test.altered) {
				t.Errorf("key %q, kid %q, altered %q", token.Key, token.KID, token.Altered)
			}
			if !token.IssuedAt.Equal(now.Add(test.issued)) || !token.NotBefore.Equal(now.Add(test.from)) || !token.ExpiresAt.Equal(now.Add(test.to)) {
				t.Errorf("issued at %s, from %s to %s", token.IssuedAt, token.NotBefore, token.ExpiresAt)
			}
		})
	}
}

func offset(d time.Duration) *clock.Duration { return (*clock.Duration)(&d) }

func TestEveryAlgorithmIsVerifiedByALibrary(t *testing.T) {
	p := byName(t, "generic")
	m := oidc.NewMinter(p, genericSite)
	for alg, file := range map[string]string{"RS256": "rsa", "PS256": "rsa", "ES256": "ec", "EdDSA": "okp"} {
		material := load(t, file, alg)
		s := apply(t, p, keyring.Snapshot{}, keyring.Publish{Name: "k", Material: material}, keyring.Activate{Key: "k"})
		for range 20 { // ECDSA's numbers differ in length now and then
			token, err := m.Mint(s, credential.Request{}, now, "id", nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := verify(token.Text, material); err != nil {
				t.Fatalf("%s: %v", alg, err)
			}
			if header, _, _ := parts(t, token.Text); !strings.Contains(header, `"alg":"`+alg+`"`) {
				t.Fatalf("%s: header %s", alg, header)
			}
		}
	}
}

func TestWhatTheTimelineIsToldIsWhatTheTokenSays(t *testing.T) {
	none := time.Time{}
	tests := []struct {
		name           string
		claims, header map[string]any
		audience, kid  string
		expires        time.Time
	}{
		{"overridden", map[string]any{"aud": "other", "exp": 1772366401.5}, map[string]any{"kid": "../x"}, "other", "../x", now.Add(1500 * time.Millisecond)},
		{"several audiences", map[string]any{"aud": []any{"a", 1.0, "b"}, "exp": json.Number("1772366401")}, nil, "a b", "rsa", now.Add(time.Second)},
		{"several audiences in Go", map[string]any{"aud": []string{"a", "b"}, "exp": 1772366401}, nil, "a b", "rsa", now.Add(time.Second)},
		{"taken away", map[string]any{"aud": nil, "exp": nil}, map[string]any{"kid": nil}, "", "", none},
		{"of another type", map[string]any{"aud": true, "exp": "tomorrow"}, map[string]any{"kid": 7}, "", "", none},
		{"beyond all time", map[string]any{"exp": 1e300}, nil, "api://default", "rsa", none},
		{"before all time", map[string]any{"exp": -1e300}, nil, "api://default", "rsa", none},
		{"no number", map[string]any{"exp": json.Number("1e999")}, nil, "api://default", "rsa", none},
		{"before 1970", map[string]any{"exp": int64(-1)}, nil, "api://default", "rsa", time.Unix(-1, 0)},
	}
	signer, _ := ring(t, byName(t, "generic")).Key("rsa")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			token := mint(t, "generic", credential.Request{Claims: test.claims, Header: test.header})
			kid := test.kid
			if kid == "rsa" {
				kid = signer.KID
			}
			if token.Audience != test.audience || token.KID != kid || !token.ExpiresAt.Equal(test.expires) {
				t.Errorf("audience %q, kid %q, expires %s", token.Audience, token.KID, token.ExpiresAt)
			}
			if err := verify(token.Text, signer.Material); err != nil && test.header["kid"] != 7 {
				t.Errorf("signature: %v", err)
			}
		})
	}
}

func TestRefusedRequests(t *testing.T) {
	m, s := minter(t, "generic")
	idle := apply(t, byName(t, "generic"), s, keyring.Retire{Key: "rsa"})
	tests := []struct {
		name    string
		ring    keyring.Snapshot
		request credential.Request
		want    string
	}{
		{"unknown key", s, credential.Request{Key: "rsb"}, `invalid mint request: key "rsb": no such key (one of generated, rsa, ec, okp, gone)`},
		{"no active key", idle, credential.Request{}, "invalid mint request: no key is active: name one of generated, rsa, ec, okp, gone"},
		{"unknown forge", s, credential.Request{Forge: "x"}, `invalid mint request: unknown forge "x"`},
		{"SAML 1.1", s, credential.Request{Form: credential.SAML11}, `invalid mint request: form "saml11" is not made by the generic profile (jwt)`},
		{"SAML 2.0", s, credential.Request{Form: credential.SAML20}, `invalid mint request: form "saml20" is not made by the generic profile (jwt)`},
		{"version", s, credential.Request{Version: "v2"}, `invalid mint request: the generic profile has no version "v2"`},
		{"claim without JSON", s, credential.Request{Claims: map[string]any{"f": func() {}}}, `invalid mint request: claims: encode "f"`},
		{"header without JSON", s, credential.Request{Header: map[string]any{"f": func() {}}}, `invalid mint request: header: encode "f"`},
	}
	for _, test := range tests {
		token, err := m.Mint(test.ring, test.request, now, "id", stranger(t))
		if !errors.Is(err, credential.ErrRequest) || !strings.HasPrefix(err.Error(), test.want) || token.Text != "" {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
	if _, err := m.Mint(s, credential.Request{Key: "rsb"}, now, "id", nil); !errors.Is(err, keyring.ErrUnknownKey) {
		t.Errorf("unknown key: %v", err)
	}
}

func TestMintLeavesTheRequestAndTheShapeAlone(t *testing.T) {
	m, s := minter(t, "generic")
	claims := map[string]any{"sub": "x", "jti": nil, "extra": 1}
	was := maps.Clone(claims)
	if _, err := m.Mint(s, credential.Request{Claims: claims, Forge: credential.TamperedPayload}, now, "id", nil); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(claims, was) {
		t.Errorf("the request's claims became %v", claims)
	}
	token, err := m.Mint(s, credential.Request{}, now, "id-1", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, payload, _ := parts(t, token.Text)
	if _, first, _ := parts(t, mint(t, "generic", credential.Request{}).Text); payload != first {
		t.Errorf("payload %s after another request, %s before", payload, first)
	}
}
