package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

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

// Validate checks what a command's type alone cannot say.
func Validate(c Command) error {
	if f, is := c.(Fault); is {
		if err := f.Rule.Validate(); err != nil {
			return fmt.Errorf("%w: %w", ErrCommand, err)
		}
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
	switch e.Event.(type) {
	case timeline.Began, timeline.Ended, timeline.Presented, timeline.TargetStarted, timeline.TargetStopped, timeline.Note:
	default:
		return fmt.Errorf("%s is the issuer's own to record", e.Event.Type())
	}
	if e.Source != timeline.Harness && e.Source != timeline.App {
		return fmt.Errorf("source %q is neither %q nor %q", e.Source, timeline.Harness, timeline.App)
	}
	*r = Record{e.Source, e.Event}
	return nil
}
