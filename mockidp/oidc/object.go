package oidc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/rollover-harness/rollover/mockidp/profile"
)

// object is a JSON object whose members keep their order: providers have one,
// and clients that cut documents up by hand depend on it.
type object []profile.Member

// set puts a value in the place of the member of that name, or at the end.
func (o *object) set(name string, value any) {
	if i := o.index(name); i >= 0 {
		(*o)[i].Value = value
		return
	}
	*o = append(*o, profile.Member{Name: name, Value: value})
}

// override sets members in alphabetical order; nil takes the member away.
func (o *object) override(with map[string]any) {
	for _, name := range sortedKeys(with) {
		if with[name] != nil {
			o.set(name, with[name])
		} else if i := o.index(name); i >= 0 {
			*o = slices.Delete(*o, i, i+1)
		}
	}
}

func (o object) value(name string) any {
	if i := o.index(name); i >= 0 {
		return o[i].Value
	}
	return nil
}

func (o object) index(name string) int {
	return slices.IndexFunc(o, func(m profile.Member) bool { return m.Name == name })
}

// encode writes the object without spaces.
func (o object) encode() ([]byte, error) {
	text := append(make([]byte, 0, 1024), '{')
	for i, m := range o {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(appendString(text, m.Name), ':')
		var err error
		if text, err = appendJSON(text, m.Value); err != nil {
			return nil, fmt.Errorf("encode %q: %w", m.Name, err)
		}
	}
	return append(text, '}'), nil
}

// appendJSON writes a value. What nearly all of a token and a key consist of takes
// a short way: this is on the path of every token.
func appendJSON(text []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case int64:
		return strconv.AppendInt(text, v, 10), nil
	case string:
		return appendString(text, v), nil
	case []string:
		text = append(text, '[')
		for i, s := range v {
			if i > 0 {
				text = append(text, ',')
			}
			text = appendString(text, s)
		}
		return append(text, ']'), nil
	}
	return appendAny(text, value)
}

func appendString(text []byte, s string) []byte {
	if plain(s) {
		return append(append(append(text, '"'), s...), '"')
	}
	text, _ = appendAny(text, s) // every string has a JSON form
	return text
}

func appendAny(text []byte, value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return append(text, bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))...), nil
}

// plain reports whether a string is its own JSON form.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
