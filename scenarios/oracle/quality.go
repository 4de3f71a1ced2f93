package oracle

import (
	"slices"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// show is one credential presented, with everything known about it.
type show struct {
	entry
	presented timeline.Presented
	minted    timeline.Minted
	from, to  time.Duration // elapsed
	machine   time.Time     // machine time of the answer
	instance  int           // the life of the app that answered; -1 where none is known
	quality   quality
	removed   time.Duration // elapsed at which the key left the documents; of leaving ones
	fair      bool          // genuine, of a key that could be known: a rule may demand acceptance
	plain     bool          // presented before any step: it says nothing about the scenario
	afterEnd  bool          // presented after a restart that no step asked for
	signed    time.Duration // elapsed at which it was minted
	subject   string        // whom it names
	mistaken  bool          // accepted for somebody else, though genuine
	unwanted  bool          // must have been rejected
	demanded  bool          // must have been accepted
}

// quality is what a credential deserves.
type quality int

const (
	neither     quality = iota // the scenario's own rules say what it deserves
	good                       // must be accepted
	bad                        // forged, or for somebody else
	unpublished                // of a key that no document ever named
	leaving                    // of a key that was removed: must be rejected once the promised lag is over
)

// weighAll finds out what each credential deserves.
func (b *book) weighAll() {
	asked := 0 // restarts that the scenario's own steps ask for
	for _, s := range b.scenario.Steps {
		if _, is := s.Do.(spec.Restart); is {
			asked++
		}
	}
	b.accepted = map[string][]*show{}
	for i := range b.shows {
		s := &b.shows[i]
		if s.accepted() {
			b.accepted[s.minted.Key] = append(b.accepted[s.minted.Key], s)
		}
		b.retime(s, s.signed)
		s.subject = b.subjectOf(s)
		s.mistaken = b.takesForAnother(s)
		s.plain = s.presented.Step < 0
		s.afterEnd = s.presented.Step >= len(b.scenario.Steps) && s.instance > asked
		s.quality = b.deserves(s)
		s.demanded = s.quality == good || s.fair && b.ruled(func(r spec.Rule) bool {
			a, is := r.(spec.Accepts)
			return is && a.Token != "" && a.Token == s.presented.Token
		})
		s.unwanted = b.mustFail(s)
		if s.quality != good {
			b.unknown = append(b.unknown, s.from)
		}
	}
	slices.Sort(b.unknown)
}

func (b *book) ruled(by func(spec.Rule) bool) bool {
	return slices.ContainsFunc(b.scenario.Expect, func(e spec.Expect) bool { return by(e.Rule) })
}

func (b *book) deserves(s *show) quality {
	m := s.minted
	if m.Forge != string(credential.Genuine) && !s.harmless() || !b.meant(m) {
		return bad
	}
	state, since, served, ever := b.stateAt(m.Key, s)
	s.fair = state.Served() && b.reachable(s, served)
	switch {
	case s.off() > 0, m.ExpiresAt.IsZero(), m.Audience != b.began.Audience, b.altersIdentity(s):
		return neither
	case state == keyring.Removed && ever:
		s.removed = since
		return leaving
	case !state.Served():
		return unpublished
	case !s.fair: // published, but behind documents that could not be had
		return neither
	case s.harmless():
		return neither
	}
	return good
}

// meant reports whether the app is in the token's audience (RFC 7519 section
// 4.1.3: it may be one of several).
func (b *book) meant(m timeline.Minted) bool {
	return m.Audience == b.began.Audience || slices.Contains(strings.Fields(m.Audience), b.began.Audience)
}

// altersIdentity reports whether the request changed what tokens are known by,
// or asked for tokens in the shape of another version, with its issuer.
func (b *book) altersIdentity(s *show) bool {
	if slices.ContainsFunc(s.minted.Altered, func(name string) bool {
		return !slices.Contains([]string{"sub", "aud", "iat", "nbf", "exp", "jti"}, name)
	}) {
		return true
	}
	p, is := b.stepOf(s)
	return is && p.Version == "v1" && p.Token == s.presented.Token
}

// stepOf is the step that a token was presented by.
func (b *book) stepOf(s *show) (spec.Present, bool) {
	if s.presented.Step < 0 || s.presented.Step >= len(b.scenario.Steps) {
		return spec.Present{}, false
	}
	p, is := b.scenario.Steps[s.presented.Step].Do.(spec.Present)
	return p, is
}

// mustFail reports a token that must be rejected by now: a bad one at once,
// one of a removed key when the promised lag is over (without a promised lag it
// is not judged), one off in time past the promised leeway, and whatever the
// scenario says.
func (b *book) mustFail(s *show) bool {
	if s.mistaken {
		return true
	}
	if s.quality == bad || s.quality == unpublished {
		return true
	}
	if leeway := b.promise.Leeway; leeway != nil && s.off() > time.Duration(*leeway)+margin {
		return true
	}
	return !s.harmless() && b.ruled(func(r spec.Rule) bool {
		reject, is := r.(spec.Rejects)
		return is && reject.Within.IsZero() && b.rejectedBy(reject)(s)
	}) || s.quality == leaving && b.overdue(s)
}

// overdue reports a token of a removed key after the promised lag.
func (b *book) overdue(s *show) bool {
	lag := b.promise.RevocationLag
	return lag != nil && s.from-s.removed > time.Duration(*lag)
}

// off is how far the token is off in time: its nbf in the future, or its exp
// in the past; 0 when it is valid now.
func (s *show) off() time.Duration {
	if early := s.minted.NotBefore.Sub(s.machine); early > time.Second {
		return early
	}
	if late := s.machine.Sub(s.minted.ExpiresAt); late > time.Second && !s.minted.ExpiresAt.IsZero() {
		return late
	}
	return 0
}

// judged reports whether the answer belongs to the scenario.
func (s *show) judged() bool { return !s.plain && !s.afterEnd }

func (s *show) accepted() bool { return s.presented.Outcome == timeline.Accepted }

// refused reports an answer that kept the bearer out: a rejection or a breakdown.
// An app that never sent the browser to the issuer keeps good people out; what it
// would have done with a bad credential nobody knows.
func (s *show) refused() bool {
	if s.presented.Undelivered && !s.demanded {
		return false
	}
	return s.presented.Outcome == timeline.Rejected || s.presented.Outcome == timeline.Failed
}
