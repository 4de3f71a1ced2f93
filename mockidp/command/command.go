// Package command is everything that one may tell an issuer, with its JSON
// form: an object with one member, the verb, as in a scenario's steps.
package command

import (
	"errors"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// Command is one of keyring's commands, or one of this package's. The set is
// closed: All lists a value of each.
type Command interface {
	// Verb is the command's name in scenario files and on the wire.
	Verb() string
}

// Skew moves the issuer's clock against the machine's.
type Skew struct {
	By    clock.Duration `json:"by,omitempty" doc:"how far the issuer's clock is put ahead (back where negative), on top of what it is"`
	Drift float64        `json:"drift,omitempty" doc:"seconds that the clock gains per second from now on"`
}

// Fault sets a fault.
type Fault struct{ fault.Rule }

// Clear ends faults.
type Clear struct {
	Fault string `json:"fault,omitempty" doc:"the id of the fault that ends; left out: all of them"`
}

// Record writes an event of the harness into the issuer's timeline, so that
// one book holds both sides in one order.
type Record struct {
	Source string         // timeline.Harness or timeline.App
	Event  timeline.Event // Began, Ended, Presented, TargetStarted, TargetStopped or Note
}

// Verb implements Command.
func (Skew) Verb() string { return "skew" }

// Verb implements Command.
func (Fault) Verb() string { return "fault" }

// Verb implements Command.
func (Clear) Verb() string { return "clear" }

// Verb implements Command.
func (Record) Verb() string { return "record" }

// All returns a zero value of each command that a step or a request may hold,
// in the order in which documentation lists them.
func All() []Command {
	return []Command{
		keyring.Generate{}, keyring.Publish{}, keyring.Activate{}, keyring.Retire{}, keyring.Remove{}, keyring.Restore{},
		keyring.Rotate{}, keyring.Compromise{},
		keyring.ActivateBeside{}, keyring.Withdraw{}, keyring.ReuseKID{}, keyring.DuplicateKID{},
		Skew{}, Fault{}, Clear{}, Record{},
	}
}

// ErrCommand is wrapped by every error of Decode and Validate.
var ErrCommand = errors.New("invalid command")

// Result is what an issuer answers to commands.
type Result struct {
	Generation  uint64               `json:"generation"`
	Transitions []keyring.Transition `json:"transitions"`
	Faults      []string             `json:"faults,omitempty"` // ids of the faults that were set, in the order of their commands
}
