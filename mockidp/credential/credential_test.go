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
		{credential.Request{Forge: "alg-nonne"}, `invalid mint request: unknown forge "alg-nonne" (one of alg-none, hmac-public-key, tampered-payload, tampered-signature, empty-signature, stranger-key)`},
		{credential.Request{Form: "saml"}, `invalid mint request: unknown form "saml" (one of jwt, saml11, saml20)`},
		{credential.Request{Version: "2"}, `invalid mint request: unknown version "2" (v1 or v2)`},
	}
	for _, test := range bad {
		err := test.request.Validate()
		if !errors.Is(err, credential.ErrRequest) || err.Error() != test.want {
			t.Errorf("%+v: %v, want %s", test.request, err, test.want)
		}
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
