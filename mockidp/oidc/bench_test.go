package oidc_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"strconv"
	"testing"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/oidc"
)

// BenchmarkMint mints a default token with a fresh id, beside the bare signature
// that it holds. The difference is what the mint costs: at most 30 us.
func BenchmarkMint(b *testing.B) {
	for _, profile := range []string{"generic", "entra"} {
		for _, file := range []string{"rsa", "ec", "okp"} {
			m, s := minter(b, profile)
			b.Run(profile+"/"+file, func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if _, err := m.Mint(s, credential.Request{Key: file}, now, strconv.Itoa(i), nil); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkMintUnsigned is the mint without the signature: steadier on a busy
// machine than the difference of two long times.
func BenchmarkMintUnsigned(b *testing.B) {
	m, s := minter(b, "generic")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := m.Mint(s, credential.Request{Forge: credential.EmptySignature}, now, strconv.Itoa(i), nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBare is what BenchmarkMint is measured against.
func BenchmarkBare(b *testing.B) {
	input := make([]byte, 400)
	sign := map[string]func(crypto.Signer) error{
		"rsa": func(k crypto.Signer) error {
			digest := sha256.Sum256(input)
			_, err := rsa.SignPKCS1v15(nil, k.(*rsa.PrivateKey), crypto.SHA256, digest[:])
			return err
		},
		"ec": func(k crypto.Signer) error {
			digest := sha256.Sum256(input)
			_, _, err := ecdsa.Sign(rand.Reader, k.(*ecdsa.PrivateKey), digest[:])
			return err
		},
		"okp": func(k crypto.Signer) error {
			ed25519.Sign(k.(ed25519.PrivateKey), input)
			return nil
		},
	}
	for _, file := range []string{"rsa", "ec", "okp"} {
		key := load(b, file, "").Signer
		b.Run(file, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := sign[file](key); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDocuments renders what a rotation renders, three keys served.
func BenchmarkDocuments(b *testing.B) {
	for _, name := range []string{"generic", "entra"} {
		p := byName(b, name)
		s := ring(b, p)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := oidc.Documents(p, entraSite, s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	p := byName(b, "generic")
	many := keyring.Snapshot{}
	material := load(b, "rsa", "RS256")
	for i := range 1000 {
		many = apply(b, p, many, keyring.Publish{Name: strconv.Itoa(i), KID: strconv.Itoa(i), Material: material})
	}
	b.Run("thousand keys", func(b *testing.B) {
		for b.Loop() {
			if _, err := oidc.Documents(p, genericSite, many); err != nil {
				b.Fatal(err)
			}
		}
	})
}
