package keysource

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"github.com/rollover-harness/rollover/mockidp/keyring"
)

//go:generate go run ./gen

// embedded holds 288 RSA-2048 keys with their certificates. They are published
// with the source: whoever trusts one trusts everybody.
//
//go:embed pool.bin
var embedded string

// size is the number of keys in embedded.
const size = 288

// record is one key of the pool, not parsed yet.
type record struct{ key, certificate string }

// index finds the records of a pool without parsing a key: microseconds.
func index(pool string) ([]record, error) {
	records := make([]record, 0, size)
	for pool != "" {
		var r record
		for _, part := range []*string{&r.key, &r.certificate} {
			if len(pool) < 4 {
				return nil, fmt.Errorf("index pool: record %d: length is cut", len(records))
			}
			n := uint64(binary.BigEndian.Uint32([]byte(pool[:4])))
			pool = pool[4:]
			if uint64(len(pool)) < n {
				return nil, fmt.Errorf("index pool: record %d: %d bytes of %d", len(records), len(pool), n)
			}
			*part, pool = pool[:n], pool[n:]
		}
		records = append(records, r)
	}
	return records, nil
}

// parse takes 0.03 ms: the certificate has the public key, and documents need
// no more. The private key is parsed (0.1 ms, a four-hundredth of making one)
// by the first signature.
func (r record) parse(alg string) (keyring.Material, error) {
	certificate, err := x509.ParseCertificate([]byte(r.certificate))
	if err != nil {
		return keyring.Material{}, fmt.Errorf("parse pool certificate: %w", err)
	}
	key := sync.OnceValues(func() (*rsa.PrivateKey, error) { return x509.ParsePKCS1PrivateKey([]byte(r.key)) })
	return keyring.Material{Alg: alg, Signer: lazy{certificate.PublicKey, key}, Certificate: certificate}, nil
}

// lazy is a private key that is parsed when it first signs.
type lazy struct {
	public crypto.PublicKey
	key    func() (*rsa.PrivateKey, error)
}

// Public implements crypto.Signer.
func (l lazy) Public() crypto.PublicKey { return l.public }

// Sign implements crypto.Signer.
func (l lazy) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	key, err := l.key()
	if err != nil {
		return nil, fmt.Errorf("parse pool key: %w", err)
	}
	return key.Sign(random, digest, opts)
}
