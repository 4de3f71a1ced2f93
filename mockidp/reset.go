package mockidp

import (
	"context"
	"fmt"

	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// Reset brings the issuer back to the state of its start: new keys under the
// same names, no fault, no skew, nobody signed in. Generations and the timeline go
// on.
func (i *Issuer) Reset(ctx context.Context) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return issuer.ErrClosed
	}
	former := i.state.Load()
	c := &change{names: i.names, faults: former.faults}
	// A reset clock shows its base.
	ring, moves, err := i.newRing(ctx, former.snapshot.Generation+1, i.config.Clock.Now())
	if err != nil {
		return fmt.Errorf("reset issuer %s: %w", i.config.Name, err)
	}
	c.ring = ring
	if err := i.prepareClear(c, ""); err != nil {
		return err
	}
	c.faults = fault.Table{}
	c.records = append(c.records, func() {
		i.clock.Reset()
		i.sessions.clear()
		i.codes.clear()
		i.write(timeline.Issuer, timeline.ClockMoved{})
	})
	c.say(i, timeline.KeyChanged{Generation: ring.Generation, Command: "reset", Transitions: moves})
	return i.commit(former, c)
}
