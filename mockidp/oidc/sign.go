package oidc

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"

	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// signJWS returns the JWS signature of m.Alg over the signing input (RFC 7518
// section 3, RFC 8037 section 3.1).
//
// The mint does not go through a JOSE library here, because a library writes
// headers of its own: in its order, never without "alg", and never lying about
// it. Tests verify what comes out with one.
func signJWS(m keyring.Material, input []byte) ([]byte, error) {
	digest := sha256.Sum256(input)
	switch m.Alg {
	case "RS256":
		return m.Signer.Sign(rand.Reader, digest[:], crypto.SHA256)
	case "PS256":
		return m.Signer.Sign(rand.Reader, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	case "ES256":
		der, err := m.Signer.Sign(rand.Reader, digest[:], crypto.SHA256)
		if err != nil {
			return nil, err
		}
		var point struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(der, &point); err != nil {
			return nil, fmt.Errorf("read ECDSA signature: %w", err)
		}
		signature := make([]byte, 64) // r and s at full length, not DER: RFC 7518 section 3.4
		point.R.FillBytes(signature[:32])
		point.S.FillBytes(signature[32:])
		return signature, nil
	case "EdDSA":
		return m.Signer.Sign(rand.Reader, input, crypto.Hash(0))
	}
	return nil, fmt.Errorf("no signature algorithm %q", m.Alg)
}

// hmacWithPublicKey is what a verifier computes that takes its configured public
// key, a PEM file, for the secret of HS256 (RFC 8725 section 2.1).
func hmacWithPublicKey(m keyring.Material, input []byte) ([]byte, error) {
	spki, err := x509.MarshalPKIXPublicKey(m.Signer.Public())
	if err != nil {
		return nil, fmt.Errorf("encode public key: %w", err)
	}
	mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}))
	mac.Write(input)
	return mac.Sum(nil), nil
}
