package spec

import (
	"slices"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// InitialKey is the name of the one key of an issuer that declares none.
const InitialKey = "initial"

// WithDefaults returns the scenario with everything filled in that its files
// may leave out. The decoders do it; whoever builds a scenario in Go calls it
// before running or judging. It changes nothing when called again, and leaves
// s as it is.
func (s Scenario) WithDefaults() Scenario {
	if s.APIVersion == "" {
		s.APIVersion = APIVersion
	}
	if len(s.Issuer.Keys) == 0 {
		s.Issuer.Keys = []Key{{Name: InitialKey}}
	}
	s.Issuer.Keys = slices.Clone(s.Issuer.Keys)
	for i := range s.Issuer.Keys {
		k := &s.Issuer.Keys[i]
		orElse(&k.Alg, "RS256")
		orElse(&k.State, keyring.Active)
	}
	s.Steps = slices.Clone(s.Steps)
	for i := range s.Steps {
		if p, is := s.Steps[i].Do.(Present); is {
			if p.Until.IsZero() {
				orElse(&p.Times, 1)
				orElse(&p.Together, 1)
			} else {
				orElse(&p.Within, Span{Word: Patience})
			}
			s.Steps[i].Do = p
		}
	}
	s.Expect = slices.Clone(s.Expect)
	for i := range s.Expect {
		switch r := s.Expect[i].Rule.(type) {
		case Accepts:
			orElse(&r.Within, Span{Word: "promise.recovery"})
			s.Expect[i].Rule = r
		case Fetches:
			orElse(&r.Per, For(time.Minute))
			s.Expect[i].Rule = r
		}
	}
	return s
}

// WithDefaults returns the file with everything filled in that it may leave
// out, as Scenario.WithDefaults does.
func (f File) WithDefaults() File {
	orElse(&f.APIVersion, APIVersion)
	orElse(&f.Target.Ready.Timeout, clock.Duration(30*time.Second))
	orElse(&f.Target.Audience, "api://default")
	orElse(&f.Target.Present.As, "bearer")
	orElse(&f.Target.Present.Path, "/")
	orElse(&f.Target.Present.Timeout, clock.Duration(30*time.Second))
	if len(f.Target.Accepted) == 0 {
		f.Target.Accepted = []int{200}
	}
	if len(f.Target.Rejected) == 0 {
		f.Target.Rejected = []int{401, 403}
	}
	orElse(&f.Issuer.Profile, "generic")
	if f.Promise == (Promise{}) {
		f.Promise, _ = PromiseByName("microsoft") // a name of PromiseNames
	}
	if len(f.Scenarios.Include) == 0 {
		orElse(&f.Scenarios.Profile, DefaultProfile)
	}
	return f
}

func orElse[T comparable](value *T, fallback T) {
	var zero T
	if *value == zero {
		*value = fallback
	}
}
