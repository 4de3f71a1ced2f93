package mockidp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
)

// Authority is a certificate authority that lives as long as the process, and
// the server certificate that it signed.
type Authority struct {
	server tls.Certificate
	root   *x509.Certificate
}

// NewAuthority makes an authority and a server certificate for localhost,
// 127.0.0.1, ::1 and the further hosts (names or addresses).
func NewAuthority(hosts ...string) (*Authority, error) {
	now := clock.System{}.Now()
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "rollover TEST CA, trust it nowhere"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	rootKey, rootDER, err := certify(root, root, nil)
	if err != nil {
		return nil, fmt.Errorf("make test CA: %w", err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "rollover TEST issuer"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range append([]string{"localhost", "127.0.0.1", "::1"}, hosts...) {
		if ip := net.ParseIP(host); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else if host != "" {
			leaf.DNSNames = append(leaf.DNSNames, host)
		}
	}
	leafKey, leafDER, err := certify(leaf, root, rootKey)
	if err != nil {
		return nil, fmt.Errorf("make server certificate: %w", err)
	}
	parsed, err := x509.ParseCertificate(rootDER)
	if err != nil {
		return nil, fmt.Errorf("make test CA: %w", err)
	}
	return &Authority{tls.Certificate{Certificate: [][]byte{leafDER, rootDER}, PrivateKey: leafKey}, parsed}, nil
}

// certify makes a P-256 key and a certificate for it; by nil signs itself.
func certify(c, parent *x509.Certificate, by *ecdsa.PrivateKey) (*ecdsa.PrivateKey, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if by == nil {
		by = key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), by)
	return key, der, err
}

// PEM is the authority's certificate, for an app's trust store.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.root.Raw})
}

// Pool holds the authority's certificate alone, for Go clients.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.root)
	return pool
}

// HTTP/1.1 alone: an HTTP/2 stream cannot be hijacked to be reset.
func (a *Authority) serverConfig() *tls.Config {
	if a == nil {
		return nil
	}
	return &tls.Config{Certificates: []tls.Certificate{a.server}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
}
