// Package selfsigned makes the certificates of test keys. The pool's generator
// and the running source share it, so that an embedded key and a fresh one
// differ in nothing but their numbers.
package selfsigned

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"math/big"
	"time"
)

// Organisation says in every certificate what its key is worth.
const Organisation = "INSECURE - published test key, never trust"

// New returns a self-signed certificate for key. The label tells it from others in
// the common name; empty is the beginning of the serial number. The validity is the
// century from 2020, so that no test and no moved clock meets its ends by accident.
func New(key crypto.Signer, label string) (*x509.Certificate, error) {
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, fmt.Errorf("encode public key: %w", err)
	}
	digest := sha256.Sum256(spki)
	// 63 bits, positive and not zero, as RFC 5280 section 4.1.2.2 asks for.
	serial := append([]byte{}, digest[:8]...)
	serial[0] = serial[0]&0x7f | 0x40
	if label == "" {
		label = hex.EncodeToString(serial[:4])
	}
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial),
		Subject: pkix.Name{
			CommonName:   "rollover test key " + label + " - FOR TESTS ONLY",
			Organization: []string{Organisation},
		},
		NotBefore:    time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2120, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		SubjectKeyId: digest[:20], // RFC 7093 section 2, method 4, shortened to the usual length
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("parse certificate: %w", err)
	}
	return certificate, nil
}
