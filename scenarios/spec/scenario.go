// Package spec is a scenario, and a target file, as typed data: strictly
// decoded from YAML with positions, or built in Go with struct literals.
//
// The struct tags are the one table: json names a key (without omitempty or
// omitzero it is required), doc says what it is, and the decoder, the checks
// and the JSON Schema are made from both. A new verb is a new value in Verbs
// and a file in examples; a new rule one in Rules.
package spec

import (
	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// APIVersion is what every file states in apiVersion.
const APIVersion = "rollover/v1"

// Scenario is one thing that an issuer does and what a sound app does then.
type Scenario struct {
	APIVersion string   `json:"apiVersion" doc:"rollover/v1"`
	ID         string   `json:"id" doc:"short and stable, such as A5; ids outside A to H are free for scenarios of one's own"`
	Name       string   `json:"name" doc:"lower case words joined by hyphens"`
	Title      string   `json:"title" doc:"one line for a reader of the report"`
	Because    string   `json:"because" doc:"why apps must face this: the clause of a standard, a vendor's page or a public incident"`
	Profile    string   `json:"profile" doc:"core, extended, forgery or federation"`
	Needs      []string `json:"needs,omitempty" doc:"features that the target must have: clock, restart, logs, oidc, wsfed, saml, federation (wsfed or saml)"`
	Issuer     Issuer   `json:"issuer,omitzero" doc:"the issuer as the scenario begins"`
	Steps      []Step   `json:"steps" doc:"what happens, in order; one verb in each"`
	Expect     []Expect `json:"expect" doc:"what must be true of the timeline; one rule in each"`
}

// Issuer is how a scenario's issuer begins.
type Issuer struct {
	Keys []Key `json:"keys,omitempty" doc:"the ring; left out: one active RS256 key named initial"`
}

// Key is a key of the ring as a scenario begins.
type Key struct {
	Name  string        `json:"name" doc:"the name that steps and rules call it by"`
	Alg   string        `json:"alg,omitempty" doc:"RS256 (default), PS256, ES256, EdDSA"`
	KID   string        `json:"kid,omitempty" doc:"key ID; left out: the profile's form"`
	State keyring.State `json:"state,omitempty" doc:"generated, published, active (default) or retired"`
}

// Step is one thing that happens.
type Step struct {
	Do   Verb
	Line int // in the file it came from; 0 when built in Go
}

// Verb is what a step does: a command to the issuer, or one of Present, Wait
// and Restart. The set is closed: Verbs lists a value of each.
type Verb interface {
	Verb() string
}

// Present shows a fresh credential to the target and notes the answer.
type Present struct {
	Key       string         `json:"key,omitempty" doc:"the key that signs, in whatever state; left out: the active one"`
	Token     string         `json:"token,omitempty" doc:"a label, so that a rule can speak of this token"`
	Times     int            `json:"times,omitempty" doc:"how many credentials, one after the other; default 1"`
	Together  int            `json:"together,omitempty" doc:"how many of them at the same time; default 1"`
	Until     Row            `json:"until,omitzero" doc:"present again and again until so many in a row were accepted (3 in a row) or rejected (3 rejected in a row)"`
	Within    Span           `json:"within,omitzero" doc:"how long until is waited for; default: the run's patience"`
	Beside    []string       `json:"beside,omitempty" doc:"keys of which a good token is presented in every round too: no rollover may hurt them"`
	RandomKID bool           `json:"randomKid,omitempty" doc:"every token names a kid that no key has"`
	Audience  string         `json:"audience,omitempty" doc:"aud; left out: the target's audience"`
	Subject   string         `json:"subject,omitempty" doc:"sub"`
	Claims    map[string]any `json:"claims,omitempty" doc:"further or other claims; null takes one away"`
	Header    map[string]any `json:"header,omitempty" doc:"further or other JOSE header members; null takes one away"`

	ExpiresIn *clock.Duration    `json:"expiresIn,omitempty" doc:"exp, from the issuer's now; negative allowed"`
	NotBefore *clock.Duration    `json:"notBefore,omitempty" doc:"nbf, from the issuer's now; negative allowed"`
	IssuedAt  *clock.Duration    `json:"issuedAt,omitempty" doc:"iat, from the issuer's now; negative allowed"`
	Forge     credential.Forgery `json:"forge,omitempty" doc:"how the credential is bad"`
	Version   string             `json:"version,omitempty" doc:"v1 or v2 (entra): the shape of the claims"`
	SAML      credential.SAML    `json:"saml,omitzero" doc:"how assertions and what carries them are signed and written"`
}

// Verb implements Verb.
func (Present) Verb() string { return "present" }

// Wait lets time pass until something has happened, or for is over.
type Wait struct {
	For     Span     `json:"for" doc:"the longest wait: a duration, promise.announcement, promise.outage or patience"`
	Fetched string   `json:"fetched,omitempty" doc:"ends as soon as the target was served a document that names this key"`
	Fault   string   `json:"fault,omitempty" doc:"ends as soon as the target was served an answer that this fault changed"`
	Beside  []string `json:"beside,omitempty" doc:"keys of which a good token is presented once a second meanwhile"`
	Bait    bool     `json:"bait,omitempty" doc:"a token with a kid that no key has is presented once a second meanwhile: it makes apps look again"`
}

// Verb implements Verb.
func (Wait) Verb() string { return "wait" }

// Restart ends the target and starts it again.
type Restart struct{}

// Verb implements Verb.
func (Restart) Verb() string { return "restart" }

// Verbs returns a zero value of each verb that a step may have, in the order
// of the documentation. The parser, the schema and the documentation are made
// from it.
func Verbs() []Verb {
	verbs := []Verb{Present{}, Wait{}, Restart{}}
	for _, c := range command.All() {
		if _, internal := c.(command.Record); !internal {
			verbs = append(verbs, c)
		}
	}
	return verbs
}

// Expect is one rule with its place in the file.
type Expect struct {
	Rule Rule
	Line int
}

// Rule is what must be true of a finished timeline. The set is closed: Rules
// lists a value of each.
type Rule interface {
	Rule() string
}

// Accepts demands that good tokens are accepted.
type Accepts struct {
	Key        string `json:"key,omitempty" doc:"good tokens of this key"`
	Token      string `json:"token,omitempty" doc:"the tokens that a step labelled so"`
	Within     Span   `json:"within,omitzero" doc:"the longest time from the first good token rejected to acceptance; left out: promise.recovery"`
	Through    Span   `json:"through,omitzero" doc:"for a key that the target knows: none of its tokens may be rejected because a fault keeps or breaks the documents, for this long: promise.outage or a duration"`
	Rejections string `json:"rejections,omitempty" doc:"allowed: only the way back is judged, not how many good tokens were rejected on it"`
}

// Rejects demands that bad tokens are rejected.
type Rejects struct {
	Key    string             `json:"key,omitempty" doc:"tokens of this key, once it has left the documents or before it ever stood in them"`
	Token  string             `json:"token,omitempty" doc:"the tokens that a step labelled so"`
	Forge  credential.Forgery `json:"forge,omitempty" doc:"the tokens forged so"`
	Within Span               `json:"within,omitzero" doc:"the longest time for which they may still be accepted: promise.revocationLag or a duration; left out: not at all"`
}

// Fetches bounds how often the target fetches a document.
type Fetches struct {
	Document string `json:"document" doc:"discovery, jwks, federationMetadata, samlMetadata or federation (both of these)"`
	AtMost   Amount `json:"atMost" doc:"a number, or promise.fetchesPerMinute"`
	Per      Span   `json:"per,omitzero" doc:"in any stretch of this length; default 1m"`
	While    string `json:"while,omitempty" doc:"counts only from the first to the last token of this label"`
}

// Leeway demands that tokens off in time are accepted within promise.leeway
// and rejected past it.
type Leeway struct {
	Tokens []string `json:"tokens" doc:"labels of tokens whose nbf is ahead, or whose exp is past"`
}

// Rule implements Rule.
func (Accepts) Rule() string { return "accepts" }

// Rule implements Rule.
func (Rejects) Rule() string { return "rejects" }

// Rule implements Rule.
func (Fetches) Rule() string { return "fetches" }

// Rule implements Rule.
func (Leeway) Rule() string { return "leeway" }

// Rules returns a zero value of each rule.
func Rules() []Rule { return []Rule{Accepts{}, Rejects{}, Fetches{}, Leeway{}} }

// Profiles lists what a scenario's profile may be.
func Profiles() []string { return []string{"core", "extended", "forgery", "federation"} }

// Needs lists what a scenario's needs may name: features of a target.
func Needs() []string {
	return []string{"clock", "restart", "logs", "oidc", "wsfed", "saml", "federation"}
}
