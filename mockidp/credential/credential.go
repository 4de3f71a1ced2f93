// Package credential says what is asked of an issuer's mint and what comes out
// of it.
package credential

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
)

// Form is how a credential is written.
type Form string

// The forms.
const (
	JWT    Form = "jwt"    // RFC 7519 in JWS compact serialisation
	SAML11 Form = "saml11" // a signed SAML 1.1 assertion
	SAML20 Form = "saml20" // a signed SAML 2.0 assertion
)

// Forgery is a way in which a credential is bad. The set is closed.
type Forgery string

// The forgeries of a JWT; each stands for an attack that real libraries fell for.
const (
	Genuine         Forgery = ""
	AlgNone         Forgery = "alg-none"           // "alg":"none", no signature (RFC 8725 section 2.1)
	HMACPublicKey   Forgery = "hmac-public-key"    // HS256, the public key's PEM as the secret (RFC 8725 section 2.1)
	TamperedPayload Forgery = "tampered-payload"   // another subject under the old signature
	TamperedSig     Forgery = "tampered-signature" // one bit of the signature flipped
	EmptySignature  Forgery = "empty-signature"    // the signature part left empty
	StrangerKey     Forgery = "stranger-key"       // signed by a key outside the ring under the kid of the key named
)

// Forgeries lists them all.
func Forgeries() []Forgery {
	return []Forgery{AlgNone, HMACPublicKey, TamperedPayload, TamperedSig, EmptySignature, StrangerKey}
}

// Request asks for a credential. The zero value is a good JWT of the active
// key for the issuer's default audience.
type Request struct {
	Key       string          `json:"key,omitempty" doc:"the key of the ring that signs; left out: the active one"`
	Audience  string          `json:"audience,omitempty" doc:"aud; left out: the issuer's default audience"`
	Subject   string          `json:"subject,omitempty" doc:"sub; left out: user@rollover.test"`
	Claims    map[string]any  `json:"claims,omitempty" doc:"further or other claims; null takes one away"`
	Header    map[string]any  `json:"header,omitempty" doc:"further or other JOSE header members; null takes one away"`
	ExpiresIn *clock.Duration `json:"expiresIn,omitempty" doc:"exp, from the issuer's now; default 1h, negative allowed"`
	NotBefore *clock.Duration `json:"notBefore,omitempty" doc:"nbf, from the issuer's now; default 0s, negative allowed"`
	IssuedAt  *clock.Duration `json:"issuedAt,omitempty" doc:"iat, from the issuer's now; default 0s, negative allowed"`
	Forge     Forgery         `json:"forge,omitempty" doc:"how the token is bad: alg-none, hmac-public-key, tampered-payload, tampered-signature, empty-signature, stranger-key"`
	Version   string          `json:"version,omitempty" doc:"v1 or v2 (entra): the shape of the claims; default v2"`
	Form      Form            `json:"form,omitempty" doc:"jwt (default), saml11, saml20"`
}

// ErrRequest is wrapped by every error of Validate and by those of a mint that
// are the request's fault.
var ErrRequest = errors.New("invalid mint request")

// Validate checks the closed sets.
func (r Request) Validate() error {
	if r.Forge != Genuine && !slices.Contains(Forgeries(), r.Forge) {
		return fmt.Errorf("%w: unknown forge %q (one of %s)", ErrRequest, r.Forge, join(Forgeries()))
	}
	if forms := []Form{JWT, SAML11, SAML20}; r.Form != "" && !slices.Contains(forms, r.Form) {
		return fmt.Errorf("%w: unknown form %q (one of %s)", ErrRequest, r.Form, join(forms))
	}
	if r.Version != "" && r.Version != "v1" && r.Version != "v2" {
		return fmt.Errorf("%w: unknown version %q (v1 or v2)", ErrRequest, r.Version)
	}
	return nil
}

func join[S ~string](set []S) string {
	words := make([]string, len(set))
	for i, s := range set {
		words[i] = string(s)
	}
	return strings.Join(words, ", ")
}

// Credential is what was minted.
type Credential struct {
	Token      string `json:"token"`
	KID        string `json:"kid"`        // as the header carries it
	Generation uint64 `json:"generation"` // of the ring that signed it
	Minted     uint64 `json:"minted"`     // seq of the timeline's entry
}

// DefaultSubject is the subject where a request names none.
const DefaultSubject = "user@rollover.test"

// DefaultLifetime is how long a credential is valid where a request says nothing.
const DefaultLifetime = time.Hour

// Token is what a mint made, with what the timeline says of it. Audience and
// times are those that the token carries; empty and zero where a request took
// the claim away or made it something else.
type Token struct {
	Text      string   // JWS compact serialisation, or the XML of an assertion
	Key       string   // of the ring; empty where a key outside it signed
	KID       string   // as the token names it
	Audience  string   // several are joined by spaces
	Altered   []string // header and claim names that the request set itself
	IssuedAt  time.Time
	NotBefore time.Time
	ExpiresAt time.Time
}
