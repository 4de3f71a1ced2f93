package oidc_test

import (
	"encoding/json"
	"errors"
	"math/bits"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
)

func TestForgeries(t *testing.T) {
	for _, name := range []string{"rsa", "ec", "okp"} {
		k, _ := ring(t, byName(t, "generic")).Key(name)
		good := mint(t, "generic", credential.Request{Key: name})
		goodHeader, goodPayload, goodSignature := parts(t, good.Text)
		for _, f := range credential.JWTForgeries() {
			if f == credential.StrangerKey && name != "rsa" {
				continue // its key is RSA, see TestStrangerKey
			}
			t.Run(string(f)+"/"+name, func(t *testing.T) {
				forged := mint(t, "generic", credential.Request{Key: name, Forge: f})
				if err := verify(forged.Text, k.Material); err == nil {
					t.Error("a library accepts it")
				}
				header, payload, signature := parts(t, forged.Text)
				wantHeader, wantPayload := goodHeader, goodPayload
				switch f {
				case credential.AlgNone:
					wantHeader = strings.Replace(goodHeader, k.Alg, "none", 1)
				case credential.HMACPublicKey:
					wantHeader = strings.Replace(goodHeader, k.Alg, "HS256", 1)
				case credential.TamperedPayload:
					wantPayload = strings.Replace(goodPayload, "user@rollover.test", "tampered-user@rollover.test", 1)
				default: // the signature is what differs
				}
				if header != wantHeader || payload != wantPayload {
					t.Errorf("header %s, payload %s, want %s, %s", header, payload, wantHeader, wantPayload)
				}
				if none := f == credential.AlgNone || f == credential.EmptySignature; none != (len(signature) == 0) {
					t.Errorf("a signature of %d bytes", len(signature))
				}
				if forged.KID != k.KID || (forged.Key == name) == (f == credential.StrangerKey) {
					t.Errorf("key %q, kid %q", forged.Key, forged.KID)
				}
				// RS256 and EdDSA sign the same input alike each time.
				if f == credential.TamperedSig && name != "ec" {
					flipped := 0
					for i := range signature {
						flipped += bits.OnesCount8(signature[i] ^ goodSignature[i])
					}
					if flipped != 1 || signature[len(signature)/2] == goodSignature[len(signature)/2] {
						t.Errorf("%d bits differ", flipped)
					}
				}
			})
		}
	}
}

// The signature of a tampered payload is good for the payload that it was made for.
func TestTamperedPayloadCarriesTheOldSignature(t *testing.T) {
	k, _ := ring(t, byName(t, "generic")).Key("ec")
	for _, claims := range []map[string]any{nil, {"sub": nil}, {"sub": 7}} {
		forged := mint(t, "generic", credential.Request{Key: "ec", Forge: credential.TamperedPayload, Claims: claims})
		honest := mint(t, "generic", credential.Request{Key: "ec", Claims: claims})
		of, ho := strings.Split(forged.Text, "."), strings.Split(honest.Text, ".")
		if of[1] == ho[1] {
			t.Errorf("claims %v: the payload is untouched", claims)
		}
		if err := verify(of[0]+"."+ho[1]+"."+of[2], k.Material); err != nil {
			t.Errorf("claims %v: the signature is not the old one: %v", claims, err)
		}
	}
}

// An app that was set up with the PEM file of the key, as openssl writes it, and
// lets the token choose the algorithm, takes the file for the secret.
func TestHMACPublicKeyFoolsWhoUsesThePEMAsSecret(t *testing.T) {
	for _, name := range []string{"rsa", "ec", "okp"} {
		forged := mint(t, "generic", credential.Request{Key: name, Forge: credential.HMACPublicKey})
		parsed, err := jose.ParseSignedCompact(forged.Text, []jose.SignatureAlgorithm{jose.HS256})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parsed.Verify(read(t, name+"-public.pem")); err != nil {
			t.Errorf("%s: a confused app does not accept it: %v", name, err)
		}
	}
}

func TestStrangerKey(t *testing.T) {
	m, s := minter(t, "generic")
	outside := load(t, "stranger", "PS256")
	for _, test := range []struct{ key, alg string }{
		{"rsa", "RS256"}, // one RSA key serves both: the header says what the key named says
		{"ec", "PS256"},  // no way to look like it
	} {
		forged, err := m.Mint(s, credential.Request{Key: test.key, Forge: credential.StrangerKey}, now, "id", func() (keyring.Material, error) { return outside, nil })
		if err != nil {
			t.Fatal(err)
		}
		k, _ := s.Key(test.key)
		if forged.Key != "" || forged.KID != k.KID {
			t.Errorf("%s: key %q, kid %q", test.key, forged.Key, forged.KID)
		}
		if header, _, _ := parts(t, forged.Text); !strings.Contains(header, `"alg":"`+test.alg+`"`) {
			t.Errorf("%s: header %s", test.key, header)
		}
		if err := verify(forged.Text, outside); err != nil {
			t.Errorf("%s: the stranger did not sign: %v", test.key, err)
		}
		if err := verify(forged.Text, k.Material); err == nil {
			t.Errorf("%s: the ring's key did", test.key)
		}
	}
	// Entra's v1 header names the certificate too: that of the key it pretends to be.
	v1 := mint(t, "entra", credential.Request{Version: "v1", Forge: credential.StrangerKey})
	var header struct{ X5T, KID string }
	text, _, _ := parts(t, v1.Text)
	if err := json.Unmarshal([]byte(text), &header); err != nil || header.X5T != v1.KID || header.KID != v1.KID {
		t.Errorf("header %s (%v)", text, err)
	}
}

func TestNoStranger(t *testing.T) {
	m, s := minter(t, "generic")
	request := credential.Request{Forge: credential.StrangerKey}
	broken := errors.New("no entropy")
	if _, err := m.Mint(s, request, now, "id", func() (keyring.Material, error) { return keyring.Material{}, broken }); !errors.Is(err, broken) || errors.Is(err, credential.ErrRequest) {
		t.Errorf("error %v", err)
	}
	if _, err := m.Mint(s, request, now, "id", nil); err == nil || errors.Is(err, credential.ErrRequest) {
		t.Errorf("error %v", err)
	}
	// No other forgery asks for one.
	for _, f := range credential.JWTForgeries() {
		if f != credential.StrangerKey {
			if _, err := m.Mint(s, credential.Request{Forge: f}, now, "id", nil); err != nil {
				t.Errorf("%s: %v", f, err)
			}
		}
	}
}

// A request's header has the last word, over a forgery's too.
func TestHeaderOverForgery(t *testing.T) {
	token := mint(t, "generic", credential.Request{Forge: credential.AlgNone, Header: map[string]any{"alg": "None"}})
	if header, _, signature := parts(t, token.Text); !strings.Contains(header, `"alg":"None"`) || len(signature) != 0 {
		t.Errorf("header %s, %d bytes of signature", header, len(signature))
	}
	token = mint(t, "generic", credential.Request{Header: map[string]any{"alg": nil, "kid": nil, "typ": nil}})
	if header, _, _ := parts(t, token.Text); header != "{}" {
		t.Errorf("header %s", header)
	}
}
