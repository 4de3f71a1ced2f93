package spec

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// typeIs reports whether t is T itself.
func typeIs[T any](t reflect.Type) bool { return t == reflect.TypeFor[T]() }

// readsText reports whether values of t are read from text.
func readsText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// value fills into from n.
func (d *decoder) value(n *yaml.Node, into reflect.Value, path string) {
	d.at[path] = position{n.Line, n.Column, inset(n)}
	t := into.Type()
	switch {
	case t.Kind() == reflect.Interface:
		if v := d.any(n, path); v != nil {
			into.Set(reflect.ValueOf(v))
		}
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		hint := "leave it out or give it a value"
		if k := deref(t); k.Kind() == reflect.Struct && len(requiredMembers(k)) == 0 && !readsText(k) {
			hint = "write {} for its defaults"
		}
		d.fail(n, path, label(path)+" is empty", hint)
	case t.Kind() == reflect.Pointer:
		into.Set(reflect.New(t.Elem()))
		d.value(n, into.Elem(), path)
	case typeIs[Step](t):
		verb, line := oneOf(d, n, path, "step", Verbs(), Verb.Verb)
		into.Set(reflect.ValueOf(Step{verb, line}))
	case typeIs[Expect](t):
		rule, line := oneOf(d, n, path, "rule", Rules(), Rule.Rule)
		into.Set(reflect.ValueOf(Expect{rule, line}))
	case typeIs[Promise](t) && n.Kind == yaml.ScalarNode:
		promise, err := PromiseByName(n.Value)
		if err != nil {
			cause, hint := unknownWord("promise", n.Value, PromiseNames())
			d.fail(n, path, cause, hint)
		}
		into.Set(reflect.ValueOf(promise))
	case readsText(t):
		d.text(n, into, path)
	case t.Kind() == reflect.Struct:
		d.mapping(n, into, path)
	case t.Kind() == reflect.Slice:
		d.list(n, into, path)
	case t.Kind() == reflect.Map:
		d.dictionary(n, into, path)
	default:
		d.scalar(n, into, path)
	}
}

func inset(n *yaml.Node) int {
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return -1
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		return 1
	}
	return 0
}

func deref(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// label is what messages call the value at path.
func label(path string) string {
	if path == "" {
		return "the file"
	}
	return path[strings.LastIndex(path, ".")+1:]
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// keys goes through a mapping: text keys, each once.
func (d *decoder) keys(n *yaml.Node, path string, each func(key, value *yaml.Node)) {
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content) && len(d.errs) < maxErrs; i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode || !isText(key) {
			d.fail(key, path, "a key that is no text", "put it in quotes")
			continue
		}
		if line, is := first[key.Value]; is {
			d.fail(key, path, fmt.Sprintf("key %q is there twice", key.Value), fmt.Sprintf("first on line %d", line))
			continue
		}
		first[key.Value] = key.Line
		each(key, value)
	}
}

func (d *decoder) mapping(n *yaml.Node, into reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, path, label(path)+" must be a mapping", "keys and values, such as name: value")
		return
	}
	list := fileMembers(into.Type())
	given := map[string]bool{}
	d.keys(n, path, func(key, value *yaml.Node) {
		given[key.Value] = true
		i := slices.IndexFunc(list, func(m member) bool { return m.name == key.Value })
		if i < 0 {
			cause, hint := unknownWord("key", key.Value, allNames(list))
			d.fail(key, path, cause, hintFor(into.Type(), key.Value, hint))
			return
		}
		d.value(value, into.FieldByIndex(list[i].field.Index), join(path, key.Value))
	})
	for _, m := range list {
		if !m.optional && !given[m.name] {
			d.fail(n, path, fmt.Sprintf("%s has no %s", label(path), m.name), m.doc)
		}
	}
}

// hintFor is a better hint than the likeness of words, where there is one.
func hintFor(t reflect.Type, key, hint string) string {
	if typeIs[Promise](t) && key == "name" {
		return "a promise is either a name, as in promise: microsoft, or its members"
	}
	return hint
}

func (d *decoder) list(n *yaml.Node, into reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		d.fail(n, path, label(path)+" must be a list", "each entry begins with a hyphen, or all stand in [ ]")
		return
	}
	if len(n.Content) == 0 {
		return // no entries and no list are the same
	}
	if len(n.Content) > maxList {
		d.fail(n, path, fmt.Sprintf("%s has %d entries", label(path), len(n.Content)), fmt.Sprintf("at most %d", maxList))
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.value(item, into.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
}

func (d *decoder) dictionary(n *yaml.Node, into reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, path, label(path)+" must be a mapping", "keys and values, such as name: value")
		return
	}
	if len(n.Content) == 0 {
		return
	}
	into.Set(reflect.MakeMap(into.Type()))
	d.keys(n, path, func(key, value *yaml.Node) {
		item := reflect.New(into.Type().Elem()).Elem()
		d.value(value, item, join(path, key.Value))
		into.SetMapIndex(reflect.ValueOf(key.Value), item)
	})
}

// oneOf reads a mapping with a single key, one of the words of set.
func oneOf[T any](d *decoder, n *yaml.Node, path, kind string, set []T, word func(T) string) (chosen T, line int) {
	words := wordsOf(set, word)
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 {
		d.fail(n, path, fmt.Sprintf("a %s is a mapping with one key", kind), "one of "+strings.Join(words, ", "))
		return chosen, n.Line
	}
	d.keys(n, path, func(key, value *yaml.Node) {
		i := slices.Index(words, key.Value)
		if i < 0 {
			cause, hint := unknownWord(kind, key.Value, words)
			d.fail(key, path, cause, hint)
			return
		}
		into := reflect.New(reflect.TypeOf(set[i])).Elem()
		d.value(value, into, join(path, key.Value))
		chosen = into.Interface().(T)
	})
	return chosen, n.Line
}
