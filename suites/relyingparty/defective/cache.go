package defective

import (
	"context"
	"sync"
	"time"
)

// retryPause is the least time between a failed fetch and the next regular one.
const retryPause = time.Second

// keySet is what one successful fetch left behind. It is never changed.
type keySet struct {
	keys  []Key
	at    time.Time // when the fetch ended
	fetch int       // its number
}

// cache holds the key set and decides when to fetch it. At most one fetch runs
// at a time, inside the request that asked for it first; the others share it.
type cache struct {
	policy Policy
	load   func(context.Context) ([]Key, error)
	now    func() time.Time
	log    func(string)

	mu       sync.Mutex
	set      *keySet       // nil until a fetch succeeded
	running  chan struct{} // closed by the running fetch when it ends; nil: none
	started  int           // fetches started so far
	finished int           // number of the last fetch that ended
	last     Fetches
	lastErr  error  // of the last fetch
	timer    func() // stops the timer; nil: not started
	closed   bool
	timers   sync.WaitGroup
}

// fetches returns how many fetches have been started: a fetch with a higher
// number shows what the issuer published after this call.
func (c *cache) fetches() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.started
}

// current returns the set to verify with, after a fetch where one is due. It
// is nil, with the reason, where there is none.
func (c *cache) current(ctx context.Context) (*keySet, error) {
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

// newer returns a set that could verify what seen could not: one fetched in
// the meantime, or one fetched now where the policy allows it. It is nil where
// none is to be had, which includes that a fetch begun since the request
// arrived (when arrival fetches had been started) has already had its say.
func (c *cache) newer(ctx context.Context, seen *keySet, arrival int) *keySet {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.usable() == seen {
		switch {
		case c.running != nil:
			if !c.wait(ctx) {
				return nil
			}
		case c.finished > arrival || !c.policy.Refresh.OnDemand(c.now(), c.last):
			return nil
		default:
			c.fetch(context.WithoutCancel(ctx), true)
		}
	}
	return c.usable()
}

// close stops the timer and waits for it.
func (c *cache) close() {
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
func (c *cache) usable() *keySet {
	stale := c.policy.Refresh.Stale
	if c.set != nil && stale > 0 && c.now().Sub(c.set.at) > stale {
		return nil
	}
	return c.set
}

// due reports whether it is time for a regular fetch.
func (c *cache) due() bool {
	now, lifetime := c.now(), c.policy.Refresh.Lifetime
	if now.Sub(c.last.Any) < retryPause {
		return false
	}
	return c.usable() == nil || lifetime > 0 && now.Sub(c.set.at) >= lifetime
}

// fetch gives up the lock while the issuer answers.
func (c *cache) fetch(ctx context.Context, onDemand bool) {
	done := make(chan struct{})
	c.running = done
	c.started++
	c.mu.Unlock()
	fetched, err := c.load(ctx)
	c.mu.Lock()

	now := c.now()
	c.running, c.finished, c.last.Any, c.lastErr = nil, c.started, now, err
	if onDemand {
		c.last.OnDemand = now
	}
	if err == nil {
		var held []Key
		if c.set != nil {
			held = c.set.keys
		}
		c.set = &keySet{keys: c.policy.Replace(held, fetched), at: now, fetch: c.started}
	} else {
		c.log("refresh key set: " + err.Error())
	}
	close(done)
}

// wait gives up the lock until the running fetch has ended, and reports
// whether it did before the request was given up.
func (c *cache) wait(ctx context.Context) bool {
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

func (c *cache) startTimer() {
	every := c.policy.Refresh.Every
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
