package federated

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/federation"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/keysource"
	"github.com/rollover-harness/rollover/mockidp/oidc"
	"github.com/rollover-harness/rollover/mockidp/profile"
)

const (
	testRealm = "urn:rollover:app"
	testHost  = "app.test"
	user      = credential.DefaultSubject
	attacker  = credential.AttackerSubject
)

// issuer is an http.RoundTripper that answers every fetch itself, so that a
// synctest bubble needs no network.
type issuer struct {
	mu      sync.Mutex
	answer  func() (status int, body []byte, err error)
	keySet  func() []byte // of JWTs, served whatever answer is
	fetched int
}

func (i *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	i.mu.Lock()
	i.fetched++
	answer := i.answer
	if strings.HasSuffix(r.URL.Path, "/keys") {
		answer = func() (int, []byte, error) { return http.StatusOK, i.keySet(), nil }
	}
	i.mu.Unlock()
	status, body, err := answer()
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
}

func (i *issuer) answers(answer func() (int, []byte, error)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answer = answer
}

func (i *issuer) fetches() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.fetched
}

// bench is one app against one issuer in the shape of Entra, whose ring has the
// active key old.
type bench struct {
	testing.TB
	*issuer
	app      *App
	config   Config
	shape    profile.Profile
	site     profile.Site
	ring     keyring.Snapshot
	source   *keysource.Source
	stranger keyring.Material
	minter   *federation.Minter
	minted   int
	reason   string // of the last refusal
}

// bubble runs a test in a bubble of testing/synctest: time stands still there
// until every goroutine waits for it.
func bubble(t *testing.T, protocol Protocol, defect string, test func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newBench(t, protocol, defect)) })
}

func newBench(t testing.TB, protocol Protocol, defect string) *bench {
	t.Helper()
	shape, err := profile.ByName("entra")
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{TB: t, issuer: &issuer{}, shape: shape, source: keysource.New(keysource.Config{})}
	t.Cleanup(b.source.Close)
	b.site = profile.Site{Base: "https://issuer.test", Tenant: shape.Tenant("default"), Audience: testRealm}
	b.minter = federation.NewMinter(shape, b.site, credential.SAML{})
	b.stranger = b.material()
	b.does(keyring.Publish{Name: "old", Material: b.material()}, keyring.Activate{Key: "old"})
	b.servesRing()
	b.keySet = func() []byte { return b.jwks() }
	at := shape.Endpoints(b.site)
	signIn := *at.WSFed
	if protocol == SAML {
		signIn = *at.SAML2
	}
	active, _ := b.ring.Active()
	b.config = Config{
		Protocol: protocol, EntityID: *at.EntityID, SignIn: signIn, Metadata: *at.FederationMetadata, KeySet: at.JWKS, Realm: testRealm,
		Thumbprint: thumbprint(active.Certificate), Defect: defect, Client: &http.Client{Transport: b.issuer},
		Log: func(line string) { b.reason = line },
	}
	b.begin()
	return b
}

// begin starts an app as b's config has it.
func (b *bench) begin() {
	app, err := New(b.config)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(app.Close)
	b.app = app
}

func (b *bench) material() keyring.Material {
	m, err := b.source.Take(context.Background(), keysource.RS256)
	if err != nil {
		b.Fatal(err)
	}
	return m
}

func (b *bench) does(commands ...keyring.Command) {
	for _, c := range commands {
		next, _, err := keyring.Apply(b.ring, c, func(m keyring.Material) string { return oidc.KID(b.shape, m) }, time.Now())
		if err != nil {
			b.Fatal(err)
		}
		b.ring = next
	}
}

// publishes puts a key in the metadata.
func (b *bench) publishes(name string) {
	b.does(keyring.Publish{Name: name, Material: b.material()})
}

// metadata is the document as the ring has it.
func (b *bench) metadata() []byte {
	documents, err := federation.Documents(b.shape, b.site, b.ring)
	if err != nil {
		b.Fatal(err)
	}
	return documents[0].Body
}

// jwks is the key set for JWTs as the ring has it.
func (b *bench) jwks() []byte {
	documents, err := oidc.Documents(b.shape, b.site, b.ring)
	if err != nil {
		b.Fatal(err)
	}
	for _, d := range documents {
		if d.Kind == profile.JWKSDocument {
			return d.Body
		}
	}
	return nil
}

// bent is the document with changes, signed anew by a key of the ring; unsigned
// where it is empty.
func (b *bench) bent(signer string, change func(root *etree.Element)) []byte {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(b.metadata()); err != nil {
		b.Fatal(err)
	}
	root := doc.Root()
	root.RemoveChild(root.SelectElement("Signature"))
	change(root)
	if signer != "" {
		key, known := b.ring.Key(signer)
		if !known {
			b.Fatalf("no key %q", signer)
		}
		b.sign(root, key.Material)
	}
	text, err := doc.WriteToBytes()
	if err != nil {
		b.Fatal(err)
	}
	return text
}

// sign puts an enveloped signature first into an element.
func (b *bench) sign(root *etree.Element, by keyring.Material) {
	context, err := dsig.NewSigningContext(by.Signer, [][]byte{by.Certificate.Raw})
	if err != nil {
		b.Fatal(err)
	}
	context.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	signature, err := context.ConstructSignature(root.Copy(), true)
	if err != nil {
		b.Fatal(err)
	}
	root.InsertChildAt(0, signature)
}

func (b *bench) serves(body []byte) {
	b.answers(func() (int, []byte, error) { return http.StatusOK, body, nil })
}

// servesRing goes back to the document that the ring makes.
func (b *bench) servesRing() {
	b.answers(func() (int, []byte, error) { return http.StatusOK, b.metadata(), nil })
}

func (b *bench) isDown() {
	b.answers(func() (int, []byte, error) { return 0, nil, errors.New("connection refused") })
}

// advance moves the bubble's clock, and lets timers that are due do their work.
func (b *bench) advance(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// asks opens the app's page and returns the request that it sends the browser
// away with, and the browser's cookies.
func (b *bench) asks() (request, []*http.Cookie) {
	b.Helper()
	answer := httptest.NewRecorder()
	b.app.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "http://"+testHost+"/", nil))
	to, err := url.Parse(answer.Header().Get("Location"))
	if answer.Code != http.StatusFound || err != nil {
		b.Fatalf("status %d to %s, %v", answer.Code, to, err)
	}
	cookies := answer.Result().Cookies()
	query := to.Query()
	if b.config.Protocol == WSFederation {
		return request{id: query.Get("wctx"), reply: query.Get("wreply")}, cookies
	}
	packed, err := base64.StdEncoding.DecodeString(query.Get("SAMLRequest"))
	if err != nil {
		b.Fatal(err)
	}
	text, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
	if err != nil {
		b.Fatal(err)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(text); err != nil {
		b.Fatal(err)
	}
	return request{id: doc.Root().SelectAttrValue("ID", ""), reply: doc.Root().SelectAttrValue("AssertionConsumerServiceURL", "")}, cookies
}

// message is what the issuer sends in answer to a request.
func (b *bench) message(r credential.Request, sent request) string {
	b.Helper()
	b.minted++
	make := b.minter.WSFed
	if b.config.Protocol == SAML {
		make = b.minter.Response
	}
	text, _, err := make(b.ring, r, time.Now(), fmt.Sprint("test-", b.minted), func() (keyring.Material, error) { return b.stranger, nil },
		federation.Recipient{Realm: testRealm, Destination: sent.reply, InResponseTo: sent.id})
	if err != nil {
		b.Fatal(err)
	}
	return text
}

// sends brings a message to the app and returns the name on the page where the
// sign-in ends, empty where it was refused.
func (b *bench) sends(text string, sent request, cookies []*http.Cookie) string {
	b.Helper()
	form := url.Values{"wa": {"wsignin1.0"}, "wresult": {text}, "wctx": {sent.id}}
	if b.config.Protocol == SAML {
		form = url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString([]byte(text))}, "RelayState": {sent.id}}
	}
	return b.posts(form, cookies)
}

func (b *bench) posts(form url.Values, cookies []*http.Cookie) string {
	b.Helper()
	post := httptest.NewRequest(http.MethodPost, "http://"+testHost+"/signin", strings.NewReader(form.Encode()))
	post.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, cookie := range cookies {
		post.AddCookie(cookie)
	}
	answer := httptest.NewRecorder()
	b.app.ServeHTTP(answer, post)
	switch answer.Code {
	case http.StatusForbidden:
		return ""
	case http.StatusSeeOther:
	default:
		b.Errorf("status %d: %s", answer.Code, answer.Body)
		return ""
	}
	get := httptest.NewRequest(http.MethodGet, "http://"+testHost+answer.Header().Get("Location"), nil)
	for _, cookie := range answer.Result().Cookies() {
		get.AddCookie(cookie)
	}
	answer = httptest.NewRecorder()
	b.app.ServeHTTP(answer, get)
	shown := regexp.MustCompile(`<b>(.*)</b>`).FindStringSubmatch(answer.Body.String())
	if answer.Code != http.StatusOK || shown == nil {
		b.Errorf("status %d: %s", answer.Code, answer.Body)
		return ""
	}
	return html.UnescapeString(shown[1])
}

// signsIn goes through a sign-in as a browser does.
func (b *bench) signsIn(r credential.Request) string {
	b.Helper()
	sent, cookies := b.asks()
	return b.sends(b.message(r, sent), sent, cookies)
}

// by is a good sign-in with a key of the ring.
func (b *bench) by(key string) bool {
	b.Helper()
	return b.signsIn(credential.Request{Key: key}) == user
}

// wants signs in and counts the fetches that it costs.
func (b *bench) wants(what, key string, accepted bool, fetches int) {
	b.Helper()
	before := b.fetches()
	if got := b.by(key); got != accepted {
		b.Errorf("%s: accepted is %t, want %t (%s)", what, got, accepted, b.reason)
	}
	if got := b.fetches() - before; got != fetches {
		b.Errorf("%s: %d fetches, want %d", what, got, fetches)
	}
}

func base64Of(der []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(der)) }
