package spec

import (
	"fmt"
	"reflect"
	"slices"
	"time"
)

// rule checks one rule against what the steps have shown.
func (c *checker) rule(r Rule, path string) {
	switch rule := r.(type) {
	case Accepts:
		c.selector(path, map[string]string{"key": rule.Key, "token": rule.Token}, exclusive(reflect.TypeOf(rule)))
	case Rejects:
		c.selector(path, map[string]string{"key": rule.Key, "token": rule.Token, "forge": string(rule.Forge)}, exclusive(reflect.TypeOf(rule)))
	case Fetches:
		if rule.AtMost.Word != "" && !rule.Per.IsZero() && rule.Per != For(time.Minute) {
			c.fail(path+".per", fmt.Sprintf("%s is per minute already", rule.AtMost.Word), "leave per out")
		}
		if rule.While != "" {
			c.label(rule.While, path+".while")
		}
	case Leeway:
		for i, label := range rule.Tokens {
			c.label(label, fmt.Sprintf("%s.tokens[%d]", path, i))
		}
	}
}

// selector demands exactly one of members, and that some step has shown such a
// token: a rule that nothing puts to the test would pass for nothing.
func (c *checker) selector(path string, members map[string]string, order []string) {
	var given []string
	for _, name := range order {
		if members[name] != "" {
			given = append(given, name)
		}
	}
	if len(given) != 1 {
		c.fail(path, fmt.Sprintf("%d of %s", len(given), list(order)), "exactly one says which tokens")
		return
	}
	switch value, at := members[given[0]], path+"."+given[0]; given[0] {
	case "key":
		if _, known := c.keys.ring.Key(value); !known {
			c.unknownKey(value, at)
		} else if !c.presented[value] {
			c.fail(at, fmt.Sprintf("no step presents key %q", value), "present: {key: "+value+"}")
		}
	case "token":
		c.label(value, at)
	case "forge":
		if !slices.Contains(c.forged, value) {
			c.fail(at, fmt.Sprintf("no step forges %s", value), "present: {forge: "+value+"}")
		}
	}
}

// label demands that a step has labelled a token so.
func (c *checker) label(name, path string) {
	if slices.Contains(c.labels, name) {
		return
	}
	cause, hint := unknownWord("token", name, c.labels)
	if len(c.labels) == 0 {
		hint = "no step labels its tokens: present: {token: " + name + "}"
	}
	c.fail(path, cause, hint)
}

// list writes words as in "key, token and forge".
func list(words []string) string {
	text := words[0]
	for i, w := range words[1:] {
		if i == len(words)-2 {
			text += " and " + w
		} else {
			text += ", " + w
		}
	}
	return text
}
