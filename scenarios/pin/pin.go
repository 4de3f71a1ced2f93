// Package pin reads which signing certificates the configuration of a WIF app
// pins, and compares them with those that its identity provider serves: what
// fails already, what will fail at the next roll, and where in the file the
// reason stands. WIF compares thumbprints and issuers in ways of its own; the
// rules here are those of the genuine registries (ValidatingIssuerNameRegistry
// as observed, ConfigurationBasedIssuerNameRegistry by its published source).
// It is pure: bytes and values in, values out.
package pin

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/scenarios/internal/markup"
	"github.com/rollover-harness/rollover/scenarios/signers"
)

// Config is what a configuration file says of whom it trusts.
type Config struct {
	Name       string // of the file, as it was given
	Registries []Registry
}

// Registry is an issuerNameRegistry and the settings that hold beside it.
type Registry struct {
	Line, Column int
	Kind         Kind
	Type         string // as the file has it
	Of           string // the identityConfiguration or handler set that it belongs to; empty: the default
	Authorities  []Authority
	Faults       []Finding // what keeps WIF from loading it, and what is odd about it

	keysLine, keysColumn int // where one would add a key
	file                 *markup.Document
	settings             settings
}

// Kind is how a registry decides.
type Kind string

// The kinds of registry.
const (
	Validating         Kind = "ValidatingIssuerNameRegistry"         // a key and an issuer of the same authority
	ConfigurationBased Kind = "ConfigurationBasedIssuerNameRegistry" // a key alone
	Foreign            Kind = ""                                     // a type of somebody's own whose keys are not in the file
)

// Code is what the framework says where the registry does not know a token's certificate.
func (k Kind) Code() string {
	if k == ConfigurationBased {
		return "ID4175"
	}
	return "WIF10201"
}

// Authority is one of a ValidatingIssuerNameRegistry. A
// ConfigurationBasedIssuerNameRegistry counts as one that asks for no issuer.
type Authority struct {
	Name    string
	Keys    []Text
	Issuers []Text

	line, column int
}

// Text is a value of the file, as it stands there.
type Text struct {
	Value string

	attr *markup.Attr
}

// Level is when a finding keeps people from signing in.
type Level int

// The levels, from the harmless one up.
const (
	Warning Level = iota // nobody is kept out by it
	Later                // when a certificate becomes the signer
	Now
)

// String is how a finding begins.
func (l Level) String() string { return [...]string{"warning", "will fail", "fails now"}[l] }

// MarshalText writes a level as one word.
func (l Level) MarshalText() ([]byte, error) {
	return []byte([...]string{"warning", "later", "now"}[l]), nil
}

// Finding is one thing that does not fit, with its place in the file.
type Finding struct {
	Line   int    `json:"line"`
	Column int    `json:"column"` // in characters, from 1
	Level  Level  `json:"level"`
	Code   string `json:"code,omitempty"` // what the framework shows; empty where nothing fails
	Cause  string `json:"cause"`
	Hint   string `json:"hint,omitempty"`
}

// Format writes FILE:LINE:COLUMN: level, code: cause (hint).
func (f Finding) Format(file string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: %s", file, f.Line, f.Column, f.Level)
	if f.Code != "" {
		fmt.Fprintf(&b, ", %s", f.Code)
	}
	fmt.Fprintf(&b, ": %s", f.Cause)
	if f.Hint != "" {
		fmt.Fprintf(&b, " (%s)", f.Hint)
	}
	return b.String()
}

// Served is what an identity provider serves, and when it was looked at.
type Served struct {
	Document signers.Document
	Entity   signers.Entity // of the document; zero where it has none, as a key set
	Now      time.Time
}

// Outcome is how a registry fits what is served.
type Outcome string

// The outcomes.
const (
	Fits     Outcome = "fits"
	FailsNow Outcome = "fails"        // already
	WillFail Outcome = "will fail"    // it works until another served certificate signs
	Unknown  Outcome = "inconclusive" // it cannot be told
)

// Report is what a check came to.
type Report struct {
	Outcome  Outcome
	Summary  string // what that means, in a sentence or two
	Findings []Finding
	Rows     []Row
}

// Row is one certificate: pinned, served, or both.
type Row struct {
	Thumbprint string    `json:"thumbprint"` // SHA-1
	PinnedAt   []int     `json:"pinnedAt"`   // lines of the file
	Served     bool      `json:"served"`
	Accepted   bool      `json:"accepted"` // whether WIF takes a token that it signs
	Signs      bool      `json:"signs"`    // by all appearances it signs now
	NotAfter   time.Time `json:"notAfter,omitzero"`
	Subject    string    `json:"subject,omitempty"`
}

// sorted puts findings in the order of the file, the worst first where several
// are at one place.
func sorted(findings []Finding) []Finding {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(b.Level, a.Level))
	})
	return findings
}
