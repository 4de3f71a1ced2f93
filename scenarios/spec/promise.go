package spec

import (
	"fmt"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
)

// Promise is what a team promises of its app; a run is judged by it. A member
// that is left out is not judged.
type Promise struct {
	Name             string          `json:"name,omitempty" doc:"strict, microsoft or pinned; left out where the members are spelled out"`
	Recovery         *Recovery       `json:"recovery,omitempty" doc:"the longest time until tokens of a new key are accepted: a duration, 0s for in the same request, or restart"`
	RejectedGood     *int            `json:"rejectedGood,omitempty" doc:"how many good tokens may be rejected in a scenario"`
	RevocationLag    *clock.Duration `json:"revocationLag,omitempty" doc:"the longest time for which tokens of a removed key are still accepted"`
	Announcement     *clock.Duration `json:"announcement,omitempty" doc:"how long a new key is served before it signs"`
	FetchesPerMinute *float64        `json:"fetchesPerMinute,omitempty" doc:"the most fetches of a document in a minute; below 1: one in so many minutes (0.2 is one in five)"`
	Outage           *clock.Duration `json:"outage,omitempty" doc:"how long the documents may be away while known keys go on working"`
	Leeway           *clock.Duration `json:"leeway,omitempty" doc:"how far clocks may be apart"`
}

// Recovery is a promised time to recover, or the word restart.
type Recovery struct {
	Within  clock.Duration
	Restart bool // recovery takes a restart of the app
}

// MarshalText implements encoding.TextMarshaler.
func (r Recovery) MarshalText() ([]byte, error) {
	if r.Restart {
		return []byte("restart"), nil
	}
	return r.Within.MarshalText()
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Recovery) UnmarshalText(text []byte) error {
	if string(text) == "restart" {
		*r = Recovery{Restart: true}
		return nil
	}
	*r = Recovery{}
	if err := r.Within.UnmarshalText(text); err != nil {
		return fmt.Errorf("%w, nor the word restart", err)
	}
	if r.Within < 0 {
		return fmt.Errorf("%s is below zero", r.Within)
	}
	return nil
}

// PromiseNames lists the promises that have a name.
func PromiseNames() []string { return []string{"strict", "microsoft", "pinned"} }

// PromiseByName returns a named promise.
func PromiseByName(name string) (Promise, error) {
	switch name {
	case "strict":
		return Promise{
			Name: name, Recovery: &Recovery{}, RejectedGood: new(int), RevocationLag: lasting(5 * time.Minute),
			Announcement: lasting(0), FetchesPerMinute: rate(0.2),
		}, nil
	case "microsoft":
		// Signing key rollover in the Microsoft identity platform: keys are kept
		// for 24 h, refreshed every hour, on an unknown kid at most every 5 min.
		return Promise{
			Name: name, Recovery: &Recovery{Within: clock.Duration(5 * time.Minute)}, RevocationLag: lasting(24 * time.Hour),
			Announcement: lasting(24 * time.Hour), Outage: lasting(time.Hour),
		}, nil
	case "pinned":
		return Promise{Name: name, Recovery: &Recovery{Restart: true}}, nil
	}
	return Promise{}, fmt.Errorf("unknown promise %q (one of %s, or its members)", name, strings.Join(PromiseNames(), ", "))
}

func lasting(d time.Duration) *clock.Duration { return (*clock.Duration)(&d) }

func rate(perMinute float64) *float64 { return &perMinute }
