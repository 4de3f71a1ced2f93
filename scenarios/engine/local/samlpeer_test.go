package local_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"html"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/crewjam/saml"
	"github.com/crewjam/saml/samlsp"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/scenarios/engine"
	"github.com/rollover-harness/rollover/scenarios/engine/local"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

var samlResponse = regexp.MustCompile(`name="SAMLResponse" value="([^"]*)"`)

// provider is an app of crewjam's that trusts the issuer's metadata.
func provider(t *testing.T, at engine.Site) *saml.ServiceProvider {
	t.Helper()
	from, err := url.Parse(at.Environment.FederationMetadata)
	if err != nil {
		t.Fatal(err)
	}
	metadata, err := samlsp.FetchMetadata(context.Background(), http.DefaultClient, *from)
	if err != nil {
		t.Fatal(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	shape := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, shape, shape, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	root := url.URL{Scheme: "http", Host: "127.0.0.1:9"}
	app, err := samlsp.New(samlsp.Options{URL: root, Key: key, Certificate: certificate, IDPMetadata: metadata, AllowIDPInitiated: true})
	if err != nil {
		t.Fatal(err)
	}
	return &app.ServiceProvider
}

// signIn asks as the app does, and returns whom the app takes the answer for.
func signIn(t *testing.T, at engine.Site, app *saml.ServiceProvider, r credential.Request) (string, error) {
	t.Helper()
	asked, err := app.MakeAuthenticationRequest(app.GetSSOBindingLocation(saml.HTTPRedirectBinding), saml.HTTPRedirectBinding, saml.HTTPPostBinding)
	if err != nil {
		t.Fatal(err)
	}
	address, err := asked.Redirect("relay", app)
	if err != nil {
		t.Fatal(err)
	}
	r.Form = credential.Session
	made, err := at.Mint(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodGet, address.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.AddCookie(&http.Cookie{Name: credential.SessionCookie, Value: made.Token})
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	found := samlResponse.FindSubmatch(page)
	if found == nil {
		t.Fatalf("%s: %s", answer.Status, page)
	}
	text, err := base64.StdEncoding.DecodeString(html.UnescapeString(string(found[1])))
	if err != nil {
		t.Fatal(err)
	}
	assertion, err := app.ParseXMLResponse(text, []string{asked.ID}, app.AcsURL)
	if err != nil {
		return "", err
	}
	return assertion.Subject.NameID.Value, nil
}

// A library that knows nothing of this issuer takes its answers, whatever is
// signed in them, and takes a forgery for nobody but the person who signed in.
func TestCrewjamSignsPeopleIn(t *testing.T) {
	for _, profile := range []string{"entra", "adfs"} {
		for _, sign := range []string{"assertion", "response", "both"} {
			t.Run(profile+" "+sign, func(t *testing.T) {
				open := local.Opener(local.Config{Profile: profile, SAML: credential.SAML{Sign: sign}})
				at, err := open(context.Background(), []spec.Key{{Name: "old", State: "active"}}, "urn:app")
				if err != nil {
					t.Fatal(err)
				}
				defer at.Close()
				app := provider(t, at)
				if who, err := signIn(t, at, app, credential.Request{Subject: "ann@rollover.test"}); err != nil || who != "ann@rollover.test" {
					t.Fatalf("%q %v", who, err)
				}
				for _, f := range credential.SAMLForgeries() {
					who, err := signIn(t, at, app, credential.Request{Forge: f})
					if err == nil && who != credential.DefaultSubject && f != credential.CommentInName || who == credential.AttackerSubject {
						t.Errorf("%s: taken for %s", f, who)
					}
				}
				for _, f := range []credential.Forgery{credential.TamperedPayload, credential.TamperedSig, credential.StrangerKey, credential.StrangerCertificate, credential.Unsigned} {
					if who, err := signIn(t, at, app, credential.Request{Forge: f}); err == nil {
						t.Errorf("%s: taken for %s", f, who)
					}
				}
			})
		}
	}
}
