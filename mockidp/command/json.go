package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// Encode writes a command as {"verb": {...}}.
func Encode(c Command) ([]byte, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", c.Verb(), err)
	}
	return json.Marshal(map[string]json.RawMessage{c.Verb(): body})
}

// Decode reads one command, or a list of them. Unknown verbs and members are errors.
func Decode(data []byte) ([]Command, error) {
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '[' {
		var list []json.RawMessage
		if err := json.Unmarshal(trimmed, &list); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCommand, err)
		}
		commands := make([]Command, 0, len(list))
		for i, item := range list {
			c, err := decodeOne(item)
			if err != nil {
				return nil, fmt.Errorf("command %d: %w", i+1, err)
			}
			commands = append(commands, c)
		}
		return commands, nil
	}
	c, err := decodeOne(data)
	if err != nil {
		return nil, err
	}
	return []Command{c}, nil
}

func decodeOne(data []byte) (Command, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, fmt.Errorf("%w: not an object with one verb: %w", ErrCommand, err)
	}
	if len(members) != 1 {
		return nil, fmt.Errorf("%w: %d members where one verb is due", ErrCommand, len(members))
	}
	for verb, body := range members {
		for _, zero := range All() {
			if zero.Verb() != verb {
				continue
			}
			if text := bytes.TrimSpace(body); text[0] != '{' {
				return nil, fmt.Errorf("%w: %s: its body is not an object, {} where there is nothing to say", ErrCommand, verb)
			}
			into := reflect.New(reflect.TypeOf(zero))
			decoder := json.NewDecoder(bytes.NewReader(body))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(into.Interface()); err != nil {
				return nil, fmt.Errorf("%w: %s: %w", ErrCommand, verb, err)
			}
			c := into.Elem().Interface().(Command)
			return c, Validate(c)
		}
		return nil, fmt.Errorf("%w: unknown verb %q", ErrCommand, verb)
	}
	panic("unreachable: one member")
}

// MaxDrift is the fastest drift, in seconds per second: a day in a second.
const MaxDrift = 86400

// Validate checks what a command's type alone cannot say.
func Validate(c Command) error {
	var err error
	switch c := c.(type) {
	case Fault:
		err = c.Rule.Validate()
	case Skew:
		switch by := time.Duration(c.By); {
		case !(math.Abs(c.Drift) <= MaxDrift): // NaN too
			err = fmt.Errorf("drift %v is beyond %d seconds per second", c.Drift, MaxDrift)
		case by > clock.MaxOffset || by < -clock.MaxOffset:
			err = fmt.Errorf("%s is beyond the %s that a clock can be moved (100 years)", c.By, clock.Duration(clock.MaxOffset))
		}
	case Record:
		err = c.validate()
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrCommand, c.Verb(), err)
	}
	return nil
}

// MarshalJSON writes the event as a timeline entry without its place.
func (r Record) MarshalJSON() ([]byte, error) {
	return json.Marshal(timeline.Entry{Source: r.Source, Event: r.Event})
}

// UnmarshalJSON reads what MarshalJSON writes. An issuer's own events are refused.
func (r *Record) UnmarshalJSON(data []byte) error {
	var e timeline.Entry
	if err := e.UnmarshalJSON(data); err != nil {
		return err
	}
	*r = Record{e.Source, e.Event}
	return r.validate()
}

func (r Record) validate() error {
	switch r.Event.(type) {
	case timeline.Began, timeline.Ended, timeline.Presented, timeline.TargetStarted, timeline.TargetStopped, timeline.Note:
	case nil:
		return errors.New("no event")
	default:
		return fmt.Errorf("%s is the issuer's own to record", r.Event.Type())
	}
	if r.Source != timeline.Harness && r.Source != timeline.App {
		return fmt.Errorf("source %q is neither %q nor %q", r.Source, timeline.Harness, timeline.App)
	}
	return nil
}
