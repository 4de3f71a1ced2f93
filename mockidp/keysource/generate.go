package keysource

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"

	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/keysource/internal/selfsigned"
)

func newKey(alg string) (crypto.Signer, error) {
	switch alg {
	case ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case EdDSA:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	default:
		return rsa.GenerateKey(rand.Reader, 2048)
	}
}

func generate(alg string) (keyring.Material, error) {
	key, err := newKey(alg)
	if err != nil {
		return keyring.Material{}, fmt.Errorf("generate %s key: %w", alg, err)
	}
	certificate, err := selfsigned.New(key, "")
	if err != nil {
		return keyring.Material{}, fmt.Errorf("certify %s key: %w", alg, err)
	}
	return keyring.Material{Alg: alg, Signer: key, Certificate: certificate}, nil
}
