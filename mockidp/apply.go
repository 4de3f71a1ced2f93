package mockidp

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// change is a transaction under way: what the state and the clock will be, and
// what the book will say.
type change struct {
	ring    keyring.Snapshot
	past    fault.Past
	faults  fault.Table
	skew    time.Duration
	names   int
	moves   []keyring.Transition
	set     []string // ids of faults
	records []func() // in the order of the commands
}

// Apply carries out commands as one transaction: all of them, or none where
// one fails. When it returns, documents and tokens are of the new state.
// Errors: those of keyring.Apply, of command.Validate and of the key source,
// fault.ErrIDTaken, fault.ErrUnknown, issuer.ErrClosed.
func (i *Issuer) Apply(ctx context.Context, commands ...command.Command) (command.Result, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return command.Result{}, issuer.ErrClosed
	}
	former := i.state.Load()
	c := &change{ring: former.snapshot, past: former.past, faults: former.faults, names: i.names, moves: []keyring.Transition{}}
	for n, cmd := range commands {
		if err := i.prepare(ctx, c, cmd); err != nil {
			if len(commands) > 1 {
				err = fmt.Errorf("command %d: %w", n+1, err)
			}
			return command.Result{}, err
		}
	}
	if err := i.commit(former, c); err != nil {
		return command.Result{}, err
	}
	return command.Result{Generation: c.ring.Generation, Transitions: c.moves, Faults: c.set}, nil
}

// prepare works one command into the change.
func (i *Issuer) prepare(ctx context.Context, c *change, cmd command.Command) error {
	if err := command.Validate(cmd); err != nil {
		return err
	}
	switch cmd := cmd.(type) {
	case keyring.Command:
		next, moves, err := i.applyKey(ctx, c.ring, cmd, i.clock.Now().Add(c.skew))
		if err != nil {
			return err
		}
		c.past = append(c.past[max(0, len(c.past)-pastKept+1):len(c.past):len(c.past)], c.ring)
		c.ring = next
		c.moves = append(c.moves, moves...)
		c.say(i, timeline.KeyChanged{Generation: next.Generation, Command: cmd.Verb(), Transitions: moves})
	case command.Skew:
		c.skew += time.Duration(cmd.By)
		if at := i.clock.Offset() + c.skew; at > clock.MaxOffset || at < -clock.MaxOffset {
			return fmt.Errorf("%w: skew: by %s the clock would be %s off, beyond %s (100 years)", command.ErrCommand, cmd.By, clock.Duration(at), clock.Duration(clock.MaxOffset))
		}
		c.records = append(c.records, func() {
			i.clock.Move(time.Duration(cmd.By))
			i.clock.Drift(cmd.Drift)
			i.write(timeline.Issuer, timeline.ClockMoved{Offset: clock.Duration(i.clock.Offset()), Drift: cmd.Drift})
		})
	case command.Fault:
		return i.prepareFault(c, cmd.Rule)
	case command.Clear:
		return i.prepareClear(c, cmd.Fault)
	case command.Record:
		c.records = append(c.records, func() { i.write(cmd.Source, cmd.Event) })
	default:
		return fmt.Errorf("%w: %T", command.ErrCommand, cmd)
	}
	return nil
}

func (i *Issuer) prepareFault(c *change, rule fault.Rule) error {
	for rule.ID == "" {
		c.names++
		if id := fmt.Sprintf("fault-%d", c.names); !c.faults.Has(id) {
			rule.ID = id
		}
	}
	next, err := c.faults.Set(rule, c.ring, i.config.Clock.Now())
	if err != nil {
		return err
	}
	text, err := json.Marshal(rule)
	if err != nil {
		return fmt.Errorf("record fault: %w", err)
	}
	c.faults = next
	c.set = append(c.set, rule.ID)
	set := timeline.FaultSet{ID: rule.ID, Rule: text}
	switch {
	case rule.ClosesListener() && i.listener != nil:
		set.Detail = listenerClosed
	case rule.Refuse != nil:
		set.Detail = resetAfterAccept
	}
	c.say(i, set)
	return nil
}

func (i *Issuer) prepareClear(c *change, id string) error {
	var ids []string
	switch {
	case id == "":
		for _, rule := range c.faults.Rules() {
			ids = append(ids, rule.ID)
		}
	case c.faults.Has(id):
		ids = []string{id}
	case !slices.Contains(i.ended, id):
		return fmt.Errorf("clear %q: %w", id, fault.ErrUnknown)
	}
	c.faults = c.faults.Without(ids...)
	for _, id := range ids {
		c.say(i, timeline.FaultSet{ID: id, Cleared: true})
	}
	return nil
}

// say has an event of the issuer written once the change is in force.
func (c *change) say(i *Issuer, event timeline.Event) {
	c.records = append(c.records, func() { i.write(timeline.Issuer, event) })
}

// commit swaps the new state in and writes the book. The caller holds mu.
func (i *Issuer) commit(former *state, c *change) error {
	next := former
	if c.ring.Generation != former.snapshot.Generation {
		var err error
		if next, err = newState(former.place, c.ring, c.past, c.faults); err != nil {
			return err
		}
	} else if !c.faults.Equal(former.faults) {
		next = former.withFaults(c.faults)
	}
	// Opening a port can fail, closing cannot: so the one comes before the point of no
	// return and the other after it.
	refused := c.faults.Refused(i.config.Clock.Now())
	if i.listener != nil && !refused {
		if err := i.listener.open(); err != nil {
			return err
		}
	}
	i.state.Store(next)
	i.names = c.names
	if i.listener != nil && refused {
		i.listener.close()
	}
	former.faults.Release(next.faults)
	for _, record := range c.records {
		record()
	}
	i.setAlarm()
	return nil
}
