package oidc

import (
	"encoding/base64"
	"fmt"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// headerAlg is the "alg" that a token names.
func headerAlg(f credential.Forgery, alg string) string {
	switch f {
	case credential.AlgNone:
		return "none"
	case credential.HMACPublicKey:
		return "HS256"
	default:
		return alg
	}
}

// compact signs and serialises (RFC 7515 section 7.1), in the way that f is bad.
func compact(f credential.Forgery, m keyring.Material, header, claims object) (string, error) {
	head, err := header.encode()
	if err != nil {
		return "", fmt.Errorf("%w: header: %w", credential.ErrRequest, err)
	}
	payload, err := claims.encode()
	if err != nil {
		return "", fmt.Errorf("%w: claims: %w", credential.ErrRequest, err)
	}
	text := make([]byte, 0, 2*(len(head)+len(payload))+512)
	text = append(base64.RawURLEncoding.AppendEncode(text, head), '.')
	prefix := len(text)
	text = base64.RawURLEncoding.AppendEncode(text, payload)
	signature, err := forgeSignature(f, m, text)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	if f == credential.TamperedPayload {
		subject, _ := claims.value("sub").(string)
		claims.set("sub", "tampered-"+subject)
		if payload, err = claims.encode(); err != nil {
			return "", fmt.Errorf("encode tampered claims: %w", err)
		}
		text = base64.RawURLEncoding.AppendEncode(text[:prefix], payload)
	}
	return string(base64.RawURLEncoding.AppendEncode(append(text, '.'), signature)), nil
}

func forgeSignature(f credential.Forgery, m keyring.Material, input []byte) ([]byte, error) {
	switch f {
	case credential.AlgNone, credential.EmptySignature:
		return nil, nil
	case credential.HMACPublicKey:
		return hmacWithPublicKey(m, input)
	default:
	}
	signature, err := signJWS(m, input)
	if err == nil && f == credential.TamperedSig {
		// In the middle: a flipped bit at the end may be lost in the base64's padding.
		signature[len(signature)/2] ^= 1
	}
	return signature, err
}
