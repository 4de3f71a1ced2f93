package defective

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	// Unlike the standard library's, this one compares member names exactly and
	// refuses duplicates (RFC 7515 section 4, RFC 7517 section 4) and bad UTF-8.
	"github.com/go-jose/go-jose/v4/json"
)

// Key is a published key that can verify signatures.
type Key struct {
	ID     string           // kid, empty where the JWK has none
	Alg    string           // alg, empty where the JWK has none
	Issuer string           // the only issuer it signs for, empty where the JWK does not say; Entra's extension
	Public crypto.PublicKey // *rsa.PublicKey, *ecdsa.PublicKey (P-256) or ed25519.PublicKey
}

// errOtherUse marks a JWK that is in order but not meant for these signatures.
var errOtherUse = errors.New("not a key for these signatures")

// minRSABits is RFC 7518 section 3.3's lower bound.
const minRSABits = 2048

// ReadTolerant reads a JWK Set and skips every JWK that it cannot use, as RFC
// 7517 section 5 asks for: unknown kty or curve, missing or malformed members,
// symmetric or private keys, RSA keys under 2048 bits, a use other than sig.
// The error says that the body is no JWK Set at all.
func ReadTolerant(body []byte) ([]Key, error) {
	return readSet(body, func(error) error { return nil })
}

// ReadStrict reads a JWK Set and fails on the first JWK that it cannot use;
// only keys that are in order but meant for something else are skipped.
func ReadStrict(body []byte) ([]Key, error) {
	return readSet(body, func(err error) error {
		if errors.Is(err, errOtherUse) {
			return nil
		}
		return err
	})
}

func readSet(body []byte, odd func(error) error) ([]Key, error) {
	var set struct {
		Keys *[]json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, fmt.Errorf("read key set: %w", err)
	}
	if set.Keys == nil {
		return nil, errors.New("read key set: no array of keys")
	}
	var keys []Key
	for i, raw := range *set.Keys {
		key, err := readKey(raw)
		if err == nil {
			keys = append(keys, key)
		} else if err := odd(err); err != nil {
			return nil, fmt.Errorf("read key set: key %d: %w", i, err)
		}
	}
	return keys, nil
}

// jwk has the members of RFC 7517 and RFC 7518 that matter here.
type jwk struct {
	Type    string          `json:"kty"`
	Use     string          `json:"use"`
	ID      string          `json:"kid"`
	Alg     string          `json:"alg"`
	Issuer  string          `json:"issuer"`
	N       string          `json:"n"`
	E       string          `json:"e"`
	Curve   string          `json:"crv"`
	X       string          `json:"x"`
	Y       string          `json:"y"`
	Private json.RawMessage `json:"d"`
}

func readKey(raw []byte) (Key, error) {
	var member jwk
	if err := json.Unmarshal(raw, &member); err != nil {
		return Key{}, fmt.Errorf("read JWK: %w", err)
	}
	if member.Use != "" && member.Use != "sig" {
		return Key{}, fmt.Errorf("use %q: %w", member.Use, errOtherUse)
	}
	// Whoever reads the set could sign with a private key that is in it.
	if member.Private != nil {
		return Key{}, errors.New("the private key is published")
	}
	public, err := member.public()
	if err != nil {
		return Key{}, err
	}
	key := Key{ID: member.ID, Alg: member.Alg, Issuer: member.Issuer, Public: public}
	if !slices.ContainsFunc(algorithms(), key.fits) {
		return Key{}, fmt.Errorf("alg %q: %w", member.Alg, errOtherUse)
	}
	return key, nil
}

func (m jwk) public() (crypto.PublicKey, error) {
	switch {
	case m.Type == "RSA":
		n, errN := decode(m.N)
		e, errE := decode(m.E)
		if err := errors.Join(errN, errE); err != nil {
			return nil, fmt.Errorf("read RSA key: %w", err)
		}
		modulus, exponent := new(big.Int).SetBytes(n), new(big.Int).SetBytes(e)
		if modulus.BitLen() < minRSABits || exponent.BitLen() < 2 || exponent.BitLen() > 31 || exponent.Bit(0) == 0 {
			return nil, fmt.Errorf("read RSA key: %d bits, exponent of %d bits", modulus.BitLen(), exponent.BitLen())
		}
		return &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}, nil
	case m.Type == "EC" && m.Curve == "P-256":
		x, errX := decode(m.X)
		y, errY := decode(m.Y)
		if err := errors.Join(errX, errY); err != nil {
			return nil, fmt.Errorf("read EC key: %w", err)
		}
		point := slices.Concat([]byte{4}, x, y)
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
		if err != nil {
			return nil, fmt.Errorf("read EC key: %w", err)
		}
		return key, nil
	case m.Type == "OKP" && m.Curve == "Ed25519":
		x, err := decode(m.X)
		if err != nil || len(x) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("read Ed25519 key: %d octets", len(x))
		}
		return ed25519.PublicKey(x), nil
	}
	return nil, fmt.Errorf("unsupported kty %q, crv %q", m.Type, m.Curve)
}

func decode(member string) ([]byte, error) {
	if member == "" {
		return nil, errors.New("missing member")
	}
	return base64.RawURLEncoding.DecodeString(member)
}

// fits reports whether the key may verify this algorithm: RFC 8725 section 3.1
// wants it decided by the key, not by the token.
func (k Key) fits(alg jose.SignatureAlgorithm) bool {
	if k.Alg != "" && k.Alg != string(alg) {
		return false
	}
	switch k.Public.(type) {
	case *rsa.PublicKey:
		return alg == jose.RS256 || alg == jose.PS256
	case *ecdsa.PublicKey:
		return alg == jose.ES256
	case ed25519.PublicKey:
		return alg == jose.EdDSA
	}
	return false
}

// signsFor reports whether the key may sign for this issuer; {tenantid} in the
// key's own stands for any tenant. Without the check a key of another tenant
// beside the good ones is good too, as in Storm-0558 (2023).
func (k Key) signsFor(issuer string) bool {
	before, after, template := strings.Cut(k.Issuer, "{tenantid}")
	if !template {
		return k.Issuer == "" || k.Issuer == issuer
	}
	tenant, found := strings.CutPrefix(issuer, before)
	tenant, ends := strings.CutSuffix(tenant, after)
	return found && ends && tenant != "" && !strings.Contains(tenant, "/")
}

func (k Key) equal(other Key) bool {
	public, ok := k.Public.(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(other.Public)
}

// PublicKeyPEM returns the key's SubjectPublicKeyInfo as one PEM block of type
// PUBLIC KEY with a trailing newline: the secret that an HS256 forgery is made
// with. The error says that the key is of no supported type.
func PublicKeyPEM(key crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode public key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}
