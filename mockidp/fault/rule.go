// Package fault makes an issuer lie: about its keys (a View turns the true
// snapshot into the one that is served) and about its transport (a Wire wraps
// the handler that serves it). A fault is a value with a name; it is counted
// and windowed, never left to chance.
package fault

import (
	"errors"
	"fmt"

	"github.com/rollover-harness/rollover/mockidp/clock"
)

// Rule is one fault: where it applies, how often or how long, and exactly one
// thing that goes wrong.
type Rule struct {
	ID       string         `json:"id,omitempty" doc:"name by which it can be cleared; left out: chosen"`
	Document string         `json:"document,omitempty" doc:"discovery, jwks, federationMetadata, samlMetadata, federation (both of these) or signIn (every endpoint at which people sign in); left out: all of them"`
	After    int            `json:"after,omitempty" doc:"requests that pass unharmed before it begins; default 0"`
	Count    int            `json:"count,omitempty" doc:"requests that it harms before it ends by itself; default without limit"`
	For      clock.Duration `json:"for,omitempty" doc:"how long it lasts; default until it is cleared"`

	Status      *Status      `json:"status,omitempty" doc:"answers with this HTTP status"`
	Refuse      *Refuse      `json:"refuse,omitempty" doc:"refuses connections: the issuer's own listener closes; for one document, a reset after accept"`
	Hang        *Hang        `json:"hang,omitempty" doc:"accepts the request and never answers"`
	Delay       *Delay       `json:"delay,omitempty" doc:"answers late"`
	Drip        *Drip        `json:"drip,omitempty" doc:"sends the body in small pieces"`
	Truncate    *Truncate    `json:"truncate,omitempty" doc:"cuts the connection in the middle of the body"`
	ContentType *ContentType `json:"contentType,omitempty" doc:"the right body under another media type"`
	HTML        *HTML        `json:"html,omitempty" doc:"a sign-in page with status 200, as captive portals and proxies send it"`
	Body        *Body        `json:"body,omitempty" doc:"a body of one's own, byte for byte"`
	Cache       *Cache       `json:"cache,omitempty" doc:"cache headers of one's own"`

	Empty    *Empty    `json:"empty,omitempty" doc:"an empty key set with status 200"`
	Stale    *Stale    `json:"stale,omitempty" doc:"documents of an earlier generation, as a stale CDN edge serves them"`
	Replicas *Replicas `json:"replicas,omitempty" doc:"replicas out of step: requests go round, each replica knows some of the keys"`
	Extra    *Extra    `json:"extra,omitempty" doc:"a JWK beside the issuer's own: a decoy, or something malformed"`
	Reorder  *Reorder  `json:"reorder,omitempty" doc:"the same keys in another order"`
	Metadata *Metadata `json:"metadata,omitempty" doc:"federation and SAML metadata that is bent beside its keys: roles, signature, validity, what readers stumble over"`
}

// Status answers with an HTTP status instead of the document.
type Status struct {
	Code       int            `json:"code" doc:"HTTP status, 300 to 599"`
	RetryAfter clock.Duration `json:"retryAfter,omitempty" doc:"sent as Retry-After, in whole seconds"`
	Body       string         `json:"body,omitempty" doc:"the body; default the status text"`
}

// Refuse is a connection refused.
type Refuse struct{}

// Hang never answers: the connection stays open until the client, the rule or
// the issuer ends it.
type Hang struct{}

// Delay holds the answer back.
type Delay struct {
	By clock.Duration `json:"by" doc:"how long the answer is held back"`
}

// Drip sends the body piece by piece.
type Drip struct {
	Bytes int            `json:"bytes,omitempty" doc:"bytes in a piece; default 64"`
	Every clock.Duration `json:"every,omitempty" doc:"pause between pieces; default 100ms"`
}

// Truncate announces the whole length, sends a part, and cuts the connection.
type Truncate struct {
	After int `json:"after,omitempty" doc:"bytes that are sent; default half of the body"`
}

// ContentType serves the right body under another media type.
type ContentType struct {
	Type string `json:"type" doc:"the media type, such as text/html"`
}

// HTML is a page where a document is due.
type HTML struct{}

// Body is served verbatim with status 200.
type Body struct {
	Text string `json:"text" doc:"the body, byte for byte"`
	Type string `json:"type,omitempty" doc:"its media type; default application/json"`
}

// Cache sets response headers.
type Cache struct {
	Control string `json:"control,omitempty" doc:"Cache-Control, such as max-age=86400 or no-store"`
	Expires string `json:"expires,omitempty" doc:"Expires, as it is sent"`
	Age     int    `json:"age,omitempty" doc:"Age, in seconds"`
}

// Empty is a key set without keys.
type Empty struct{}

// Stale is an earlier generation.
type Stale struct {
	Generations int `json:"generations,omitempty" doc:"how many generations behind; default: as it was when the fault was set"`
}

// Replicas are front ends with differing key sets.
type Replicas struct {
	Keys [][]string `json:"keys" doc:"for each replica the names of the keys that it serves, in its order"`
}

// Extra is a JWK that the issuer does not own. Exactly one member is given.
type Extra struct {
	Kind  string `json:"kind,omitempty" doc:"unknown-kty, post-quantum, unknown-curve, missing-member, bad-base64, null, no-kid, encryption, symmetric"`
	JWK   string `json:"jwk,omitempty" doc:"the entry, byte for byte"`
	First bool   `json:"first,omitempty" doc:"before the issuer's keys instead of after them"`
}

// Reorder is another order of the same keys.
type Reorder struct {
	Order string `json:"order" doc:"reverse, newest-first or oldest-first"`
}

// ErrRule is wrapped by every error of Validate.
var ErrRule = errors.New("invalid fault")

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrRule}, args...)...)
}
