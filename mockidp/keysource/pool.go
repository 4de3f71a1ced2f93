package keysource

import (
	"crypto/x509"
	_ "embed"
	"encoding/binary"
	"fmt"

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

// parse takes about 0.1 ms, a four-hundredth of making a key.
func (r record) parse(alg string) (keyring.Material, error) {
	key, err := x509.ParsePKCS1PrivateKey([]byte(r.key))
	if err != nil {
		return keyring.Material{}, fmt.Errorf("parse pool key: %w", err)
	}
	certificate, err := x509.ParseCertificate([]byte(r.certificate))
	if err != nil {
		return keyring.Material{}, fmt.Errorf("parse pool certificate: %w", err)
	}
	return keyring.Material{Alg: alg, Signer: key, Certificate: certificate}, nil
}
