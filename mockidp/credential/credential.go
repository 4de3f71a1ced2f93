// Package credential says what is asked of an issuer's mint and what comes out
// of it.
package credential

import (
	"cmp"
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
	// Session is a session with the issuer, as the value of SessionCookie:
	// whoever brings it to a sign-in endpoint is signed in with what was asked
	// for, over whichever protocol comes.
	Session Form = "session"
)

// SessionCookie is the cookie that carries a session to the sign-in endpoints.
// Without it they sign the default user in.
const SessionCookie = "rollover_session"

// ReplyCookie may stand beside it with the app's registered reply address, for
// apps that send none.
const ReplyCookie = "rollover_reply"

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

// The forgeries that SAML has beside tampered-payload, tampered-signature and
// stranger-key (there: the certificate of the key named in KeyInfo). The evil
// assertion of a wrapping names AttackerSubject. XSW1 to XSW8 are the positions
// that SAML Raider and "On Breaking SAML" (USENIX Security 2012) number so; 1 and
// 2 move the signed response, the others the signed assertion.
const (
	StrangerCertificate Forgery = "stranger-certificate" // signed by a key outside the ring, its own certificate in KeyInfo
	Unsigned            Forgery = "unsigned"             // no signature at all
	UnsignedAssertion   Forgery = "unsigned-assertion"   // a signed response around an assertion that was put in afterwards
	CommentInName       Forgery = "comment-in-name"      // NameID user@rollover.test<!---->.evil.test under a good signature
	XSW1                Forgery = "xsw1"
	XSW2                Forgery = "xsw2"
	XSW3                Forgery = "xsw3"
	XSW4                Forgery = "xsw4"
	XSW5                Forgery = "xsw5"
	XSW6                Forgery = "xsw6"
	XSW7                Forgery = "xsw7"
	XSW8                Forgery = "xsw8"
)

// AttackerSubject is whom a forged credential names where it names somebody else.
const AttackerSubject = "attacker@rollover.test"

// Forgeries lists them all.
func Forgeries() []Forgery {
	return []Forgery{
		AlgNone, HMACPublicKey, TamperedPayload, TamperedSig, EmptySignature, StrangerKey,
		StrangerCertificate, Unsigned, UnsignedAssertion, CommentInName, XSW1, XSW2, XSW3, XSW4, XSW5, XSW6, XSW7, XSW8,
	}
}

// JWTForgeries lists those that a JWT has.
func JWTForgeries() []Forgery { return Forgeries()[:6] }

// SAMLForgeries lists those that an assertion, or what carries it, has.
func SAMLForgeries() []Forgery {
	return append([]Forgery{TamperedPayload, TamperedSig, StrangerKey}, Forgeries()[6:]...)
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
	Forge     Forgery         `json:"forge,omitempty" doc:"how the credential is bad: one of the forgeries"`
	Version   string          `json:"version,omitempty" doc:"v1 or v2 (entra): the shape of the claims; default v2"`
	Form      Form            `json:"form,omitempty" doc:"jwt (default); saml11, saml20: the signed assertion as XML; session: the value of the cookie rollover_session, which signs in over any protocol"`
	SAML      SAML            `json:"saml,omitzero" doc:"how assertions and what carries them are signed and written"`
}

// SAML is how an assertion and what carries it are signed and written: what a
// provider's administrator chooses for each app. The zero value is Entra's.
type SAML struct {
	Version   string `json:"version,omitempty" doc:"assertions in WS-Federation sign-ins: 2.0 (default) or 1.1"`
	Trust     string `json:"trust,omitempty" doc:"WS-Trust of the response that carries them: 2005 (default) or 1.3"`
	Sign      string `json:"sign,omitempty" doc:"what is signed in a SAML response: assertion (default), response or both"`
	Algorithm string `json:"algorithm,omitempty" doc:"rsa-sha256 (default) or rsa-sha1"`
	KeyInfo   string `json:"keyInfo,omitempty" yaml:"keyInfo,omitempty" doc:"certificate in the signature's KeyInfo: the signing key's (default), absent, or that of the key of the ring with this name"`
}

// Over returns s with what it leaves open taken from defaults.
func (s SAML) Over(defaults SAML) SAML {
	s.Version = cmp.Or(s.Version, defaults.Version)
	s.Trust = cmp.Or(s.Trust, defaults.Trust)
	s.Sign = cmp.Or(s.Sign, defaults.Sign)
	s.Algorithm = cmp.Or(s.Algorithm, defaults.Algorithm)
	s.KeyInfo = cmp.Or(s.KeyInfo, defaults.KeyInfo)
	return s
}

// validate checks the closed sets.
func (s SAML) validate() error {
	for _, one := range []struct {
		member, value string
		allowed       []string
	}{
		{"version", s.Version, []string{"2.0", "1.1"}},
		{"trust", s.Trust, []string{"2005", "1.3"}},
		{"sign", s.Sign, []string{"assertion", "response", "both"}},
		{"algorithm", s.Algorithm, []string{"rsa-sha256", "rsa-sha1"}},
	} {
		if one.value != "" && !slices.Contains(one.allowed, one.value) {
			return fmt.Errorf("%w: unknown saml.%s %q (one of %s)", ErrRequest, one.member, one.value, strings.Join(one.allowed, ", "))
		}
	}
	return nil
}

// ErrRequest is wrapped by every error of Validate and by those of a mint that
// are the request's fault.
var ErrRequest = errors.New("invalid mint request")

// Validate checks the closed sets.
func (r Request) Validate() error {
	if r.Forge != Genuine && !slices.Contains(Forgeries(), r.Forge) {
		return fmt.Errorf("%w: unknown forge %q (one of %s)", ErrRequest, r.Forge, join(Forgeries()))
	}
	if forms := []Form{JWT, SAML11, SAML20, Session}; r.Form != "" && !slices.Contains(forms, r.Form) {
		return fmt.Errorf("%w: unknown form %q (one of %s)", ErrRequest, r.Form, join(forms))
	}
	if r.Version != "" && r.Version != "v1" && r.Version != "v2" {
		return fmt.Errorf("%w: unknown version %q (v1 or v2)", ErrRequest, r.Version)
	}
	return r.SAML.validate()
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
	Subject    string `json:"-"`          // whom it names, as whoever asked for it knows: no part of an answer
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
