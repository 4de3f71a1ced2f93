package credential_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/credential"
)

func TestValidate(t *testing.T) {
	good := []credential.Request{
		{},
		{Form: credential.JWT},
		{Form: credential.SAML11},
		{Form: credential.SAML20},
		{Form: credential.Session},
		{SAML: credential.SAML{Version: "1.1", Trust: "1.3", Sign: "both", Algorithm: "rsa-sha1", KeyInfo: "old"}},
		{Version: "v1"},
		{Version: "v2"},
	}
	for _, f := range credential.Forgeries() {
		good = append(good, credential.Request{Forge: f})
	}
	for _, r := range good {
		if err := r.Validate(); err != nil {
			t.Errorf("%+v: %v", r, err)
		}
	}
	bad := []struct {
		request credential.Request
		want    string
	}{
		{credential.Request{Forge: "alg-nonne"}, `invalid mint request: unknown forge "alg-nonne" (one of alg-none, hmac-public-key, tampered-payload, tampered-signature, empty-signature, stranger-key, stranger-certificate, unsigned, unsigned-assertion, comment-in-name, xsw1, xsw2, xsw3, xsw4, xsw5, xsw6, xsw7, xsw8)`},
		{credential.Request{Form: "saml"}, `invalid mint request: unknown form "saml" (one of jwt, saml11, saml20, session)`},
		{credential.Request{SAML: credential.SAML{Version: "2"}}, `invalid mint request: unknown saml.version "2" (one of 2.0, 1.1)`},
		{credential.Request{SAML: credential.SAML{Trust: "1.4"}}, `invalid mint request: unknown saml.trust "1.4" (one of 2005, 1.3)`},
		{credential.Request{SAML: credential.SAML{Sign: "none"}}, `invalid mint request: unknown saml.sign "none" (one of assertion, response, both)`},
		{credential.Request{SAML: credential.SAML{Algorithm: "md5"}}, `invalid mint request: unknown saml.algorithm "md5" (one of rsa-sha256, rsa-sha1)`},
		{credential.Request{Version: "2"}, `invalid mint request: unknown version "2" (v1 or v2)`},
	}
	for _, test := range bad {
		err := test.request.Validate()
		if !errors.Is(err, credential.ErrRequest) || err.Error() != test.want {
			t.Errorf("%+v: %v, want %s", test.request, err, test.want)
		}
	}
}

func TestSAMLOver(t *testing.T) {
	defaults := credential.SAML{Version: "1.1", Trust: "1.3", Sign: "both", Algorithm: "rsa-sha1", KeyInfo: "absent"}
	if got := (credential.SAML{}).Over(defaults); got != defaults {
		t.Errorf("%+v", got)
	}
	own := credential.SAML{Version: "2.0", Trust: "2005", Sign: "response", Algorithm: "rsa-sha256", KeyInfo: "old"}
	if got := own.Over(defaults); got != own {
		t.Errorf("%+v", got)
	}
}

// Every forgery is one of a JWT or of SAML, some are both.
func TestForgeriesBelongSomewhere(t *testing.T) {
	all := map[credential.Forgery]bool{}
	for _, f := range append(credential.JWTForgeries(), credential.SAMLForgeries()...) {
		all[f] = true
	}
	if len(all) != len(credential.Forgeries()) || len(credential.JWTForgeries()) != 6 || len(credential.SAMLForgeries()) != 15 {
		t.Errorf("%d of %d", len(all), len(credential.Forgeries()))
	}
}

func TestRequestJSON(t *testing.T) {
	text := `{"key":"old","audience":"api://orders","subject":"eve","claims":{"jti":null},"header":{"kid":"x"},` +
		`"expiresIn":"-5m","notBefore":"30s","issuedAt":"0s","forge":"alg-none","version":"v1","form":"jwt"}`
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	var r credential.Request
	if err := decoder.Decode(&r); err != nil {
		t.Fatal(err)
	}
	expires, before, issued := clock.Duration(-5*time.Minute), clock.Duration(30*time.Second), clock.Duration(0)
	want := credential.Request{
		Key: "old", Audience: "api://orders", Subject: "eve", Claims: map[string]any{"jti": nil}, Header: map[string]any{"kid": "x"},
		ExpiresIn: &expires, NotBefore: &before, IssuedAt: &issued, Forge: credential.AlgNone, Version: "v1", Form: credential.JWT,
	}
	if !reflect.DeepEqual(r, want) {
		t.Errorf("reads as %+v, want %+v", r, want)
	}
	// A zero offset that was asked for is not one that was left out.
	if back, err := json.Marshal(r); err != nil || string(back) != text {
		t.Errorf("writes as %s (%v)", back, err)
	}
	if back, err := json.Marshal(credential.Request{}); err != nil || string(back) != "{}" {
		t.Errorf("the zero request writes as %s (%v)", back, err)
	}
}
