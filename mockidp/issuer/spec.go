// Package issuer is what an issuer is told at its start and what it says about
// itself afterwards: the words that the Go API, the control API and
// configuration files share.
package issuer

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/signin"
)

// Spec describes an issuer that is to be made.
type Spec struct {
	Name     string    `json:"name" doc:"its name in the control API and, for most profiles, its path segment"`
	Profile  string    `json:"profile,omitempty" doc:"the provider whose shapes it has; default generic"`
	Audience string    `json:"audience,omitempty" doc:"aud of tokens that ask for none; default api://default"`
	Keys     []KeySpec `json:"keys,omitempty" doc:"the keys that it starts with; default one active RS256 key named initial"`
	Base     string    `json:"base,omitempty" doc:"the address that apps reach it under, without a path, such as http://idp.test:8400; default the listener's own"`

	SAML   credential.SAML `json:"saml,omitzero" doc:"how assertions are signed and written where a request says nothing"`
	Reply  string          `json:"reply,omitempty" doc:"registered reply address: where sign-ins go of apps that send none"`
	Logout string          `json:"logout,omitempty" doc:"registered logout address: where SAML logout responses go; default reply"`
}

// KeySpec describes a key that an issuer starts with.
type KeySpec struct {
	Name  string        `json:"name" doc:"its name in commands"`
	Alg   string        `json:"alg,omitempty" doc:"RS256 (default), PS256, ES256, EdDSA"`
	KID   string        `json:"kid,omitempty" doc:"key ID; left out: the profile's form (a thumbprint)"`
	State keyring.State `json:"state,omitempty" doc:"generated, published, active, retired or removed; default active for the first key, published for the others"`
}

// The errors about issuers that callers branch on; they are wrapped.
var (
	ErrSpec    = errors.New("invalid issuer")          // of Validate, and where an issuer cannot be made as described
	ErrTaken   = errors.New("name or tenant is taken") // another issuer has it
	ErrUnknown = errors.New("no such issuer")
	ErrClosed  = errors.New("issuer is closed") // a command came after its end
)

// A name is a path segment without escapes.
var name = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

// Validate checks what the types alone cannot say. Keys are checked when the
// ring is made of them.
func (s Spec) Validate() error {
	if !name.MatchString(s.Name) {
		return fmt.Errorf("%w: name %q is not 1 to 63 letters, digits, dots, hyphens and underscores", ErrSpec, s.Name)
	}
	if err := s.checkBase(); err != nil {
		return err
	}
	if err := (credential.Request{SAML: s.SAML}).Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrSpec, err)
	}
	for _, one := range []struct{ member, address string }{{"reply", s.Reply}, {"logout", s.Logout}} {
		if one.address == "" {
			continue
		}
		if err := signin.CheckAddress(one.member, one.address); err != nil {
			return fmt.Errorf("%w: %w", ErrSpec, err)
		}
	}
	return nil
}

func (s Spec) checkBase() error {
	if s.Base == "" {
		return nil
	}
	at, err := url.Parse(s.Base)
	if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Hostname() == "" || at.User != nil || at.Path != "" && at.Path != "/" || at.RawQuery != "" || at.Fragment != "" {
		return fmt.Errorf("%w: base %q is not an address such as http://idp.test:8400, without a path", ErrSpec, s.Base)
	}
	return nil
}
