// Package keycache holds the keys that a sample app fetched from its issuer and
// decides when it fetches them again.
package keycache

import (
	"context"
	"sync"
	"time"
)

// retryPause is the least time between a failed fetch and the next regular one.
const retryPause = time.Second

// Refresh says when an app fetches its keys. Whatever it says, the first
// credential fetches them, and a fetch that failed is tried again after a second.
type Refresh struct {
	// Lifetime is the age, counted from the last successful fetch, from which
	// a request fetches the set again. 0: the set never ages.
	Lifetime time.Duration
	// Stale is the age up to which a set that cannot be fetched again goes on
	// being used: the bound of the outage that the app tolerates. 0: no bound.
	Stale time.Duration
	// OnDemand says whether a credential that the set cannot verify may have it
	// fetched again at once, inside the request.
	OnDemand func(now time.Time, last Fetches) bool
	// Every is the period of a timer that fetches whether or not a request
	// comes; it is started by the first credential. 0: no timer.
	Every time.Duration
	// Once ends all fetching with the first fetch, also where that failed.
	Once bool
}

// Fetches says when the last fetches ended, successful or not; a zero time
// stands for never.
type Fetches struct {
	Any      time.Time // of whatever cause
	OnDemand time.Time // caused by a credential that the set could not verify
}

// Never refuses every fetch on demand.
func Never(time.Time, Fetches) bool { return false }

// OncePerSecond counts fetches on demand alone, so that a regular refresh
// never delays the recovery from a rollover.
func OncePerSecond(now time.Time, last Fetches) bool {
	return now.Sub(last.OnDemand) >= time.Second
}

// Set is what one successful fetch left behind. It is never changed.
type Set[K any] struct {
	Keys  []K
	At    time.Time // when the fetch ended
	Fetch int       // its number
}

// Config says what a cache fetches and when.
type Config[K any] struct {
	Refresh Refresh
	Load    func(context.Context) ([]K, error)
	Replace func(held, fetched []K) []K // the keys to hold from now on
	Now     func() time.Time
	// Lifetime takes the place of Refresh.Lifetime where what was fetched may say
	// itself how long it lives, and 0 is no time at all; nil: it may not.
	Lifetime func() time.Duration
	Log      func(string) // told why a fetch failed
}

// Cache holds a set of keys. At most one fetch runs at a time, inside the
// request that asked for it first; the others share it. It is safe for
// concurrent use.
type Cache[K any] struct {
	config Config[K]

	mu       sync.Mutex
	set      *Set[K]       // nil until a fetch succeeded
	running  chan struct{} // closed by the running fetch when it ends; nil: none
	started  int           // fetches started so far
	finished int           // number of the last fetch that ended
	last     Fetches
	lastErr  error  // of the last fetch
	timer    func() // stops the timer; nil: not started
	closed   bool
	timers   sync.WaitGroup
}

// New returns a cache that has fetched nothing yet.
func New[K any](config Config[K]) *Cache[K] { return &Cache[K]{config: config} }

// Fetches returns how many fetches have been started: a fetch with a higher
// number shows what the issuer published after this call.
func (c *Cache[K]) Fetches() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.started
}

// Current returns the set to verify with, after a fetch where one is due. It
// is nil, with the reason, where there is none.
func (c *Cache[K]) Current(ctx context.Context) (*Set[K], error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.startTimer()
	if c.due() && c.running == nil {
		c.fetch(context.WithoutCancel(ctx), false)
	} else if c.usable() == nil && c.running != nil {
		c.wait(ctx)
	}
	return c.usable(), c.lastErr
}

// Newer returns a set that could verify what seen could not: one fetched in
// the meantime, or one fetched now where the policy allows it. It is nil where
// none is to be had, which includes that a fetch begun since the request
// arrived (when arrival fetches had been started) has already had its say.
func (c *Cache[K]) Newer(ctx context.Context, seen *Set[K], arrival int) *Set[K] {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.usable() == seen {
		switch {
		case c.running != nil:
			if !c.wait(ctx) {
				return nil
			}
		case c.finished > arrival || c.spent() || !c.config.Refresh.OnDemand(c.config.Now(), c.last):
			return nil
		default:
			c.fetch(context.WithoutCancel(ctx), true)
		}
	}
	return c.usable()
}

// Close stops the timer and waits for it.
func (c *Cache[K]) Close() {
	c.mu.Lock()
	c.closed = true
	if c.timer != nil {
		c.timer()
	}
	c.mu.Unlock()
	c.timers.Wait()
}

// The rest is called with the lock held.

// usable returns the set held, nil where there is none or it is too old.
func (c *Cache[K]) usable() *Set[K] {
	stale := c.config.Refresh.Stale
	if c.set != nil && stale > 0 && c.config.Now().Sub(c.set.At) > stale {
		return nil
	}
	return c.set
}

// due reports whether it is time for a regular fetch.
func (c *Cache[K]) due() bool {
	now, lifetime := c.config.Now(), c.config.Refresh.Lifetime
	if c.config.Lifetime != nil && c.usable() != nil {
		return now.Sub(c.set.At) >= c.config.Lifetime()
	}
	if c.spent() || now.Sub(c.last.Any) < retryPause {
		return false
	}
	return c.usable() == nil || lifetime > 0 && now.Sub(c.set.At) >= lifetime
}

// spent reports whether there has been all the fetching that there is to be.
func (c *Cache[K]) spent() bool { return c.config.Refresh.Once && c.started > 0 }

// fetch gives up the lock while the issuer answers.
func (c *Cache[K]) fetch(ctx context.Context, onDemand bool) {
	done := make(chan struct{})
	c.running = done
	c.started++
	c.mu.Unlock()
	fetched, err := c.config.Load(ctx)
	c.mu.Lock()

	now := c.config.Now()
	c.running, c.finished, c.last.Any, c.lastErr = nil, c.started, now, err
	if onDemand {
		c.last.OnDemand = now
	}
	if err == nil {
		var held []K
		if c.set != nil {
			held = c.set.Keys
		}
		c.set = &Set[K]{Keys: c.config.Replace(held, fetched), At: now, Fetch: c.started}
	} else {
		c.config.Log("refresh keys: " + err.Error())
	}
	close(done)
}

// wait gives up the lock until the running fetch has ended, and reports
// whether it did before the request was given up.
func (c *Cache[K]) wait(ctx context.Context) bool {
	running := c.running
	c.mu.Unlock()
	defer c.mu.Lock()
	select {
	case <-running:
		return true
	case <-ctx.Done():
		return false
	}
}

func (c *Cache[K]) startTimer() {
	every := c.config.Refresh.Every
	if every == 0 || c.timer != nil || c.closed {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	c.timer = stop
	c.timers.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			c.mu.Lock()
			if c.running == nil {
				c.fetch(ctx, false)
			}
			c.mu.Unlock()
		}
	})
}
