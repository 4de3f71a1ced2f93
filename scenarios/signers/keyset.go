package signers

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/rollover-harness/rollover/scenarios/spec"
)

// jwk is what is told of a key of a set (RFC 7517, 4).
type jwk struct {
	Type  string   `json:"kty"`
	KeyID string   `json:"kid"`
	Use   string   `json:"use"`
	Alg   string   `json:"alg"`
	X5C   []string `json:"x5c"`
}

// keySet reads a JSON Web Key Set, or a key alone. Each entry is read for
// itself: key sets with one entry that no library takes are served every day.
func keySet(name string, text []byte) (Document, error) {
	var set struct {
		Keys    []json.RawMessage `json:"keys"`
		Type    string            `json:"kty"`
		JWKSURI string            `json:"jwks_uri"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return Document{}, unreadable(name, "not a JSON Web Key Set: "+shortJSON(err), "")
	}
	switch {
	case set.Keys == nil && set.Type != "":
		set.Keys = []json.RawMessage{text}
	case set.Keys == nil && set.JWKSURI != "":
		return Document{}, unreadable(name, "a discovery document, which has no keys", "they are at its jwks_uri: "+set.JWKSURI)
	case set.Keys == nil:
		return Document{}, unreadable(name, "JSON, but not a JSON Web Key Set", `it has no member "keys"`)
	}
	r := newReader(name, KeySet)
	for i, raw := range set.Keys {
		if r.full() {
			break
		}
		r.key(fmt.Sprintf("keys[%d]", i), raw)
	}
	return r.found, nil
}

// shortJSON words an error of the decoder without the types of this package.
func shortJSON(err error) string {
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		return fmt.Sprintf("%s where something else is due: %q", wrong.Value, wrong.Field)
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}

// key reads one entry of a set.
func (r *reader) key(path string, raw json.RawMessage) {
	var k *jwk
	if err := json.Unmarshal(raw, &k); err != nil {
		r.wrong(spec.Error{Path: path, Cause: shortJSON(err)})
		return
	}
	if k == nil || k.Type == "" {
		r.wrong(spec.Error{Path: path, Cause: "no key type (kty)"})
		return
	}
	place := Place{KeyID: k.KeyID, Use: k.Use}
	switch k.Use {
	case "sig":
		place.Use = signing
	case "enc":
		place.Use = encryption
	}
	if len(k.X5C) == 0 {
		r.found.Bare = append(r.found.Bare, Bare{place, k.Type, k.Alg})
		return
	}
	at := spec.Error{Path: path}
	if k.KeyID != "" {
		at.Path += fmt.Sprintf(" (kid %q)", k.KeyID)
	}
	// The first one has the key; those behind it are its chain (RFC 7517, 4.7).
	c, doubt, err := fromBase64(k.X5C[0])
	if err != nil {
		at.Cause = "x5c: " + err.Error()
		r.wrong(at)
		return
	}
	r.add(c, place)
	r.doubt(at, doubt)
	var whole jose.JSONWebKey
	if err := whole.UnmarshalJSON(raw); err != nil && doubt == nil && !errors.Is(err, jose.ErrUnsupportedKeyType) {
		at.Cause = "a key that libraries may refuse: " + strings.TrimPrefix(err.Error(), "go-jose/go-jose: ")
		at.Hint = "its certificate is listed all the same"
		r.odd(at)
	}
}
