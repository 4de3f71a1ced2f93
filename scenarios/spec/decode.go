package spec

import (
	"reflect"
	"slices"
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
