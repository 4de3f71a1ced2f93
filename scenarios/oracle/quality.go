package oracle

import (
	"slices"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// quality is what a credential deserves.
type quality int

const (
	neither quality = iota // the scenario's own rules say what it deserves
	good                   // must be accepted
	bad                    // must be rejected
	leaving                // of a key that was removed: must be rejected once the promised lag is over
)

// weigh finds out what the credential deserves from what it is and what the
// documents said by then.
func (b *book) weigh(s *show) {
	s.state, s.removed = b.stateOf(s.minted.Key, s.from)
	s.reachable = b.reachable(s.minted.Key, s.from)
	s.quality = b.deserves(s)
}

func (b *book) deserves(s *show) quality {
	m := s.minted
	switch {
	case m.Forge != string(credential.Genuine), m.Audience != b.began.Audience:
		return bad
	case s.ahead() > 0, b.altersIdentity(m):
		return neither
	case s.state == keyring.Removed:
		return leaving
	case !s.state.Served():
		return bad // generated, never published
	case !s.reachable:
		return neither // published, but behind documents that could not be had
	}
	return good
}

// altersIdentity reports whether the request changed what tokens are known by.
func (b *book) altersIdentity(m timeline.Minted) bool {
	return slices.ContainsFunc(m.Altered, func(name string) bool {
		return slices.Contains([]string{"iss", "alg", "kid", "typ", "crit", "jwk", "jku", "x5u", "x5c"}, name)
	})
}

// ahead is how far the token is off in time: its nbf in the future, or its exp
// in the past; 0 when it is valid now.
func (s *show) ahead() time.Duration {
	if early := s.minted.NotBefore.Sub(s.at); early > time.Second {
		return early
	}
	if late := s.at.Sub(s.minted.ExpiresAt); late > time.Second {
		return late
	}
	return 0
}

func (s *show) accepted() bool { return s.presented.Outcome == timeline.Accepted }

// refused reports an answer that kept the bearer out: a rejection or a breakdown.
func (s *show) refused() bool {
	return s.presented.Outcome == timeline.Rejected || s.presented.Outcome == timeline.Failed
}
