package issuer_test

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/keysource"
)

func TestNames(t *testing.T) {
	for name, good := range map[string]bool{
		"default": true, "a": true, "contoso.example": true, "11111111-2222-3333-4444-555555555555": true, "A_1": true, strings.Repeat("x", 63): true,
		"": false, ".": false, "..": false, "-a": false, "a/b": false, "a b": false, "ä": false, strings.Repeat("x", 64): false, "a\n": false,
	} {
		if err := (issuer.Spec{Name: name}).Validate(); (err == nil) != good || (err != nil && !errors.Is(err, issuer.ErrSpec)) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestKeysShowNothingPrivate(t *testing.T) {
	source := keysource.New(keysource.Config{})
	defer source.Close()
	var s keyring.Snapshot
	for _, alg := range keysource.Algorithms() {
		m, err := source.Take(t.Context(), alg)
		if err != nil {
			t.Fatal(err)
		}
		kid := func(keyring.Material) string { return "kid of " + alg }
		if s, _, err = keyring.Apply(s, keyring.Publish{Name: alg, Material: m}, kid, time.Unix(0, 0)); err != nil {
			t.Fatal(err)
		}
	}
	set, err := issuer.Keys(s)
	if err != nil {
		t.Fatal(err)
	}
	if set.Generation != 4 || len(set.Keys) != 4 {
		t.Fatalf("%+v", set)
	}
	kty := map[string]string{"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
	for _, k := range set.Keys {
		var jwk map[string]any
		if err := json.Unmarshal(k.PublicKey, &jwk); err != nil {
			t.Fatal(err)
		}
		if jwk["kty"] != kty[k.Name] || jwk["alg"] != k.Name || jwk["kid"] != "kid of "+k.Name || jwk["d"] != nil || k.State != keyring.Published {
			t.Errorf("%+v", k)
		}
		block, _ := pem.Decode([]byte(k.Certificate))
		if block == nil {
			t.Fatalf("%s", k.Certificate)
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			t.Error(err)
		}
		if len(k.Thumbprint) != 40 || len(k.ThumbprintSHA256) != 64 || strings.ToUpper(k.Thumbprint) != k.Thumbprint {
			t.Errorf("%s, %s", k.Thumbprint, k.ThumbprintSHA256)
		}
	}
}

func TestNoKeysAreAnEmptyList(t *testing.T) {
	set, err := issuer.Keys(keyring.Snapshot{})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := json.Marshal(set); err != nil || string(text) != `{"generation":0,"keys":[]}` {
		t.Errorf("%s %v", text, err)
	}
}
