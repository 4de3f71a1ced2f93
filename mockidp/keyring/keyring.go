// Package keyring is the life of signing keys as a pure state machine: a
// Snapshot and a Command give the next Snapshot and the Transitions that led
// there. It reads no clock and does no I/O; time and key material come in with
// the command.
package keyring

import (
	"crypto"
	"crypto/x509"
	"encoding/json"
	"slices"
	"time"
)

// State is where a key stands in its life. The words follow RFC 7583 (DNSSEC
// key timing), the one standard that names them.
type State string

// The states of a key, in the order a planned rollover walks through them.
const (
	Generated State = "generated" // exists, but no document has ever named it
	Published State = "published" // served, not signing yet ("next", "announced", AD FS "secondary")
	Active    State = "active"    // served and signing ("current", AD FS "primary")
	Retired   State = "retired"   // served, no longer signing ("previous")
	Removed   State = "removed"   // no longer served ("revoked"); kept to forge with
)

// Served reports whether a key in this state stands in the documents.
func (s State) Served() bool { return s == Published || s == Active || s == Retired }

// MarshalJSON writes no state at all, that of a key before it was made, as null.
func (s State) MarshalJSON() ([]byte, error) {
	if s == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(s))
}

// Material is what a key is made of: the private key behind a crypto.Signer
// and a certificate for it. Everything that names a key (kid, x5t, thumbprint,
// X509Certificate) derives from the one Material, so that they never disagree.
type Material struct {
	Alg         string            // JOSE algorithm (RFC 7518 section 3.1, RFC 8037): RS256, PS256, ES256, EdDSA
	Signer      crypto.Signer     // the private key
	Certificate *x509.Certificate // self-signed, marked as test-only
}

// Key is one signing key of an issuer.
type Key struct {
	Material

	Name        string // the scenario author's word for it, unique in the ring
	KID         string // JWK "kid" (RFC 7517 section 4.5), unique unless a command says otherwise
	State       State
	Compromised bool // an attacker is taken to hold the private key

	before      State     // the state that a Restore goes back to
	publishedAt time.Time // first time in the documents
	published   uint64    // the ring's move that put it there; orders the waiting keys, for clocks may be moved back
	activated   uint64    // the ring's move that made it active last
}

// withdrawn reports whether the key signs although no document names it.
func (k Key) withdrawn() bool { return k.State == Removed && k.before == Active }

// PublishedAt is when the key first stood in the documents; zero when never.
func (k Key) PublishedAt() time.Time { return k.publishedAt }

// Extra is a JWK that is served beside the ring's own keys, byte for byte: a
// decoy, or something malformed. Views put it there; no command does.
type Extra struct {
	JWK   string // raw JSON, valid or not
	First bool   // before the ring's keys instead of after them
}

// Snapshot is an immutable state of an issuer's keys. Removed keys stay in it,
// unserved, so that tokens can still be forged with them.
type Snapshot struct {
	Generation uint64    // grows by one with every applied command
	At         time.Time // issuer time at which this generation began
	Extras     []Extra   // put in by views; empty in what Apply returns
	Bend       Bend      // likewise

	keys  []Key  // in the order in which the documents list them
	moves uint64 // of keys so far; Generation does not serve, for whoever owns the ring may number it anew
}

// Keys returns a copy of all keys, the unserved ones too, in document order.
func (s Snapshot) Keys() []Key { return slices.Clone(s.keys) }

// Served returns the keys that the documents list, in their order.
func (s Snapshot) Served() []Key {
	served := make([]Key, 0, len(s.keys))
	for _, k := range s.keys {
		if k.State.Served() {
			served = append(served, k)
		}
	}
	return served
}

// Active returns the key that signs: where several are active (see
// ActivateBeside), the one that became so last; where none is, the one that was
// withdrawn last (see Withdraw).
func (s Snapshot) Active() (Key, bool) {
	signer := -1
	for i, k := range s.keys {
		if k.State != Active && !k.withdrawn() {
			continue
		}
		if signer < 0 || k.signsBefore(s.keys[signer]) {
			signer = i
		}
	}
	if signer < 0 {
		return Key{}, false
	}
	return s.keys[signer], true
}

// signsBefore reports whether k is preferred to other as the signer.
func (k Key) signsBefore(other Key) bool {
	if (k.State == Active) != (other.State == Active) {
		return k.State == Active
	}
	return k.activated > other.activated
}

// Key returns the key of that name.
func (s Snapshot) Key(name string) (Key, bool) {
	if i := s.index(name); i >= 0 {
		return s.keys[i], true
	}
	return Key{}, false
}

// Names returns the names of all keys, for hints.
func (s Snapshot) Names() []string {
	names := make([]string, len(s.keys))
	for i, k := range s.keys {
		names[i] = k.Name
	}
	return names
}

// With returns the snapshot with these keys in its place, same generation: what
// a View serves instead of the truth.
func (s Snapshot) With(keys []Key) Snapshot {
	s.keys = slices.Clone(keys)
	return s
}

func (s Snapshot) index(name string) int {
	return slices.IndexFunc(s.keys, func(k Key) bool { return k.Name == name })
}
