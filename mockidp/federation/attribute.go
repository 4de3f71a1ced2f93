package federation

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/profile"
)

// attribute is an attribute of an assertion: a claim in the words of WIF.
type attribute struct {
	name   string
	values []string
}

// attributes are the profile's with the claims of a request over them: a claim
// takes the place of the attribute of its name or stands at the end (in
// alphabetical order), null takes one away, a list gives several values.
func (m *Minter) attributes(subject string, claims map[string]any) ([]attribute, error) {
	list := make([]attribute, 0, len(m.fixed)+len(claims))
	for _, f := range m.fixed {
		text, is := f.Value.(string)
		if !is && f.Value == profile.Subject {
			text = subject
		}
		list = append(list, attribute{f.Name, []string{text}})
	}
	for _, name := range sortedKeys(claims) {
		i := slices.IndexFunc(list, func(a attribute) bool { return a.name == name })
		switch values, err := valuesOf(claims[name]); {
		case err != nil:
			return nil, fmt.Errorf("%w: claim %q: %w", credential.ErrRequest, name, err)
		case name == "":
			return nil, fmt.Errorf("%w: a claim has no name", credential.ErrRequest)
		case values == nil && i >= 0:
			list = slices.Delete(list, i, i+1)
		case values == nil:
		case i >= 0:
			list[i].values = values
		default:
			list = append(list, attribute{name, values})
		}
	}
	for _, a := range list {
		if err := writable(append([]string{a.name}, a.values...)...); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// valuesOf reads a claim as JSON or Go brought it; nil stands for null.
func valuesOf(claim any) ([]string, error) {
	switch c := claim.(type) {
	case nil:
		return nil, nil
	case string:
		return []string{c}, nil
	case bool:
		return []string{strconv.FormatBool(c)}, nil
	case int:
		return []string{strconv.Itoa(c)}, nil
	case int64:
		return []string{strconv.FormatInt(c, 10)}, nil
	case float64:
		return []string{strconv.FormatFloat(c, 'f', -1, 64)}, nil
	case json.Number:
		return []string{c.String()}, nil
	case []string:
		return append([]string{}, c...), nil
	case []any:
		values := []string{}
		for _, one := range c {
			value, err := valuesOf(one)
			if err != nil || len(value) != 1 {
				return nil, fmt.Errorf("a list of an attribute's values holds texts, numbers and booleans")
			}
			values = append(values, value[0])
		}
		return values, nil
	}
	return nil, fmt.Errorf("a %T is no value of an attribute: give a text, a number, a boolean or a list of them", claim)
}

// writable checks that texts consist of what XML 1.0 can hold (section 2.2).
func writable(texts ...string) error {
	for _, text := range texts {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool {
			return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff
		}) {
			return fmt.Errorf("%w: %q has characters that XML cannot hold", credential.ErrRequest, text)
		}
	}
	return nil
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
