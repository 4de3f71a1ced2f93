package spec

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// isText reports whether a scalar is meant as text; dates are.
func isText(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && (n.ShortTag() == "!!str" || n.ShortTag() == "!!timestamp")
}

func (d *decoder) text(n *yaml.Node, into reflect.Value, path string) {
	if n.Kind != yaml.ScalarNode {
		d.fail(n, path, label(path)+" must be text", "")
		return
	}
	// A bare number is no duration, though Go reads "0" as one.
	err := fmt.Errorf("%s is not text", n.Value)
	if isText(n) || typeIs[Amount](into.Type()) {
		err = into.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(n.Value))
	}
	if err != nil {
		hint := ""
		if typeIs[Span](into.Type()) {
			hint = DidYouMean(n.Value, SpanWords())
		}
		d.fail(n, path, label(path)+": "+err.Error(), hint)
	}
}

func (d *decoder) scalar(n *yaml.Node, into reflect.Value, path string) {
	tag := n.ShortTag()
	switch into.Kind() {
	case reflect.String:
		if !isText(n) {
			hint := ""
			if n.Kind == yaml.ScalarNode {
				hint = fmt.Sprintf("put it in quotes: %q", n.Value)
			}
			d.fail(n, path, label(path)+" must be text", hint)
			return
		}
		into.SetString(n.Value)
	case reflect.Bool:
		if tag != "!!bool" {
			d.fail(n, path, label(path)+" must be true or false", "")
			return
		}
		into.SetBool(strings.EqualFold(n.Value, "true"))
	case reflect.Int:
		number, err := strconv.ParseInt(n.Value, 10, 32)
		if n.Kind != yaml.ScalarNode || tag != "!!int" || err != nil {
			d.fail(n, path, label(path)+" must be a whole number", "")
			return
		}
		into.SetInt(number)
	case reflect.Float64:
		number, err := strconv.ParseFloat(n.Value, 64)
		if n.Kind != yaml.ScalarNode || (tag != "!!int" && tag != "!!float") || err != nil {
			d.fail(n, path, label(path)+" must be a number", "")
			return
		}
		into.SetFloat(number)
	default:
		panic(fmt.Sprintf("no decoder for %s at %s", into.Type(), path))
	}
}

// any is a JSON value: what a claim or a header member may be.
func (d *decoder) any(n *yaml.Node, path string) any {
	switch {
	case n.Kind == yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			list[i] = d.any(item, fmt.Sprintf("%s[%d]", path, i))
		}
		return list
	case n.Kind == yaml.MappingNode:
		object := map[string]any{}
		d.keys(n, path, func(key, value *yaml.Node) { object[key.Value] = d.any(value, join(path, key.Value)) })
		return object
	case n.ShortTag() == "!!null":
		return nil
	case n.ShortTag() == "!!bool":
		return strings.EqualFold(n.Value, "true")
	case isText(n):
		return n.Value
	}
	number, err := strconv.ParseFloat(n.Value, 64)
	if err != nil || math.IsInf(number, 0) || math.IsNaN(number) || (n.ShortTag() == "!!int" && math.Abs(number) > 1<<53) {
		d.fail(n, path, fmt.Sprintf("%s is no number that JSON can carry", n.Value), fmt.Sprintf("put it in quotes: %q", n.Value))
		return nil
	}
	return number
}
