package spec

import (
	"reflect"
	"slices"
	"strings"
)

// member is one key of a mapping: a field of the struct that the mapping is
// read into. Decoder, checks and schema are made from it, so that they agree.
type member struct {
	name     string
	field    reflect.StructField
	optional bool
	doc      string
}

// members lists the keys of a struct in its order; embedded structs are inlined.
func members(t reflect.Type) []member {
	var list []member
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			for _, inner := range members(f.Type) {
				inner.field.Index = append([]int{i}, inner.field.Index...)
				list = append(list, inner)
			}
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		list = append(list, member{
			name: name, field: f, doc: f.Tag.Get("doc"),
			optional: strings.Contains(options, "omit"),
		})
	}
	return list
}

// fileMembers lists the keys that a mapping may have in a file: a promise that
// has a name is given by the name alone.
func fileMembers(t reflect.Type) []member {
	list := members(t)
	if typeIs[Promise](t) {
		list = slices.DeleteFunc(list, func(m member) bool { return m.name == "name" })
	}
	return list
}

// requiredMembers lists the names that a mapping cannot do without.
func requiredMembers(t reflect.Type) []string {
	var names []string
	for _, m := range members(t) {
		if !m.optional {
			names = append(names, m.name)
		}
	}
	return names
}

// allNames lists the keys that a mapping may have.
func allNames(list []member) []string {
	names := make([]string, len(list))
	for i, m := range list {
		names[i] = m.name
	}
	return names
}
