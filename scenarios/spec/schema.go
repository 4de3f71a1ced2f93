package spec

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/fault"
)

// ScenarioSchema is the JSON Schema (2020-12) of scenario files, for editors.
// It is made from the types and tables that the decoder uses; what needs more
// than one member to judge, such as keys that do not exist, it cannot say.
func ScenarioSchema() ([]byte, error) {
	return schemaOf(reflect.TypeFor[Scenario](), "A scenario: what an issuer does, and what a sound app does then")
}

// FileSchema is the JSON Schema (2020-12) of target files.
func FileSchema() ([]byte, error) {
	return schemaOf(reflect.TypeFor[File](), "A target file: the app under test, what its team promises, and what it must face")
}

func schemaOf(t reflect.Type, title string) ([]byte, error) {
	s := schemas{defs: object{}, types: map[string]reflect.Type{}}
	root := s.structure(t)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = title
	root["$defs"] = s.defs
	data, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode schema: %w", err)
	}
	return append(data, '\n'), nil
}

type object = map[string]any

// schemas collects the definitions of all types that a file is made of.
type schemas struct {
	defs  object
	types map[string]reflect.Type // whose definition it is
}

// durationPattern is what time.ParseDuration reads.
const durationPattern = `(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)`

// member is the schema of one key of t.
func (s *schemas) member(t reflect.Type, m member) object {
	var schema object
	allowed := words(t, m.name)
	switch of := deref(m.field.Type); {
	case typeIs[clock.Duration](of):
		schema = object{"type": "string", "pattern": "^[-+]?" + durationPattern + "$"}
	case typeIs[Span](of):
		schema = anyOf(object{"type": "string", "pattern": `^\+?` + durationPattern + "$"}, allowed)
	case typeIs[Amount](of):
		schema = anyOf(object{"type": "integer", "minimum": 0}, allowed)
	case typeIs[Recovery](of):
		schema = anyOf(object{"type": "string", "pattern": `^\+?` + durationPattern + "$"}, []string{"restart"})
	case typeIs[Row](of):
		schema = object{"type": "string", "pattern": `^([1-9][0-9]?|100)( rejected)? in a row$`}
	default:
		schema = s.of(m.field.Type)
		switch {
		case allowed != nil && m.field.Type.Kind() == reflect.Slice:
			schema["items"] = object{"type": "string", "enum": allowed}
		case allowed != nil:
			schema["enum"] = allowed
		case m.field.Type.Kind() == reflect.String && !mayBeEmpty(t, m.name):
			schema["minLength"] = 1
		}
		if m.field.Type.Kind() == reflect.Slice && !m.optional {
			schema["minItems"] = 1
		}
	}
	if form := forms(t, m.name); form != nil {
		schema["pattern"] = form.String()
	}
	schema["description"] = m.doc
	return schema
}

func anyOf(schema object, words []string) object {
	if len(words) == 0 {
		return schema
	}
	return object{"anyOf": []any{schema, object{"enum": words}}}
}

// of is the schema of a type.
func (s *schemas) of(t reflect.Type) object {
	switch {
	case t.Kind() == reflect.Pointer:
		return s.of(t.Elem())
	case typeIs[Step](t):
		return singles(s, Verbs(), Verb.Verb)
	case typeIs[Expect](t):
		return singles(s, Rules(), Rule.Rule)
	case typeIs[Promise](t):
		s.define(t)
		return object{"oneOf": []any{object{"enum": PromiseNames()}, reference(t)}}
	}
	switch t.Kind() {
	case reflect.Struct:
		s.define(t)
		return reference(t)
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Interface:
		return object{}
	}
	panic(fmt.Sprintf("no schema for %s", t))
}

func reference(t reflect.Type) object { return object{"$ref": "#/$defs/" + t.Name()} }

// define puts a struct among the definitions.
func (s *schemas) define(t reflect.Type) {
	if former, is := s.types[t.Name()]; is {
		if former != t {
			panic(fmt.Sprintf("two definitions named %s: %s and %s", t.Name(), former, t))
		}
		return
	}
	s.types[t.Name()] = t
	s.defs[t.Name()] = s.structure(t)
}

// structure is the schema of a mapping.
func (s *schemas) structure(t reflect.Type) object {
	properties := object{}
	for _, m := range fileMembers(t) {
		properties[m.name] = s.member(t, m)
	}
	schema := object{"type": "object", "properties": properties, "additionalProperties": false}
	if required := requiredMembers(t); len(required) > 0 {
		schema["required"] = required
	}
	if names := exclusive(t); len(names) > 0 {
		var choices []any
		for _, name := range names {
			choices = append(choices, object{"required": []string{name}})
		}
		schema["oneOf"] = choices
	}
	return schema
}

// singles is the schema of a mapping with a single key, one of the words of set.
func singles[T any](s *schemas, set []T, word func(T) string) object {
	choices := make([]any, len(set))
	for i, one := range set {
		name := word(one)
		choices[i] = object{
			"type": "object", "properties": object{name: s.of(reflect.TypeOf(one))},
			"required": []string{name}, "additionalProperties": false,
		}
	}
	return object{"oneOf": choices}
}

// exclusive lists the members of which a mapping has exactly one.
func exclusive(t reflect.Type) []string {
	switch {
	case typeIs[Target](t):
		return []string{"process", "container", "url"}
	case typeIs[Container](t):
		return []string{"image", "build"}
	case typeIs[Accepts](t):
		return []string{"key", "token"}
	case typeIs[Rejects](t):
		return []string{"key", "token", "forge"}
	case typeIs[fault.Extra](t):
		return []string{"kind", "jwk"}
	case typeIs[command.Fault](t):
		var effects []string
		for _, m := range members(t) {
			if m.field.Type.Kind() == reflect.Pointer {
				effects = append(effects, m.name)
			}
		}
		return effects
	}
	return nil
}
