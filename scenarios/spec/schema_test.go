package spec_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/rollover-harness/rollover/scenarios/spec"
)

// compile turns a generated schema into one that validates.
func compile(t *testing.T, schema func() ([]byte, error)) *jsonschema.Schema {
	t.Helper()
	data, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// instance is a YAML file as an editor's validator sees it.
func instance(t *testing.T, text []byte) any {
	t.Helper()
	var value any
	if err := yaml.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	read, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func TestSchemaAndDecoderAgreeOnGoodScenarios(t *testing.T) {
	schema := compile(t, spec.ScenarioSchema)
	names, err := filepath.Glob("../*/*.yaml")
	if err != nil || len(names) < 17 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	good := map[string][]byte{"whole": []byte(whole)}
	for _, name := range names {
		if good[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	examples, err := spec.Examples()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range examples {
		good["example of "+e.Word] = e.Source
	}
	for name, data := range good {
		s, err := spec.Decode(name, data)
		if err != nil {
			t.Error(err)
			continue
		}
		if err := schema.Validate(instance(t, data)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		// What a timeline carries is a scenario file, too.
		encoded, err := spec.Encode(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(instance(t, encoded)); err != nil {
			t.Errorf("%s, encoded: %v", name, err)
		}
	}
}

func TestSchemaAndDecoderAgreeOnBadScenarios(t *testing.T) {
	schema := compile(t, spec.ScenarioSchema)
	for name, file := range map[string]string{
		"empty mapping":   "{}",
		"misspelt step":   scenario("", "  - rotat: {}\n", accepted),
		"internal step":   scenario("", "  - record: {}\n", accepted),
		"misspelt rule":   scenario("", shown, "  - acepts: {key: initial}\n"),
		"misspelt member": scenario("", "  - present: {kee: initial}\n", accepted),
		"top level":       scenario("idd: a\n", shown, accepted),
		"two verbs":       scenario("", "  - present: {}\n    wait: {for: 1s}\n", accepted),
		"no verb":         scenario("", "  - {}\n", accepted),
		"bare verb":       scenario("", "  - restart:\n", accepted),
		"steps no list":   scenario("", "  present: {}\n", accepted),
		"no steps":        scenario("", "  []\n", accepted),
		"id":              strings.Replace(scenario("", shown, accepted), "id: X1", "id: ../X", 1),
		"name":            strings.Replace(scenario("", shown, accepted), "name: x", "name: X Y", 1),
		"version":         strings.Replace(scenario("", shown, accepted), "rollover/v1", "rollover/v9", 1),
		"profile":         strings.Replace(scenario("", shown, accepted), "profile: extended", "profile: all", 1),
		"need":            scenario("needs: [luck]\n", shown, accepted),
		"state":           scenario("issuer: {keys: [{name: initial, state: removed}]}\n", shown, accepted),
		"algorithm":       scenario("issuer: {keys: [{name: initial, alg: HS256}]}\n", shown, accepted),
		"emptied":         scenario("", "  - present: {key: \"\"}\n", accepted),
		"number for text": scenario("", "  - present: {key: 7}\n", accepted),
		"text for number": scenario("", "  - present: {times: many}\n", accepted),
		"fraction":        scenario("", "  - present: {times: 1.5}\n", accepted),
		"text for bool":   scenario("", "  - wait: {for: 1s, bait: \"true\"}\n", accepted),
		"duration":        scenario("", "  - skew: {by: soon}\n", accepted),
		"bare number":     scenario("", "  - skew: {by: 5}\n", accepted),
		"negative span":   scenario("", "  - wait: {for: -5s}\n", accepted),
		"word of another": scenario("", "  - wait: {for: promise.recovery}\n", accepted),
		"row":             scenario("", "  - present: {until: 0 in a row}\n", accepted),
		"forge":           scenario("", "  - present: {forge: alg-nine}\n", accepted),
		"missing":         scenario("", "  - wait: {bait: true}\n", accepted),
		"fault of none":   scenario("", "  - fault: {id: a}\n", accepted),
		"fault of two":    scenario("", "  - fault: {hang: {}, refuse: {}}\n", accepted),
		"fault's kind":    scenario("", "  - fault: {extra: {kind: odd}}\n", accepted),
		"extra of two":    scenario("", "  - fault: {extra: {kind: \"null\", jwk: \"{}\"}}\n", accepted),
		"fault's order":   scenario("", "  - fault: {reorder: {order: random}}\n", accepted),
		"no selector":     scenario("", shown, "  - accepts: {}\n"),
		"two selectors":   scenario("", "  - present: {token: a}\n", "  - rejects: {key: initial, token: a}\n"),
		"amount":          scenario("", shown, "  - fetches: {document: jwks, atMost: -1}\n"),
		"document":        scenario("", shown, "  - fetches: {document: other, atMost: 1}\n"),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := spec.Decode("f", []byte(file)); err == nil {
				t.Error("the decoder takes it")
			}
			if err := schema.Validate(instance(t, []byte(file))); err == nil {
				t.Error("the schema takes it")
			}
		})
	}
}

func TestSchemaAndDecoderAgreeOnFiles(t *testing.T) {
	schema := compile(t, spec.FileSchema)
	for name, text := range map[string]string{
		"whole":    wholeFile,
		"shortest": file("", ""),
		"image":    container("image: a, port: 80, env: {A: \"${url}\"}, files: {/app/x: y}"),
		"build":    container("build: {context: .}, port: 80"),
		"pinned":   file("", "promise: pinned\n"),
		"spelled":  file("", "promise: {recovery: restart, rejectedGood: 3, fetchesPerMinute: 0.5, outage: 1h, leeway: 0s}\n"),
		"fast":     file("", "promise: {recovery: 0s}\n"),
		"login":    file("  present: {as: saml-login, path: /, reply: /acs, start: issuer}\n", "issuer: {profile: adfs, saml: {version: \"2.0\", trust: \"1.3\", sign: both, algorithm: rsa-sha1, keyInfo: absent}}\n"),
	} {
		if _, err := spec.DecodeFile(name, []byte(text)); err != nil {
			t.Error(err)
		}
		if err := schema.Validate(instance(t, []byte(text))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"no target":      "apiVersion: rollover/v1\n",
		"two kinds":      file("  process: {command: [a]}\n", ""),
		"no kind":        "apiVersion: rollover/v1\ntarget: {name: a}\n",
		"two images":     container("image: a, build: {context: .}, port: 80"),
		"no image":       container("port: 80"),
		"no port":        container("image: a"),
		"no command":     process("    command: []\n"),
		"env of numbers": process("    command: [a]\n    env: {PORT: 8080}\n"),
		"clock":          process("    command: [a]\n  clock: sundial\n"),
		"carry":          file("  present: {as: pigeon}\n", ""),
		"start":          file("  present: {as: saml-login, start: here}\n", entra),
		"saml":           file("  present: {as: saml-login}\n", "issuer: {profile: entra, saml: {sign: all}}\n"),
		"saml of more":   file("  present: {as: saml-login}\n", "issuer: {profile: entra, saml: {signs: both}}\n"),
		"status":         file("  accepted: [ok]\n", ""),
		"issuer":         file("", "issuer: {profile: acme}\n"),
		"promise":        file("", "promise: lax\n"),
		"promise's name": file("", "promise: {name: strict}\n"),
		"recovery":       file("", "promise: {recovery: soon}\n"),
		"recovery below": file("", "promise: {recovery: -1s}\n"),
		"selection":      file("", "scenarios: {profile: all}\n"),
	} {
		if _, err := spec.DecodeFile(name, []byte(text)); err == nil {
			t.Errorf("%s: the decoder takes it", name)
		}
		if err := schema.Validate(instance(t, []byte(text))); err == nil {
			t.Errorf("%s: the schema takes it", name)
		}
	}
}

// Every member of every mapping says what it is: the schema is what an editor
// shows while one writes.
func TestSchemaDescribesEveryMember(t *testing.T) {
	for _, schema := range []func() ([]byte, error){spec.ScenarioSchema, spec.FileSchema} {
		data, err := schema()
		if err != nil {
			t.Fatal(err)
		}
		var root struct {
			Properties map[string]struct{ Description string }
			Defs       map[string]struct {
				Properties map[string]struct{ Description string }
			} `json:"$defs"`
		}
		if err := json.Unmarshal(data, &root); err != nil {
			t.Fatal(err)
		}
		if len(root.Defs) == 0 {
			t.Error("no definitions")
		}
		root.Defs["the file"] = struct {
			Properties map[string]struct{ Description string }
		}{root.Properties}
		for name, def := range root.Defs {
			for member, property := range def.Properties {
				if property.Description == "" {
					t.Errorf("%s.%s has no description", name, member)
				}
			}
		}
	}
}

func TestEveryVerbAndRuleHasItsExample(t *testing.T) {
	examples, err := spec.Examples()
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, v := range spec.Verbs() {
		want = append(want, v.Verb())
	}
	for _, r := range spec.Rules() {
		want = append(want, r.Rule())
	}
	for _, e := range examples {
		got = append(got, e.Word)
		shows := slices.ContainsFunc(e.Scenario.Steps, func(s spec.Step) bool { return s.Do.Verb() == e.Word }) ||
			slices.ContainsFunc(e.Scenario.Expect, func(x spec.Expect) bool { return x.Rule.Rule() == e.Word })
		if !shows || e.Scenario.ID != "X-"+e.Word {
			t.Errorf("the example %s of %s does not show it", e.Scenario.ID, e.Word)
		}
	}
	if !slices.Equal(want, got) {
		t.Errorf("got %v, want %v", got, want)
	}
	names, err := filepath.Glob("examples/*.yaml")
	if err != nil || len(names) != len(want) {
		t.Errorf("%d files for %d words, %v", len(names), len(want), err)
	}
}
