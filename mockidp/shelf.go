package mockidp

import (
	"crypto/rand"
	"sync"
)

// shelf keeps the last values that were put on it, each under a random name. The
// zero value is empty.
type shelf[V any] struct {
	shelfMu sync.Mutex
	byName  map[string]V
	names   []string // a ring: the oldest is at next
	next    int
}

// shelfSpace is how many values a shelf keeps: of an issuer's sessions and codes,
// the oldest leave.
const shelfSpace = 4096

// put returns the name, which nobody guesses.
func (s *shelf[V]) put(value V) string {
	name := rand.Text()
	s.shelfMu.Lock()
	defer s.shelfMu.Unlock()
	if s.byName == nil {
		s.byName = map[string]V{}
	}
	if len(s.names) < shelfSpace {
		s.names = append(s.names, name)
	} else {
		delete(s.byName, s.names[s.next])
		s.names[s.next] = name
		s.next = (s.next + 1) % shelfSpace
	}
	s.byName[name] = value
	return name
}

func (s *shelf[V]) get(name string) (V, bool) {
	s.shelfMu.Lock()
	defer s.shelfMu.Unlock()
	value, found := s.byName[name]
	return value, found
}

// swap puts another value in the place of the one that it returns.
func (s *shelf[V]) swap(name string, change func(V) V) (V, bool) {
	s.shelfMu.Lock()
	defer s.shelfMu.Unlock()
	value, found := s.byName[name]
	if found {
		s.byName[name] = change(value)
	}
	return value, found
}

func (s *shelf[V]) clear() {
	s.shelfMu.Lock()
	defer s.shelfMu.Unlock()
	s.byName, s.names, s.next = nil, nil, 0
}
