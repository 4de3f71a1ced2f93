package engine

import (
	"cmp"
	"slices"
	"time"

	"github.com/rollover-harness/rollover/scenarios/spec"
)

// order is that in which scenarios begin: where several run side by side those
// first that take longest, since a run is over when its last one is, and not all
// can begin at once. A single one after the other they keep their order.
func (c *Config) order() []int {
	all := make([]int, len(c.Scenarios))
	for n := range all {
		all[n] = n
	}
	if c.Parallel > 1 {
		slices.SortStableFunc(all, func(a, b int) int { return cmp.Compare(c.atLeast(c.Scenarios[b]), c.atLeast(c.Scenarios[a])) })
	}
	return all
}

// atLeast is how long a scenario waits for what has to take its time.
func (c *Config) atLeast(s spec.Scenario) time.Duration {
	var sum time.Duration
	for _, step := range s.Steps {
		switch do := step.Do.(type) {
		case spec.Wait:
			sum += c.length(do.For)
		case spec.Present:
			if !do.Within.IsZero() && do.Within.Word != spec.Patience {
				sum += c.length(do.Within)
			}
		}
	}
	return sum
}

// length turns a span of a step into a time that the run can wait.
func (c *Config) length(s spec.Span) time.Duration {
	d := time.Duration(s.Duration)
	switch s.Word {
	case "":
		return min(d, c.Patience)
	case spec.Patience:
		return c.Patience
	case "promise.recovery":
		if r := c.Promise.Recovery; r != nil && !r.Restart {
			return c.bounded(time.Duration(r.Within))
		}
	case "promise.revocationLag":
		if lag := c.Promise.RevocationLag; lag != nil {
			// Only a look past the promised end shows a promise broken.
			return c.bounded(time.Duration(*lag)) + 2*lastPause
		}
	case "promise.announcement":
		if a := c.Promise.Announcement; a != nil {
			return c.bounded(time.Duration(*a))
		}
	case "promise.outage":
		if o := c.Promise.Outage; o != nil {
			return c.bounded(time.Duration(*o))
		}
	}
	return min(glance, c.Patience)
}

// bounded is the whole length where the run can wait for it, and a glance
// where it cannot: what comes of a glance is never held against the app.
func (c *Config) bounded(d time.Duration) time.Duration {
	if d > c.Patience {
		return min(glance, c.Patience)
	}
	return d
}
