package credential

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// SigningKey finds the key of that name, whatever its state; "" is the active
// one. The error wraps ErrRequest, and keyring.ErrUnknownKey where it names none.
func SigningKey(s keyring.Snapshot, name string) (keyring.Key, error) {
	if name == "" {
		if key, found := s.Active(); found {
			return key, nil
		}
		return keyring.Key{}, fmt.Errorf("%w: no key is active: name one of %s", ErrRequest, strings.Join(s.Names(), ", "))
	}
	key, found := s.Key(name)
	if !found {
		return keyring.Key{}, fmt.Errorf("%w: key %q: %w (one of %s)", ErrRequest, name, keyring.ErrUnknownKey, strings.Join(s.Names(), ", "))
	}
	return key, nil
}

// Material is what signs the credential: the key's own, or for StrangerKey and
// StrangerCertificate what stranger gives; its algorithm should be the key's.
func (r Request) Material(key keyring.Key, stranger func() (keyring.Material, error)) (keyring.Material, error) {
	if r.Forge != StrangerKey && r.Forge != StrangerCertificate {
		return key.Material, nil
	}
	if stranger == nil {
		return keyring.Material{}, errors.New("mint with a stranger's key: there is none")
	}
	material, err := stranger()
	if err != nil {
		return keyring.Material{}, fmt.Errorf("mint with a stranger's key: %w", err)
	}
	// One RSA key serves both algorithms: take the one that gives the least away.
	if rsa := []string{"RS256", "PS256"}; slices.Contains(rsa, key.Alg) && slices.Contains(rsa, material.Alg) {
		material.Alg = key.Alg
	}
	return material, nil
}
