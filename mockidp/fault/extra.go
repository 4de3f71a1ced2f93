package fault

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"

	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// View serves a JWK beside the issuer's own keys. A reader should ignore what
// it cannot use (RFC 7517 section 5); readers that discard the whole set
// instead stop accepting every token.
func (f Extra) View(s keyring.Snapshot) keyring.Snapshot {
	raw := f.JWK
	if raw == "" {
		raw = decoy(f.Kind)
	}
	s.Extras = append(slices.Clone(s.Extras), keyring.Extra{JWK: raw, First: f.First})
	return s
}

// decoy returns the entry of a kind, always the same. Nobody holds a private
// key for any of them. Each stands for keys that broke real readers.
func decoy(kind string) string {
	n, p := filler("modulus", 256), filler("point", 57)
	switch kind {
	case "unknown-kty":
		// The OpenID conformance suite publishes a made-up kty in every
		// relying-party test (merge request 2119).
		return `{"kty":"rollover-invented","kid":"decoy-unknown-kty","use":"sig","alg":"RI256","v":"` + filler("value", 32) + `"}`
	case "post-quantum":
		// AKP keys of ML-DSA (FIPS 204): fastmcp #4517, ruby-jwt #743.
		return `{"kty":"AKP","kid":"decoy-post-quantum","use":"sig","alg":"ML-DSA-65","pub":"` + filler("ml-dsa", 1952) + `"}`
	case "unknown-curve":
		// RFC 8037 has Ed448, few libraries do: jwkset #60, go-jose #276, authlib #913.
		return `{"kty":"OKP","kid":"decoy-unknown-curve","use":"sig","alg":"EdDSA","crv":"Ed448","x":"` + p + `"}`
	case "missing-member":
		// RFC 7518 section 6.3.1: an RSA key without e is none.
		return `{"kty":"RSA","kid":"decoy-missing-member","use":"sig","alg":"RS256","n":"` + n + `"}`
	case "bad-base64":
		// Standard alphabet and line breaks where base64url is due (RFC 7515 section 2), as tools
		// that print PEM bodies produce it; with a character of neither alphabet.
		return `{"kty":"RSA","kid":"decoy-bad-base64","use":"sig","alg":"RS256","n":"+/` + n[:64] + `\r\n*` + n[64:] + `==","e":"AQAB"}`
	case "null":
		// What serialisers leave behind for a key that failed to load.
		return `null`
	case "no-kid":
		// kid is optional (RFC 7517 section 4.5); code that indexes by it fails on its absence.
		return `{"kty":"RSA","use":"sig","alg":"RS256","n":"` + n + `","e":"AQAB"}`
	case "encryption":
		// Providers list encryption keys in the same set: Keycloak does by default.
		return `{"kty":"RSA","kid":"decoy-encryption","use":"enc","alg":"RSA-OAEP","n":"` + n + `","e":"AQAB"}`
	case "symmetric":
		// A secret in a public set (RFC 7517 section 9.2 warns); a verifier must not use it.
		return `{"kty":"oct","kid":"decoy-symmetric","use":"sig","alg":"HS256","k":"` + filler("secret", 32) + `"}`
	}
	return `{}`
}

// filler returns n bytes in base64url that look like key material: the same
// for the same label, with the outer bits set as in an RSA modulus.
func filler(label string, n int) string {
	var data []byte
	for counter := uint32(0); len(data) < n; counter++ {
		block := sha256.Sum256(binary.BigEndian.AppendUint32([]byte("rollover decoy "+label), counter))
		data = append(data, block[:]...)
	}
	data = data[:n]
	data[0] |= 0x80
	data[n-1] |= 1
	return base64.RawURLEncoding.EncodeToString(data)
}
