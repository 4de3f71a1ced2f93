package oidc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha1" // x5t is SHA-1 by RFC 7515 section 4.1.7: it names, it protects nothing
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"

	"github.com/go-jose/go-jose/v4"

	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/profile"
)

// KID returns the key ID of new key material in the profile's form. m has a
// Signer and a Certificate, and its algorithm is one that keysource makes.
func KID(p profile.Profile, m keyring.Material) string {
	if p.KID == profile.X5T {
		return x5t(m)
	}
	digest, err := (&jose.JSONWebKey{Key: m.Signer.Public()}).Thumbprint(crypto.SHA256)
	if err != nil {
		return x5t(m) // a key that RFC 7638 does not know has its certificate's name at least
	}
	return base64url(digest)
}

// jwk renders a key with the members that shape lists.
func jwk(k keyring.Key, shape profile.JWKS, issuer string) (object, error) {
	kind, public, err := publicMembers(k.Signer.Public())
	if err != nil {
		return nil, fmt.Errorf("render key %q: %w", k.Name, err)
	}
	var o object
	for _, name := range shape.Members {
		var value any
		switch name {
		case profile.JWKKey:
			o = append(o, public...)
			continue
		case profile.JWKType:
			value = kind
		case profile.JWKUse:
			value = "sig"
		case profile.JWKAlg:
			value = k.Alg
		case profile.JWKID:
			value = k.KID
		case profile.JWKX5T:
			value = x5t(k.Material)
		case profile.JWKX5TS256:
			digest := sha256.Sum256(k.Certificate.Raw)
			value = base64url(digest[:])
		case profile.JWKX5C:
			// Base64 with padding, not base64url: RFC 7517 section 4.7.
			value = []string{base64.StdEncoding.EncodeToString(k.Certificate.Raw)}
		case profile.JWKIssuer:
			value = issuer
		default:
			return nil, fmt.Errorf("render key %q: unknown member %q", k.Name, name)
		}
		o = append(o, profile.Member{Name: string(name), Value: value})
	}
	return o, nil
}

// publicMembers are the members that make up the public key (RFC 7518 section
// 6, RFC 8037 section 2), and its kty.
func publicMembers(key crypto.PublicKey) (kty string, members object, err error) {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return "RSA", object{
			{Name: "n", Value: base64url(key.N.Bytes())},
			{Name: "e", Value: base64url(big.NewInt(int64(key.E)).Bytes())},
		}, nil
	case *ecdsa.PublicKey:
		point, err := key.Bytes() // 4, x, y: SEC 1 section 2.3.3
		if err != nil {
			return "", nil, fmt.Errorf("encode point: %w", err)
		}
		half := (len(point) - 1) / 2
		return "EC", object{
			{Name: "crv", Value: key.Params().Name},
			{Name: "x", Value: base64url(point[1 : 1+half])},
			{Name: "y", Value: base64url(point[1+half:])},
		}, nil
	case ed25519.PublicKey:
		return "OKP", object{{Name: "crv", Value: "Ed25519"}, {Name: "x", Value: base64url(key)}}, nil
	}
	return "", nil, fmt.Errorf("a %T has no JWK", key)
}

func x5t(m keyring.Material) string {
	digest := sha1.Sum(m.Certificate.Raw)
	return base64url(digest[:])
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
