package signers

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// Certificate is a certificate and where it stands.
type Certificate struct {
	DER                 []byte
	SHA1, SHA256        Thumbprint
	Subject, Issuer     string // as RFC 2253 writes them; empty where they cannot be read
	Serial              string // hex
	NotBefore, NotAfter time.Time
	Places              []Place
}

// SelfSigned reports whether subject and issuer are the same, as in all
// certificates with which Entra ID and AD FS sign by default. The signature is
// not verified.
func (c Certificate) SelfSigned() bool { return c.Subject != "" && c.Subject == c.Issuer }

// Thumbprint is a hash of a certificate's bytes. They are the same bytes, and
// it is the same hash, in every form that people meet.
type Thumbprint []byte

// Hex is upper-case hex, as WIF, K2 and the Entra portal print it.
func (t Thumbprint) Hex() string { return strings.ToUpper(hex.EncodeToString(t)) }

// Spaced is as Windows' certificate dialog shows it.
func (t Thumbprint) Spaced() string { return t.pairs(" ", "%02x") }

// Colons is as openssl prints it.
func (t Thumbprint) Colons() string { return t.pairs(":", "%02X") }

// Base64URL is as a JSON Web Key has it in x5t or x5t#S256 (RFC 7517, 4.8 and
// 4.9); in Entra ID and AD FS the SHA-1 form is the kid too.
func (t Thumbprint) Base64URL() string { return base64.RawURLEncoding.EncodeToString(t) }

func (t Thumbprint) pairs(between, format string) string {
	all := make([]string, len(t))
	for i, b := range t {
		all[i] = fmt.Sprintf(format, b)
	}
	return strings.Join(all, between)
}

// shape is what every certificate is made of (RFC 5280, 4.1).
type shape struct {
	TBS       asn1.RawValue
	Algorithm pkix.AlgorithmIdentifier
	Signature asn1.BitString
}

// head is what is told of a certificate, out of its TBSCertificate.
type head struct {
	Version   int `asn1:"optional,explicit,default:0,tag:0"`
	Serial    *big.Int
	Algorithm pkix.AlgorithmIdentifier
	Issuer    pkix.RDNSequence
	Validity  struct{ NotBefore, NotAfter time.Time }
	Subject   pkix.RDNSequence
	Key       asn1.RawValue
}

var errNoCertificate = errors.New("not a certificate")

// certificate reads one. What Go refuses and Windows takes, such as a negative
// serial number, has a thumbprint all the same: doubt says what Go holds against it.
func certificate(der []byte) (c Certificate, doubt, err error) {
	var s shape
	rest, err := asn1.Unmarshal(der, &s)
	if err != nil || len(rest) > 0 || s.TBS.Tag != asn1.TagSequence {
		return c, nil, errNoCertificate
	}
	short, long := sha1.Sum(der), sha256.Sum256(der)
	c = Certificate{DER: der, SHA1: short[:], SHA256: long[:]}
	parsed, doubt := x509.ParseCertificate(der)
	if doubt == nil {
		c.Subject, c.Issuer, c.Serial = parsed.Subject.String(), parsed.Issuer.String(), strings.ToUpper(parsed.SerialNumber.Text(16))
		c.NotBefore, c.NotAfter = parsed.NotBefore, parsed.NotAfter
		return c, nil, nil
	}
	var h head
	if _, err := asn1.Unmarshal(s.TBS.FullBytes, &h); err != nil {
		return c, nil, errNoCertificate
	}
	c.Subject, c.Issuer, c.Serial = h.Subject.String(), h.Issuer.String(), strings.ToUpper(h.Serial.Text(16))
	c.NotBefore, c.NotAfter = h.Validity.NotBefore, h.Validity.NotAfter
	return c, errors.New(strings.TrimPrefix(doubt.Error(), "x509: ")), nil
}

// fromBase64 reads a certificate as metadata and key sets have it: base64 of
// the bytes (not base64url), perhaps over several lines.
func fromBase64(text string) (c Certificate, doubt, err error) {
	if strings.Contains(text, "-----BEGIN") {
		return c, nil, errors.New("PEM where bare base64 is due")
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return c, nil, errors.New("not base64")
	}
	return certificate(der)
}
