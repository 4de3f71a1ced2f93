package timeline

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// Event is one thing that happened. The set is closed.
type Event interface {
	// Type is the event's name in a saved timeline.
	Type() string
	event()
}

// Outcome is what a target answered to a credential.
type Outcome string

// The answers. Unreachable is not Rejected: no answer says nothing about keys.
const (
	Accepted    Outcome = "accepted"
	Rejected    Outcome = "rejected"
	Failed      Outcome = "failed"      // 5xx: the app broke
	Unreachable Outcome = "unreachable" // no answer: refused, reset, timed out, or one that is neither accepted nor rejected
)

// Document is what an issuer serves and an app fetches.
type Document string

// The documents. SignIn is every endpoint at which people or their apps sign in
// or out, so that it can be told, and taken down, apart from the documents; Other
// is every further endpoint of the protocol listener.
const (
	Discovery          Document = "discovery"          // OpenID Connect Discovery 1.0, RFC 8414
	JWKS               Document = "jwks"               // RFC 7517 section 5
	FederationMetadata Document = "federationMetadata" // WS-Federation 1.2 section 3
	SAMLMetadata       Document = "samlMetadata"       // SAML 2.0 metadata
	SignIn             Document = "signIn"             // authorize, token, wsfed, saml2 and their like
	Other              Document = "other"
)

// Began opens the timeline of a scenario: everything that a judge needs to
// know beside what happened. Scenario and Promise are JSON of the harness's
// own types, which this package does not know.
type Began struct {
	Tool     string          `json:"tool"`              // version of the harness
	Seed     uint64          `json:"seed"`              // of everything random in the run
	Target   Target          `json:"target"`            // the app under test
	Profile  string          `json:"profile"`           // the issuer's profile
	Audience string          `json:"audience"`          // "aud" of good tokens
	Scenario json.RawMessage `json:"scenario"`          // as validated
	Promise  json.RawMessage `json:"promise"`           // with its name and members
	Patience clock.Duration  `json:"patience"`          // the longest that the run waits for anything
	Missing  []string        `json:"missing,omitempty"` // why the scenario does not apply, if it does not
}

// Target names the app under test.
type Target struct {
	Name     string   `json:"name"`
	Kind     string   `json:"kind"` // process, container, url or inprocess
	Features []string `json:"features,omitempty"`
}

// Ended closes the timeline of a scenario. Error is set where the harness
// failed: then the scenario has no verdict.
type Ended struct {
	Error string `json:"error,omitempty"`
}

// KeyChanged is a new generation of the key ring.
type KeyChanged struct {
	Generation  uint64               `json:"generation"`
	Command     string               `json:"command"` // verb
	Transitions []keyring.Transition `json:"transitions"`
}

// ClockMoved is a new offset of the issuer's clock to the machine's.
type ClockMoved struct {
	Offset clock.Duration `json:"offset"`
	Drift  float64        `json:"drift,omitempty"` // seconds gained per second from here on
}

// FaultSet is a fault that began or ended.
type FaultSet struct {
	ID      string          `json:"id"`
	Rule    json.RawMessage `json:"rule,omitempty"`
	Cleared bool            `json:"cleared,omitempty"` // by a command, its count or its window
	Detail  string          `json:"detail,omitempty"`  // how it is carried out: "listener closed", "reset after accept"
}

// Served is one answer of the protocol listener.
type Served struct {
	Document   Document       `json:"document"`
	Method     string         `json:"method"`
	Path       string         `json:"path"`
	Status     int            `json:"status"` // 0: the connection was cut before an answer
	Generation uint64         `json:"generation"`
	Keys       []string       `json:"keys,omitempty"`  // names of the ring's keys in the body that went out
	Fault      string         `json:"fault,omitempty"` // ids of the faults that changed the answer, joined by commas
	Bytes      int            `json:"bytes"`
	Took       clock.Duration `json:"took"`
	Client     string         `json:"client"`              // remote address
	UserAgent  string         `json:"userAgent,omitempty"` // names the library, mostly
}

// Minted is a credential that was made.
type Minted struct {
	Key        string    `json:"key"` // of the ring; empty where a key outside it signed
	KID        string    `json:"kid"` // as the header carries it; empty without one
	Generation uint64    `json:"generation"`
	Form       string    `json:"form"` // jwt, saml11, saml20, session
	Forge      string    `json:"forge,omitempty"`
	Altered    []string  `json:"altered,omitempty"` // header and claim names that the request set itself
	Audience   string    `json:"audience"`
	IssuedAt   time.Time `json:"issuedAt"`
	NotBefore  time.Time `json:"notBefore"`
	ExpiresAt  time.Time `json:"expiresAt"`
}

// Presented is a credential that was shown to the target, and its answer.
type Presented struct {
	Minted      uint64         `json:"minted"`          // seq of the Minted entry
	Step        int            `json:"step"`            // index in the scenario's steps; -1 before, len(steps) after them
	Token       string         `json:"token,omitempty"` // the label that the step gave it
	Outcome     Outcome        `json:"outcome"`
	Status      int            `json:"status,omitempty"`      // HTTP status, 0 without an answer
	Detail      string         `json:"detail,omitempty"`      // WWW-Authenticate, the body's beginning, or the transport's error
	Shown       string         `json:"shown,omitempty"`       // the name that the page shows where a sign-in ended
	Undelivered bool           `json:"undelivered,omitempty"` // the app answered before it sent the browser to the issuer: it says nothing of the credential
	Took        clock.Duration `json:"took"`                  // the entry's elapsed is the end
}

// TargetStarted is a target that got ready.
type TargetStarted struct {
	Address string         `json:"address"`
	PID     int            `json:"pid,omitempty"`
	Took    clock.Duration `json:"took"`
}

// TargetStopped is a target that ended.
type TargetStopped struct {
	Asked  bool   `json:"asked"` // the harness ended it
	Detail string `json:"detail,omitempty"`
}

// Note is a line worth keeping: one that the target logged (source "target"),
// or what the harness has to say.
type Note struct {
	Text string `json:"text"`
}

// Type implements Event.
func (Began) Type() string { return "began" }

// Type implements Event.
func (Ended) Type() string { return "ended" }

// Type implements Event.
func (KeyChanged) Type() string { return "keyChanged" }

// Type implements Event.
func (ClockMoved) Type() string { return "clockMoved" }

// Type implements Event.
func (FaultSet) Type() string { return "faultSet" }

// Type implements Event.
func (Served) Type() string { return "served" }

// Type implements Event.
func (Minted) Type() string { return "minted" }

// Type implements Event.
func (Presented) Type() string { return "presented" }

// Type implements Event.
func (TargetStarted) Type() string { return "targetStarted" }

// Type implements Event.
func (TargetStopped) Type() string { return "targetStopped" }

// Type implements Event.
func (Note) Type() string { return "note" }

func (Began) event()         {}
func (Ended) event()         {}
func (KeyChanged) event()    {}
func (ClockMoved) event()    {}
func (FaultSet) event()      {}
func (Served) event()        {}
func (Minted) event()        {}
func (Presented) event()     {}
func (TargetStarted) event() {}
func (TargetStopped) event() {}
func (Note) event()          {}

// Harmed reports whether the fault of that id changed the answer.
func (s Served) Harmed(fault string) bool {
	return fault != "" && slices.Contains(strings.Split(s.Fault, ","), fault)
}
