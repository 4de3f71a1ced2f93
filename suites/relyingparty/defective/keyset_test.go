package defective

import (
	"slices"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

func TestReadSet(t *testing.T) {
	ec, rsa := newSigner(t, "ec", jose.ES256), newSigner(t, "rsa", jose.RS256)
	with := func(key signer, name string, value any) string { return key.jwk(map[string]any{name: value}) }
	const small = "vVJ2UFc2f2HfP5vVq2iKiX0YtDqWkK4Q9FZkq0kVbK3z0Fh8yQn9gk1yH0v2E3qO6m5c8x7b1u4t9r2p0w5z3Q" // 512 bits
	tests := map[string]struct {
		odd         string
		skip        bool // the tolerant reader skips it
		failsStrict bool
	}{
		"RSA key":              {rsa.jwk(nil), false, false},
		"no alg, no use":       {rsa.jwk(map[string]any{"alg": nil, "use": nil}), false, false},
		"no kid":               {with(rsa, "kid", nil), false, false},
		"unknown member":       {with(rsa, "x-vendor", []int{1}), false, false},
		"use enc":              {with(rsa, "use", "enc"), true, false},
		"encryption alg":       {with(rsa, "alg", "RSA-OAEP"), true, false},
		"post-quantum kty":     {`{"kty":"AKP","alg":"ML-DSA-44","pub":"AAAA"}`, true, true},
		"invented kty":         {`{"kty":"rollover","kid":"x"}`, true, true},
		"no kty":               {`{"kid":"x"}`, true, true},
		"symmetric":            {`{"kty":"oct","k":"c2VjcmV0"}`, true, true},
		"private":              {with(rsa, "d", "AQAB"), true, true},
		"unknown curve":        {with(ec, "crv", "P-999"), true, true},
		"Ed448":                {`{"kty":"OKP","crv":"Ed448","x":"AAAA"}`, true, true},
		"short Ed25519":        {`{"kty":"OKP","crv":"Ed25519","x":"AAAA"}`, true, true},
		"bad base64":           {with(rsa, "n", "not base64!"), true, true},
		"no exponent":          {with(rsa, "e", nil), true, true},
		"even exponent":        {with(rsa, "e", "Ag"), true, true},
		"huge exponent":        {with(rsa, "e", "AQAAAAAAAAAB"), true, true},
		"short RSA":            {with(rsa, "n", small), true, true},
		"not on the curve":     {with(ec, "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), true, true},
		"short coordinate":     {with(ec, "y", "AAAA"), true, true},
		"null":                 {`null`, true, true},
		"string":               {`"key"`, true, true},
		"kid is a number":      {with(rsa, "kid", 7), true, true},
		"a member twice":       {`{"kty":"EC","kty":"RSA"}`, true, true},
		"member in upper case": {`{"KTY":"RSA","N":"AQAB","E":"AQAB"}`, true, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			body := []byte(set(test.odd, ec))
			keys, err := ReadTolerant(body)
			if err != nil {
				t.Fatal(err)
			}
			if skipped := len(keys) == 1; skipped != test.skip || !slices.ContainsFunc(keys, Key{ID: "ec", Public: ec.public}.equal) {
				t.Errorf("read %d keys, skipped is %t", len(keys), skipped)
			}
			if _, err := ReadStrict(body); (err != nil) != test.failsStrict {
				t.Errorf("strict: error %v", err)
			}
		})
	}
}

func TestReadSetRefusesWhatIsNone(t *testing.T) {
	for _, body := range []string{"", "null", "[]", "{}", `{"keys":null}`, `{"keys":{}}`, `{"Keys":[]}`, `{"keys":[]}x`, "<html>"} {
		if keys, err := ReadTolerant([]byte(body)); err == nil {
			t.Errorf("%q: %d keys", body, len(keys))
		}
	}
	if keys, err := ReadStrict([]byte(`{"keys":[]}`)); err != nil || len(keys) != 0 {
		t.Errorf("empty set: %d keys, error %v", len(keys), err)
	}
}

func TestSignsFor(t *testing.T) {
	const own = "https://login.test/tenant/v2.0"
	for issuer, want := range map[string]bool{
		"": true, own: true, "https://login.test/{tenantid}/v2.0": true,
		"https://login.test/other/v2.0": false, "https://login.test/{tenantid}": false,
		"https://{tenantid}/v2.0": false, "https://login.test/tenant/{tenantid}/v2.0": false,
	} {
		if got := (Key{Issuer: issuer}).signsFor(own); got != want {
			t.Errorf("key of %q: %t, want %t", issuer, got, want)
		}
	}
	bubble(t, "", func(b *bench) {
		b.serves(set(b.old.jwk(map[string]any{"issuer": "https://issuer.test/other"})))
		if b.accepts(b.old.token(nil)) {
			t.Error("accepted with another issuer's key")
		}
	})
}

func TestPublicKeyPEMRefusesOtherTypes(t *testing.T) {
	if text, err := PublicKeyPEM([]byte("secret")); err == nil {
		t.Errorf("encoded %q", text)
	}
}

func FuzzReadSet(f *testing.F) {
	key := newSigner(f, "ec", jose.ES256)
	for _, seed := range []string{set(key), set("null", `{"kty":"AKP"}`), `{"keys":[]}`, "<html>"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		tolerant, err := ReadTolerant(body)
		strict, strictErr := ReadStrict(body)
		if strictErr == nil && (err != nil || len(strict) != len(tolerant)) {
			t.Errorf("strict read %d keys, tolerant %d, error %v", len(strict), len(tolerant), err)
		}
		for _, key := range tolerant {
			if _, err := PublicKeyPEM(key.Public); err != nil {
				t.Errorf("unusable key: %v", err)
			}
		}
	})
}
