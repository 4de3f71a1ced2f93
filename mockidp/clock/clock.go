// Package clock gives issuers a time that can be moved. It is the one place
// below the shell that may read the system's clock.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time.
type Clock interface {
	Now() time.Time
}

// System is the machine's own clock.
type System struct{}

// Now implements Clock.
func (System) Now() time.Time { return time.Now() }

// MaxOffset is the farthest that a Skewed clock gets from its base: a hundred
// years, so that no sum of offsets and token lifetimes overflows a Duration (292).
const MaxOffset = 100 * 365 * 24 * time.Hour

// Skewed is a clock that runs beside another: an offset, and a drift that
// grows with time. The zero value follows System exactly. It is safe for
// concurrent use.
type Skewed struct {
	// Base is the clock that it follows; nil is System.
	Base Clock

	mu     sync.RWMutex
	offset time.Duration // at since
	drift  float64       // seconds gained per second of the base clock
	since  time.Time     // base time from which drift counts
}

// Now implements Clock.
func (s *Skewed) Now() time.Time {
	s.mu.RLock()
	defer s.mu.RUnlock()
	now := s.base()
	return now.Add(s.offsetAt(now))
}

// Offset is how far the clock is ahead of its base right now.
func (s *Skewed) Offset() time.Duration {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.offsetAt(s.base())
}

// Move puts the clock ahead by a further by (back where negative). It stops at
// MaxOffset, as drift does.
func (s *Skewed) Move(by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	s.offset = moved(s.offset, by)
}

// Drift makes the clock gain rate seconds per second from now on (lose where
// negative); 0 stops it where it is.
func (s *Skewed) Drift(rate float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	s.drift = rate
}

// Reset brings the clock back to its base.
func (s *Skewed) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset, s.drift, s.since = 0, 0, time.Time{}
}

// settle turns the drift so far into offset.
func (s *Skewed) settle() {
	now := s.base()
	s.offset, s.since = s.offsetAt(now), now
}

func (s *Skewed) offsetAt(now time.Time) time.Duration {
	if s.drift == 0 {
		return s.offset
	}
	const most = float64(2 * MaxOffset) // from one end to the other
	gained := s.drift * float64(now.Sub(s.since))
	return moved(s.offset, time.Duration(max(-most, min(gained, most))))
}

// moved is an offset that was moved, but not beyond MaxOffset.
func moved(offset, by time.Duration) time.Duration {
	return offset + max(-MaxOffset-offset, min(by, MaxOffset-offset))
}

func (s *Skewed) base() time.Time {
	if s.Base == nil {
		return System{}.Now()
	}
	return s.Base.Now()
}
