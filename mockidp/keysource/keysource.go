// Package keysource hands out key material for tests: from an embedded pool of
// published RSA keys first, so that a rotation costs a tenth of a millisecond
// instead of 40 (up to 200), and freshly generated once the pool runs low. No
// material is handed out twice.
package keysource

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// The algorithms (RFC 7518 section 3.1, RFC 8037 section 3.1).
const (
	RS256 = "RS256"
	PS256 = "PS256"
	ES256 = "ES256"
	EdDSA = "EdDSA"
)

// Algorithms lists what Take makes keys for, the default first.
func Algorithms() []string { return []string{RS256, PS256, ES256, EdDSA} }

// ErrAlgorithm is wrapped by Take's error for an algorithm that it does not know.
var ErrAlgorithm = errors.New("unknown algorithm")

// low is the number of pool keys left at which generating ahead begins. Before
// that no processor time is taken from the tests.
const low = 8

// Config says where keys come from. The zero value uses the pool.
type Config struct {
	// Fresh keeps away from the embedded pool: every key is newly generated,
	// for apps that remember keys across runs.
	Fresh bool
	// Ready is the number of RSA keys kept generated ahead once the pool runs
	// low (at once where Fresh); 0 is 2.
	Ready int
}

// Stats counts the keys handed out, by where they came from.
type Stats struct {
	Pool        int `json:"pool"`        // RSA, embedded
	Background  int `json:"background"`  // RSA, generated ahead
	Synchronous int `json:"synchronous"` // RSA, generated inside Take because none was ready: 40 ms and more each
	OnDemand    int `json:"onDemand"`    // EC and Ed25519, generated inside Take: 0.1 ms each
}

// Source hands out key material. It is safe for concurrent use.
type Source struct {
	ready chan keyring.Material
	stop  chan struct{}
	fill  sync.WaitGroup

	mu      sync.Mutex
	pool    []record // not handed out yet
	filling bool
	closed  bool
	stats   Stats
}

// New returns a Source. Close it, where it is not the process's Shared one.
func New(c Config) *Source {
	if c.Ready <= 0 {
		c.Ready = 2
	}
	// The filler holds one finished key itself while it waits for room.
	s := &Source{ready: make(chan keyring.Material, c.Ready-1), stop: make(chan struct{})}
	if !c.Fresh {
		records, err := index(embedded)
		if err != nil {
			panic(err) // the binary itself is damaged; a test reads the whole pool
		}
		s.pool = records
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refill()
	return s
}

// Shared is the Source of the process, so that two issuers of one process never
// share a key.
//
// It is package-level state on purpose: uniqueness is a property of the process.
func Shared() *Source { return shared() }

//nolint:gochecknoglobals // see Shared
var shared = sync.OnceValue(func() *Source { return New(Config{}) })

// Take returns key material of alg ("" is RS256) that no other Take returns.
// RS256 and PS256 share the pool. It fails with ErrAlgorithm, or with ctx's
// error where ctx is done before a key had to be generated.
func (s *Source) Take(ctx context.Context, alg string) (keyring.Material, error) {
	if alg == "" {
		alg = RS256
	}
	switch {
	case !slices.Contains(Algorithms(), alg):
		return keyring.Material{}, fmt.Errorf("%w %q (one of %s)", ErrAlgorithm, alg, strings.Join(Algorithms(), ", "))
	case ctx.Err() != nil:
		return keyring.Material{}, fmt.Errorf("take key: %w", ctx.Err())
	case alg == ES256 || alg == EdDSA:
		s.count(func(c *Stats) { c.OnDemand++ })
		return generate(alg)
	}
	if r, found := s.next(); found {
		return r.parse(alg)
	}
	select {
	case m := <-s.ready:
		s.count(func(c *Stats) { c.Background++ })
		m.Alg = alg
		return m, nil
	default:
		s.count(func(c *Stats) { c.Synchronous++ })
		return generate(alg)
	}
}

// next takes a record off the pool.
func (s *Source) next() (record, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pool) == 0 {
		return record{}, false
	}
	r := s.pool[0]
	s.pool = s.pool[1:]
	s.stats.Pool++
	s.refill()
	return r, true
}

// refill starts the filler once the pool is low. The caller holds mu.
func (s *Source) refill() {
	if s.filling || s.closed || len(s.pool) > low {
		return
	}
	s.filling = true
	s.fill.Go(func() {
		for {
			m, err := generate(RS256)
			if err != nil {
				return // Take generates in its own time then, and reports the error
			}
			select {
			case s.ready <- m:
			case <-s.stop:
				return
			}
		}
	})
}

func (s *Source) count(add func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	add(&s.stats)
}

// Stats returns the counts so far.
func (s *Source) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

// Close stops generating ahead and waits until it has stopped: the key under
// way is finished first, 0.2 s at most. Take works on. A second Close does nothing.
func (s *Source) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.stop)
	}
	s.mu.Unlock()
	s.fill.Wait()
}
