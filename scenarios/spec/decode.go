package spec

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Decode reads a scenario from YAML, strictly: what is not known, missing,
// doubled, of another type or against the life of a key is an error. name is
// the file as it was given; errors repeat it. The result has its defaults
// filled in. Every error is an Errors with all that was found.
func Decode(name string, data []byte) (Scenario, error) {
	var s Scenario
	d, errs := decodeInto(name, data, &s)
	if len(errs) == 0 {
		errs = d.place(checkScenario(s))
	}
	if len(errs) > 0 {
		return Scenario{}, sortErrors(errs)
	}
	return s.WithDefaults(), nil
}

// DecodeFile reads a target file from YAML as Decode reads a scenario.
func DecodeFile(name string, data []byte) (File, error) {
	var f File
	d, errs := decodeInto(name, data, &f)
	if len(errs) == 0 {
		errs = d.place(checkFile(f))
	}
	if len(errs) > 0 {
		return File{}, sortErrors(errs)
	}
	return f.WithDefaults(), nil
}

// decodeInto does what goes by type alone: structure and closed sets of words.
// Checks of meaning come after it, where nothing is wrong yet: a misspelt verb
// would make them find faults that are none.
func decodeInto(name string, data []byte, into any) (*decoder, Errors) {
	root, errs := parse(name, data)
	if len(errs) > 0 {
		return nil, errs
	}
	d := &decoder{file: name, at: map[string]position{}, broken: map[string]bool{}}
	value := reflect.ValueOf(into).Elem()
	d.value(root, value, "")
	errs = append(d.errs, d.place(checkWords(value, "", d.given))...)
	return d, errs[:min(len(errs), maxErrs)]
}

// position is where a value begins; inset is where its text begins after
// that, -1 where that cannot be told (block texts).
type position struct{ line, column, inset int }

// decoder fills Go values from YAML nodes and remembers where each came from.
type decoder struct {
	file   string
	errs   Errors
	at     map[string]position // by path
	broken map[string]bool     // paths that have an error already
}

// given reports whether the value at path came from the file as it should.
func (d *decoder) given(path string) bool {
	_, is := d.at[path]
	return is && !d.broken[path]
}

// place gives errors of a check the position of what they are about: that of
// their path, or of what holds it.
func (d *decoder) place(errs Errors) Errors {
	for i := range errs {
		e := &errs[i]
		e.File = d.file
		for path := e.Path; ; path = path[:max(0, strings.LastIndexAny(path, ".["))] {
			if p, is := d.at[path]; is {
				if e.Column > 0 && p.inset >= 0 {
					p.column += p.inset + e.Column - 1
				}
				e.Line, e.Column = p.line, p.column
				break
			}
		}
	}
	return errs
}

func (d *decoder) fail(n *yaml.Node, path, cause, hint string) {
	d.broken[path] = true
	d.errs = append(d.errs, Error{File: d.file, Line: n.Line, Column: n.Column, Path: path, Cause: cause, Hint: hint})
}

// is reports whether t is T itself.
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
	for i := 0; i+1 < len(n.Content); i += 2 {
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
	switch {
	case typeIs[Target](t) && key == "container":
		return "the kinds of target are process and url"
	case typeIs[Promise](t) && key == "name":
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
	switch kind := into.Kind(); {
	case kind == reflect.String:
		if !isText(n) {
			hint := ""
			if n.Kind == yaml.ScalarNode {
				hint = fmt.Sprintf("put it in quotes: %q", n.Value)
			}
			d.fail(n, path, label(path)+" must be text", hint)
			return
		}
		into.SetString(n.Value)
	case kind == reflect.Bool:
		if tag != "!!bool" {
			d.fail(n, path, label(path)+" must be true or false", "")
			return
		}
		into.SetBool(strings.EqualFold(n.Value, "true"))
	case kind == reflect.Int:
		number, err := strconv.ParseInt(n.Value, 10, 32)
		if n.Kind != yaml.ScalarNode || tag != "!!int" || err != nil {
			d.fail(n, path, label(path)+" must be a whole number", "")
			return
		}
		into.SetInt(number)
	case kind == reflect.Float64:
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

// IsTargetFile reports whether YAML is meant as a target file and not as a
// scenario: it has a member that only target files have. What cannot be read
// is none.
func IsTargetFile(data []byte) bool {
	root, errs := parse("", data)
	if len(errs) > 0 || root.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i < len(root.Content); i += 2 {
		if slices.Contains([]string{"target", "promise", "scenarios"}, root.Content[i].Value) {
			return true
		}
	}
	return false
}
