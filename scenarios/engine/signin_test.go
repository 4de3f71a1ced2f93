package engine_test

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/coreos/go-oidc/v3/oidc"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/engine"
	"github.com/rollover-harness/rollover/scenarios/engine/local"
	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/probe"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target"
	"github.com/rollover-harness/rollover/scenarios/target/inprocess"
)

// party is an app that people sign in to by the protocol of its probe. It is
// as small as can be, and believes what a signature of a known key covers.
type party struct {
	protocol target.Feature
	env      target.Environment
	pinned   bool // knows the certificates of its start alone

	mu    sync.Mutex
	certs []*x509.Certificate
}

func (p *party) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	home := "http://" + r.Host
	switch r.URL.Path {
	case "/":
		if who, err := r.Cookie("who"); err == nil {
			fmt.Fprintf(w, "<title>Home</title><p>Signed in as %s", who.Value)
			return
		}
		http.Redirect(w, r, p.challenge(home+"/signin"), http.StatusFound)
	case "/signin":
		name, err := p.verify(r, home+"/signin")
		if err != nil {
			http.Error(w, "IDX10501: "+err.Error(), http.StatusForbidden)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "who", Value: name, Path: "/", Secure: true, HttpOnly: true})
		http.Redirect(w, r, "/", http.StatusFound)
	default:
		http.NotFound(w, r)
	}
}

func (p *party) challenge(reply string) string {
	switch p.protocol {
	case target.WSFed:
		return p.env.WSFed + "?" + url.Values{"wa": {"wsignin1.0"}, "wtrealm": {p.env.Audience}, "wreply": {reply}, "wctx": {"a b"}}.Encode()
	case target.SAML:
		request := fmt.Sprintf(`<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns="urn:oasis:names:tc:SAML:2.0:assertion" ID="_1" Version="2.0" IssueInstant="%s" AssertionConsumerServiceURL="%s"><Issuer>%s</Issuer></samlp:AuthnRequest>`,
			time.Now().UTC().Format(time.RFC3339), reply, p.env.Audience)
		var packed bytes.Buffer
		deflate, _ := flate.NewWriter(&packed, flate.DefaultCompression)
		_, _ = io.WriteString(deflate, request)
		_ = deflate.Close()
		return p.env.SAML2 + "?" + url.Values{"SAMLRequest": {base64.StdEncoding.EncodeToString(packed.Bytes())}}.Encode()
	default:
	}
	provider, err := oidc.NewProvider(context.Background(), p.env.Issuer)
	if err != nil {
		return "/broken"
	}
	return provider.Endpoint().AuthURL + "?" + url.Values{"client_id": {p.env.Audience}, "response_type": {"id_token"}, "response_mode": {"form_post"}, "nonce": {"n"}, "scope": {"openid"}, "redirect_uri": {reply}}.Encode()
}

func (p *party) verify(r *http.Request, reply string) (string, error) {
	if p.protocol == target.OIDC {
		provider, err := oidc.NewProvider(r.Context(), p.env.Issuer)
		if err != nil {
			return "", err
		}
		token, err := provider.Verifier(&oidc.Config{ClientID: p.env.Audience}).Verify(r.Context(), r.PostFormValue("id_token"))
		if err != nil {
			return "", err
		}
		var claims struct {
			Name  string `json:"preferred_username"`
			Email string `json:"email"`
		}
		if err := token.Claims(&claims); err != nil {
			return "", err
		}
		return slices.MaxFunc([]string{claims.Name, claims.Email, token.Subject}, func(a, b string) int { return strings.Index(a, "@") - strings.Index(b, "@") }), nil
	}
	text := r.PostFormValue("wresult")
	if p.protocol == target.SAML {
		decoded, err := base64.StdEncoding.DecodeString(r.PostFormValue("SAMLResponse"))
		if err != nil {
			return "", err
		}
		text = string(decoded)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromString(text); err != nil {
		return "", err
	}
	assertion := doc.FindElement("//Assertion")
	if assertion == nil {
		return "", errors.New("no assertion")
	}
	signed, err := p.validate(assertion)
	if err != nil && !p.pinned {
		if err := p.fetch(r.Context()); err != nil {
			return "", err
		}
		signed, err = p.validate(assertion)
	}
	if err != nil {
		return "", err
	}
	return signed.FindElement("./Subject/NameID").Text(), nil
}

func (p *party) validate(assertion *etree.Element) (*etree.Element, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: p.certs}).Validate(assertion.Copy())
}

func (p *party) fetch(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.env.FederationMetadata, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	doc := etree.NewDocument()
	if _, err := doc.ReadFrom(response.Body); err != nil {
		return err
	}
	var texts []string
	for _, e := range doc.FindElements("//KeyDescriptor//X509Certificate") {
		texts = append(texts, e.Text())
	}
	return p.trust(texts)
}

func (p *party) trust(texts []string) error {
	var certs []*x509.Certificate
	for _, text := range texts {
		der, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return err
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return err
		}
		certs = append(certs, cert)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.certs = certs
	return nil
}

// signedInTo is a target of it.
func signedInTo(t *testing.T, ask probe.Login, pinned bool) target.Target {
	t.Helper()
	made, err := inprocess.New(inprocess.Config{
		Name: "party", Probe: ask,
		App: func(ctx context.Context, env target.Environment, _ func(string)) (http.Handler, func() error, error) {
			p := &party{protocol: ask.Protocol, env: env, pinned: pinned}
			switch {
			case ask.Protocol == target.OIDC:
				return p, nil, nil
			case pinned:
				return p, nil, p.trust(env.Certificates)
			}
			return p, nil, p.fetch(ctx)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func rolled() spec.Scenario {
	s := scenario("T1",
		spec.Present{Key: "old"},
		keyring.Publish{Name: "new"},
		keyring.Activate{Key: "new"},
		spec.Present{Key: "new"},
		spec.Present{Key: "new", Until: spec.Row{Length: 2}, Within: spec.For(400 * time.Millisecond)},
		spec.Present{Key: "old"},
		spec.Present{Key: "old", Forge: credential.TamperedPayload},
		spec.Present{Key: "old", Forge: credential.StrangerKey, RandomKID: true},
		spec.Wait{For: spec.For(10 * time.Millisecond), Bait: true},
	)
	s.Issuer.Keys[0].Alg = "RS256"
	s.Expect = []spec.Expect{
		{Rule: spec.Accepts{Key: "old"}}, {Rule: spec.Accepts{Key: "new", Rejections: "allowed"}},
		{Rule: spec.Rejects{Forge: credential.TamperedPayload}}, {Rule: spec.Rejects{Forge: credential.StrangerKey}},
	}
	return s
}

// A whole run with the real issuer: people sign in, the keys roll, forgeries
// come, and the judge reads it all from the book.
func TestPeopleSignIn(t *testing.T) {
	for name, c := range map[string]struct {
		ask     probe.Login
		profile string
		pinned  bool
		want    oracle.Outcome
	}{
		"WS-Federation of Entra":         {probe.Login{Protocol: target.WSFed}, "entra", false, oracle.Pass},
		"WS-Federation of AD FS":         {probe.Login{Protocol: target.WSFed}, "adfs", false, oracle.Pass},
		"WS-Federation, from the issuer": {probe.Login{Protocol: target.WSFed, Reply: "/signin", Start: probe.FromIssuer}, "entra", false, oracle.Pass},
		"WS-Federation, pinned":          {probe.Login{Protocol: target.WSFed}, "entra", true, oracle.Fail},
		"SAML of Entra":                  {probe.Login{Protocol: target.SAML}, "entra", false, oracle.Pass},
		"SAML, from the issuer":          {probe.Login{Protocol: target.SAML, Reply: "/signin", Start: probe.FromIssuer}, "entra", false, oracle.Pass},
		"SAML of AD FS, pinned":          {probe.Login{Protocol: target.SAML}, "adfs", true, oracle.Fail},
		"OpenID Connect":                 {probe.Login{Protocol: target.OIDC}, "generic", false, oracle.Pass},
		"OpenID Connect of Entra":        {probe.Login{Protocol: target.OIDC}, "entra", false, oracle.Pass},
		"SAML of AD FS":                  {probe.Login{Protocol: target.SAML, Path: "/?page=1"}, "adfs", false, oracle.Pass},
	} {
		t.Run(name, func(t *testing.T) {
			promise := spec.Promise{Recovery: &spec.Recovery{Within: clock.Duration(300 * time.Millisecond)}}
			results, err := run(t, signedInTo(t, c.ask, c.pinned), func(e *engine.Config) {
				// AD FS writes SAML 1.1 for WS-Federation unless its administrator chose.
				e.Open = local.Opener(local.Config{Profile: c.profile, SAML: credential.SAML{Version: "2.0"}})
				e.Profile, e.Audience, e.Patience, e.Promise = c.profile, "urn:rollover:app", 600*time.Millisecond, promise
			}, rolled())
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range eventsOf[timeline.Presented](results[0]) {
				if p.Outcome == timeline.Accepted && p.Shown != credential.DefaultSubject || p.Outcome == timeline.Unreachable {
					t.Errorf("%+v", p)
				}
			}
			for _, m := range eventsOf[timeline.Minted](results[0]) {
				if m.Form != "session" {
					t.Errorf("minted %+v", m)
				}
			}
			v, err := oracle.Judge(results[0].Entries)
			if err != nil {
				t.Fatal(err)
			}
			if v.Outcome != c.want {
				t.Errorf("outcome %s: %+v", v.Outcome, v.Findings)
			}
			const cause = "never fetches federation metadata: its certificate or thumbprint is pinned"
			if c.pinned && (len(v.Diagnosis) != 1 || v.Diagnosis[0].Cause != cause || v.Diagnosis[0].Code != "IDX10501") {
				t.Errorf("diagnosis %+v", v.Diagnosis)
			}
			if len(v.Findings) < 4 || v.Measures.AcceptedBad != 0 {
				t.Errorf("findings %+v, measures %+v", v.Findings, v.Measures)
			}
		})
	}
}
