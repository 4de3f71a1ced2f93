package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// Encode writes a scenario as JSON, as a timeline's first entry carries it.
// DecodeJSON reads it back to the same scenario, but for the lines.
func Encode(s Scenario) ([]byte, error) {
	data, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode scenario %s: %w", s.ID, err)
	}
	return data, nil
}

// DecodeJSON reads what Encode writes, as strictly as Decode reads YAML; the
// errors carry paths in the place of positions.
func DecodeJSON(data []byte) (Scenario, error) {
	var s Scenario
	if err := strict(data, &s); err != nil {
		return Scenario{}, fmt.Errorf("decode scenario: %w", err)
	}
	if errs := Validate(s); len(errs) > 0 {
		return Scenario{}, fmt.Errorf("decode scenario: %w", errs)
	}
	return s.WithDefaults(), nil
}

// strict reads one JSON value and refuses unknown members and what follows.
func strict(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}

// MarshalJSON writes {"verb": {...}}. The line stays behind: it means nothing
// without its file.
func (s Step) MarshalJSON() ([]byte, error) {
	if s.Do == nil {
		return nil, errors.New("a step without a verb")
	}
	return json.Marshal(map[string]any{s.Do.Verb(): s.Do})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Step) UnmarshalJSON(data []byte) error {
	do, err := oneMember(data, "step", Verbs(), Verb.Verb)
	*s = Step{Do: do}
	return err
}

// MarshalJSON writes {"rule": {...}}.
func (e Expect) MarshalJSON() ([]byte, error) {
	if e.Rule == nil {
		return nil, errors.New("an expectation without a rule")
	}
	return json.Marshal(map[string]any{e.Rule.Rule(): e.Rule})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (e *Expect) UnmarshalJSON(data []byte) error {
	rule, err := oneMember(data, "rule", Rules(), Rule.Rule)
	*e = Expect{Rule: rule}
	return err
}

// oneMember reads an object with a single member, one of the words of set.
func oneMember[T any](data []byte, kind string, set []T, word func(T) string) (chosen T, err error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil {
		return chosen, fmt.Errorf("a %s is an object with one member: %w", kind, err)
	}
	if len(object) != 1 {
		return chosen, fmt.Errorf("a %s is an object with one member, not %d", kind, len(object))
	}
	for _, zero := range set {
		body, is := object[word(zero)]
		if !is {
			continue
		}
		into := reflect.New(reflect.TypeOf(zero))
		if err := strict(body, into.Interface()); err != nil {
			return chosen, fmt.Errorf("%s: %w", word(zero), err)
		}
		return into.Elem().Interface().(T), nil
	}
	for name := range object {
		cause, hint := unknownWord(kind, name, wordsOf(set, word))
		err = fmt.Errorf("%s (%s)", cause, hint)
	}
	return chosen, err
}

// UnmarshalJSON reads a promise's name, or an object of its members.
func (p *Promise) UnmarshalJSON(data []byte) error {
	var name string
	if json.Unmarshal(data, &name) == nil {
		promise, err := PromiseByName(name)
		*p = promise
		return err
	}
	type members Promise // without this method
	var m members
	if err := strict(data, &m); err != nil {
		return fmt.Errorf("promise: %w", err)
	}
	if errs := checkPromise(Promise(m)); len(errs) > 0 {
		return errs
	}
	*p = Promise(m)
	return nil
}

// wordsOf lists the words of a closed set.
func wordsOf[T any](set []T, word func(T) string) []string {
	words := make([]string, len(set))
	for i, one := range set {
		words[i] = word(one)
	}
	return words
}

// MarshalJSON writes a number as a number, as the file has it.
func (a Amount) MarshalJSON() ([]byte, error) {
	if a.Word != "" {
		return json.Marshal(a.Word)
	}
	return json.Marshal(a.Number)
}

// UnmarshalJSON reads a number or the word.
func (a *Amount) UnmarshalJSON(data []byte) error {
	return a.UnmarshalText(bytes.Trim(data, `"`))
}
