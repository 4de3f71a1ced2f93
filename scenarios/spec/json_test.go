package spec_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rollover-harness/rollover/scenarios/spec"
)

// lineless compares scenarios but for the lines they came from.
func lineless() cmp.Option {
	return cmp.Options{cmpopts.IgnoreFields(spec.Step{}, "Line"), cmpopts.IgnoreFields(spec.Expect{}, "Line")}
}

func TestEncodeDecodesToTheSame(t *testing.T) {
	s, err := spec.Decode("f", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	data, err := spec.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	back, err := spec.DecodeJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, back, lineless()); diff != "" {
		t.Error(diff)
	}
}

func TestEncodeWritesTheFormOfTheFile(t *testing.T) {
	s := built()
	s.Steps = append(s.Steps, spec.Step{Do: spec.Wait{For: spec.For(90 * time.Second), Fetched: "new"}}, spec.Step{Do: spec.Present{Key: "new", Until: spec.Row{Length: 3}}})
	data, err := spec.Encode(s.WithDefaults())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"apiVersion":"rollover/v1","id":"X1","name":"x","title":"X","because":"RFC 0000","profile":"extended",` +
		`"issuer":{"keys":[{"name":"initial","alg":"RS256","state":"active"}]},` +
		`"steps":[{"present":{"times":1,"together":1}},{"publish":{"name":"new"}},{"present":{"key":"new","times":1,"together":1}},` +
		`{"wait":{"for":"1m30s","fetched":"new"}},{"present":{"key":"new","until":"3 in a row","within":"patience"}}],` +
		`"expect":[{"accepts":{"key":"new","within":"promise.recovery"}}]}`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Error(diff)
	}
	if _, err := spec.Encode(spec.Scenario{ID: "X1", Steps: []spec.Step{{}}}); err == nil {
		t.Error("a step without a verb was encoded")
	}
	if _, err := spec.Encode(spec.Scenario{ID: "X1", Expect: []spec.Expect{{}}}); err == nil {
		t.Error("an expectation without a rule was encoded")
	}
}

func TestDecodeJSONRefuses(t *testing.T) {
	data, err := spec.Encode(built())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"no JSON":        {`{"apiVersion"`, `{`, "decode scenario: invalid character ':' looking for beginning of object key string"},
		"a second":       {`}]}`, `}]} {}`, "decode scenario: more than one JSON value"},
		"unknown member": {`"id"`, `"idd"`, `decode scenario: json: unknown field "idd"`},
		"unknown deep":   {`{"key":"new"}}]`, `{"kee":"new"}}]`, `decode scenario: present: json: unknown field "kee"`},
		"unknown verb":   {`{"publish"`, `{"publihs"`, `decode scenario: unknown step "publihs" (did you mean "publish"?)`},
		"unknown rule":   {`{"accepts"`, `{"acepts"`, `decode scenario: unknown rule "acepts" (did you mean "accepts"?)`},
		"two verbs":      {`{"present":{}}`, `{"present":{},"restart":{}}`, "decode scenario: a step is an object with one member, not 2"},
		"no object":      {`{"present":{}}`, `7`, "decode scenario: a step is an object with one member: json: cannot unmarshal number into Go value of type map[string]json.RawMessage"},
		"meaning":        {`{"key":"new"}}]`, `{"key":"nwe"}}]`, "decode scenario: steps[2].present.key: no key \"nwe\" by then (did you mean \"new\"?)\nexpect[0].accepts.key: no step presents key \"new\" (present: {key: new})"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(string(data), c.old, c.new, 1)
			if changed == string(data) {
				t.Fatalf("%s does not hold %s", data, c.old)
			}
			_, err := spec.DecodeJSON([]byte(changed))
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestPromiseReadsItsOwnJSON(t *testing.T) {
	for _, name := range spec.PromiseNames() {
		want, err := spec.PromiseByName(name)
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{string(data), `"` + name + `"`} {
			var got spec.Promise
			if err := json.Unmarshal([]byte(text), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(text, diff)
			}
		}
	}
	for _, text := range []string{`"lax"`, `{"leway": "1s"}`, `{"recovery": "soon"}`, `{"leeway": "-1s"}`, `7`} {
		if err := json.Unmarshal([]byte(text), new(spec.Promise)); err == nil {
			t.Errorf("%s was read", text)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, text := range []string{whole, scenario("", shown, accepted), "", "a: &x [*x]", "steps: [{present: {claims: {a: [1, {b: null}]}}}]", "- - - {", "\"\\x00\": 1"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := spec.Decode("f", data)
		if err != nil {
			located(t, err, data)
			return
		}
		encoded, err := spec.Encode(s)
		if err != nil {
			t.Fatal(err)
		}
		back, err := spec.DecodeJSON(encoded)
		if err != nil {
			t.Fatalf("%v in %s", err, encoded)
		}
		if diff := cmp.Diff(s, back, lineless()); diff != "" {
			t.Error(diff)
		}
	})
}

func FuzzDecodeFile(f *testing.F) {
	for _, text := range []string{wholeFile, file("", ""), process("    command: [a, \"${port}\"]\n"), "promise: {recovery: restart}"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := spec.DecodeFile("f", data)
		if err != nil {
			located(t, err, data)
			return
		}
		if errs := spec.ValidateFile(got); len(errs) > 0 {
			t.Error("what was read is not valid:", errs)
		}
		promise, err := json.Marshal(got.Promise)
		if err != nil {
			t.Fatal(err)
		}
		var back spec.Promise
		if err := json.Unmarshal(promise, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got.Promise, back); diff != "" {
			t.Error(diff)
		}
	})
}

func FuzzDecodeJSON(f *testing.F) {
	s, err := spec.Decode("f", []byte(whole))
	if err != nil {
		f.Fatal(err)
	}
	data, err := spec.Encode(s)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"steps":[{"present":{"claims":{"a":null}}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := spec.DecodeJSON(data)
		if err != nil {
			return
		}
		encoded, err := spec.Encode(s)
		if err != nil {
			t.Fatal(err)
		}
		back, err := spec.DecodeJSON(encoded)
		if err != nil {
			t.Fatalf("%v in %s", err, encoded)
		}
		if diff := cmp.Diff(s, back, cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	})
}

// located demands that every error has a place inside the file and a cause.
func located(t *testing.T, err error, data []byte) {
	t.Helper()
	lines := strings.Count(string(data), "\n") + strings.Count(string(data), "\r") + 2
	var errs spec.Errors
	if !errors.As(err, &errs) {
		t.Fatalf("a %T", err)
	}
	for _, e := range errs {
		if e.Line < 1 || e.Line > lines || e.Column < 1 || e.Column > len(data)+2 || e.Cause == "" || e.File != "f" {
			t.Errorf("%+v has no place in %d lines", e, lines)
		}
	}
}
