package oidc

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
)

// Hash is at_hash of an access token, or c_hash of a code, in an ID token that is
// signed with alg: the left half of the hash that the algorithm uses (OpenID
// Connect Core 1.0 sections 3.1.3.6 and 3.3.2.11). For EdDSA that is SHA-512, which
// Ed25519 has inside (RFC 8032 section 5.1).
func Hash(alg, text string) string {
	sum := sha256.Sum256([]byte(text))
	half := sum[:16]
	if alg == "EdDSA" {
		long := sha512.Sum512([]byte(text))
		half = long[:32]
	}
	return base64.RawURLEncoding.EncodeToString(half)
}
