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
	ahead int            // RSA keys to keep ready once the pool is low
	fill  sync.WaitGroup // the filler, while it runs

	mu      sync.Mutex
	pool    []record           // not handed out yet
	ready   []keyring.Material // generated ahead
	filling bool
	closed  bool
	stats   Stats
}

// New returns a Source. Close it, where it is not the process's Shared one.
func New(c Config) *Source {
	if c.Ready <= 0 {
		c.Ready = 2
	}
	s := &Source{ahead: c.Ready}
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
// share a key. Nobody closes it: it runs nothing while nobody takes keys.
//
// It is package-level state on purpose. The pool is embedded once in a process,
// and that no key of it is handed out twice can only be promised by something
// that all issuers of the process share, whoever made them: two tests that each
// start one would otherwise get the same key, and a stranger's token would verify.
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
	return s.next()(alg)
}

// next takes an RSA key from where there is one left, and returns how it is had.
func (s *Source) next() func(alg string) (keyring.Material, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.refill()
	switch {
	case len(s.pool) > 0:
		r := s.pool[0]
		s.pool = s.pool[1:]
		s.stats.Pool++
		return r.parse
	case len(s.ready) > 0:
		m := s.ready[0]
		s.ready = s.ready[1:]
		s.stats.Background++
		return func(alg string) (keyring.Material, error) {
			m.Alg = alg
			return m, nil
		}
	}
	s.stats.Synchronous++
	return generate
}

// refill starts the filler where the pool is low and keys are missing. It ends
// when they are there; the next Take starts it again. The caller holds mu.
func (s *Source) refill() {
	if s.filling || !s.wanting() {
		return
	}
	s.filling = true
	s.fill.Go(func() {
		for {
			m, err := generate(RS256)
			s.mu.Lock()
			if err == nil { // else Take generates in its own time, and reports the error
				s.ready = append(s.ready, m)
			}
			s.filling = err == nil && s.wanting()
			more := s.filling
			s.mu.Unlock()
			if !more {
				return
			}
		}
	})
}

// wanting reports whether keys are to be generated ahead. The caller holds mu.
func (s *Source) wanting() bool {
	return !s.closed && len(s.pool) <= low && len(s.ready) < s.ahead
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
	s.closed = true
	s.mu.Unlock()
	s.fill.Wait()
}
