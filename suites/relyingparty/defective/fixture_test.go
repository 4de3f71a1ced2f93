package defective

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	testIssuer   = "https://issuer.test/t"
	testAudience = "api://sample"
)

// issuer is an http.RoundTripper that answers every fetch itself, so that a
// synctest bubble needs no network.
type issuer struct {
	mu      sync.Mutex
	answer  func(*http.Request) (int, string, error)
	fetched int
}

func (i *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	i.mu.Lock()
	i.fetched++
	answer := i.answer
	i.mu.Unlock()
	status, body, err := answer(r)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func (i *issuer) answers(answer func(*http.Request) (int, string, error)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answer = answer
}

// serves answers with status 200 and this body.
func (i *issuer) serves(body string) {
	i.answers(func(*http.Request) (int, string, error) { return http.StatusOK, body, nil })
}

func (i *issuer) fetches() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.fetched
}

// bench is one app against one issuer that publishes the key old.
type bench struct {
	*testing.T
	*issuer
	app *App
	old signer
}

// bubble runs a test in a bubble of testing/synctest: time stands still there
// until every goroutine waits for it.
func bubble(t *testing.T, defect string, test func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{T: t, issuer: &issuer{}, old: newSigner(t, "old", jose.ES256)}
		b.serves(set(b.old))
		app, err := New(Config{
			Issuer: testIssuer, JWKSURI: testIssuer + "/jwks", Audience: testAudience,
			Defect: defect, Client: &http.Client{Transport: b.issuer},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(app.Close)
		b.app = app
		test(b)
	})
}

// advance moves the bubble's clock, and lets timers that are due do their work.
func (b *bench) advance(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// call presents a token.
func (b *bench) call(token string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, "/api", nil)
	request.Header.Set("Authorization", "Bearer "+token)
	recorder := httptest.NewRecorder()
	b.app.ServeHTTP(recorder, request)
	return recorder
}

func (b *bench) accepts(token string) bool {
	b.Helper()
	answer := b.call(token)
	if answer.Code != http.StatusOK && answer.Code != http.StatusUnauthorized {
		b.Errorf("status %d", answer.Code)
	}
	return answer.Code == http.StatusOK
}

// wants presents a token and counts the fetches that it costs.
func (b *bench) wants(what, token string, accepted bool, fetches int) {
	b.Helper()
	before := b.fetches()
	if got := b.accepts(token); got != accepted {
		b.Errorf("%s: accepted is %t, want %t", what, got, accepted)
	}
	if got := b.fetches() - before; got != fetches {
		b.Errorf("%s: %d fetches, want %d", what, got, fetches)
	}
}

// signer is a key pair of the issuer.
type signer struct {
	kid     string
	alg     jose.SignatureAlgorithm
	private any
	public  crypto.PublicKey
}

func newSigner(t testing.TB, kid string, alg jose.SignatureAlgorithm) signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch alg {
	case jose.ES256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.EdDSA:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	return signer{kid, alg, key, key.Public()}
}

// jwk returns the public key as a JWK, with members added or replaced.
func (s signer) jwk(members map[string]any) string {
	plain, err := jose.JSONWebKey{Key: s.public, KeyID: s.kid, Algorithm: string(s.alg), Use: "sig"}.MarshalJSON()
	if err != nil {
		panic(err)
	}
	all := map[string]any{}
	if err := json.Unmarshal(plain, &all); err != nil {
		panic(err)
	}
	for name, value := range members {
		all[name] = value
		if value == nil {
			delete(all, name)
		}
	}
	return jsonText(all)
}

// set returns a key set; an element is a signer or the text of a JWK.
func set(elements ...any) string {
	var keys []string
	for _, element := range elements {
		switch key := element.(type) {
		case signer:
			keys = append(keys, key.jwk(nil))
		case string:
			keys = append(keys, key)
		}
	}
	return `{"keys":[` + strings.Join(keys, ",") + `]}`
}

// good returns the claims of a good token with some replaced; nil leaves out.
func good(replaced map[string]any) map[string]any {
	claims := map[string]any{
		"iss": testIssuer, "aud": testAudience, "sub": "alice",
		"exp": time.Now().Add(24 * time.Hour).Unix(),
	}
	maps.Copy(claims, replaced)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}

// token signs good claims with some replaced.
func (s signer) token(replaced map[string]any) string {
	return s.sign(good(replaced), map[jose.HeaderKey]any{"kid": s.kid})
}

func (s signer) sign(claims map[string]any, header map[jose.HeaderKey]any) string {
	return s.signText(jsonText(claims), header)
}

func jsonText(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// signText signs a payload as it is.
func (s signer) signText(payload string, header map[jose.HeaderKey]any) string {
	options := (&jose.SignerOptions{}).WithType("JWT")
	for name, value := range header {
		options.WithHeader(name, value)
	}
	made, err := jose.NewSigner(jose.SigningKey{Algorithm: s.alg, Key: s.private}, options)
	if err != nil {
		panic(err)
	}
	jws, err := made.Sign([]byte(payload))
	if err != nil {
		panic(err)
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return text
}

// confused forges an HS256 token with the public key's PEM as the secret.
func (s signer) confused(t testing.TB) string {
	t.Helper()
	secret, err := PublicKeyPEM(s.public)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(secret, []byte("-----BEGIN PUBLIC KEY-----\n")) || !bytes.HasSuffix(secret, []byte("-----END PUBLIC KEY-----\n")) {
		t.Fatalf("unexpected PEM:\n%s", secret)
	}
	return signer{s.kid, jose.HS256, secret, nil}.token(nil)
}

// none makes an unsecured token of a signed one.
func none(token string) string {
	_, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	return "eyJhbGciOiJub25lIn0." + payload + "." // {"alg":"none"}
}

// tampered replaces the claims and keeps the signature.
func (s signer) tampered() string {
	head, rest, _ := strings.Cut(s.token(nil), ".")
	_, signature, _ := strings.Cut(rest, ".")
	other := strings.Split(s.token(map[string]any{"sub": "mallory"}), ".")
	return head + "." + other[1] + "." + signature
}
