// Package oracle judges finished timelines. It is pure: the same book gives
// the same verdict, with or without the app that it tells of.
package oracle

import (
	"errors"
	"math"
	"time"
)

// Outcome is what a scenario, or one rule of it, came to.
type Outcome string

// The outcomes. Unknown is not pass.
const (
	Pass          Outcome = "pass"
	Fail          Outcome = "fail"
	Inconclusive  Outcome = "inconclusive"   // the timeline does not hold the evidence
	NotApplicable Outcome = "not-applicable" // the target or the run cannot show it
)

// Grade is how an app came back for valid tokens of a new key.
type Grade string

// The grades, best first.
const (
	Ungraded     Grade = "" // no new key was presented
	SameRequest  Grade = "same-request"
	NextRequest  Grade = "next-request"  // under 10 s, after at least one rejection
	CoolDown     Grade = "cool-down"     // 10 s and more: refetches on an unknown kid once a pause is over
	Expiry       Grade = "expiry"        // 10 s and more: refetches because its cache ran out
	Restart      Grade = "restart"       // only after a restart
	NotRecovered Grade = "not-recovered" // not within the window, which is not the same as never
)

// Verdict is the judgement of one scenario.
type Verdict struct {
	ID        string
	Name      string
	Title     string
	Profile   string
	Outcome   Outcome
	Grade     Grade
	Measures  Measures
	Findings  []Finding
	Diagnosis []Diagnosis
	Seconds   float64 // from the scenario's beginning to its end
	Error     string  // the harness failed: Outcome is inconclusive
}

// Measures are the numbers of a scenario.
type Measures struct {
	RejectedGood         int      // valid tokens rejected
	AcceptedBad          int      // tokens accepted that must be rejected
	ServerErrors         int      // 5xx answers
	RecoverySeconds      *float64 // nil: tokens were rejected and never accepted again, or none was answered
	RevocationLagSeconds *float64 // nil: no key was removed, or it was accepted to the end
	Fetches              Fetches
	PeakFetchesPerMinute int // of the document that was fetched most
}

// Fetches counts the target's requests for each document.
type Fetches struct {
	Discovery          int
	JWKS               int
	FederationMetadata int
	SAMLMetadata       int
}

// Finding is what one rule came to, with the entries that prove it.
type Finding struct {
	Rule     string // accepts, rejects, fetches, leeway, survives, shows, needs or harness
	Outcome  Outcome
	Text     string
	Evidence []uint64 // seqs of timeline entries

	// aside: it was not judged and does not count. What was not judged because
	// the run could not see it to its end does count: it keeps a scenario from passing.
	aside bool
}

// Diagnosis is a likely cause.
type Diagnosis struct {
	Code     string // the framework's own code (IDX10501, WIF10201), where the app printed one
	Cause    string
	Fix      string
	Evidence []uint64
}

// ErrTimeline is wrapped by errors of Judge about a book that tells of no scenario.
var ErrTimeline = errors.New("not the timeline of a scenario")

// slow is where a recovery stops being a matter of the next request.
const slow = 10 * time.Second

// margin is how near to the promised leeway an answer is left unjudged: the
// seconds of JWT times, and the way to the app.
const margin = 5 * time.Second

func seconds(d time.Duration) float64 { return math.Round(d.Seconds()*10) / 10 }

func pointer(d time.Duration) *float64 {
	s := math.Round(d.Seconds()*1000) / 1000
	return &s
}
