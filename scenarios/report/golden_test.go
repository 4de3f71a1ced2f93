package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

func write(t *testing.T, writer func(io.Writer, Run) error, r Run) string {
	t.Helper()
	var b strings.Builder
	if err := writer(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func wide(width int) func(io.Writer, Run) error {
	return func(w io.Writer, r Run) error { return Terminal(w, r, Options{Width: width}) }
}

func TestGoldens(t *testing.T) {
	golden(t, "report.md", write(t, Markdown, sample()))
	golden(t, "report.xml", write(t, JUnit, sample()))
	golden(t, "report.txt", write(t, wide(100), sample()))
}

// The expectation is compared without white space, so that it can be read.
func TestJSONGolden(t *testing.T) {
	data, err := os.ReadFile("testdata/report.json")
	if err != nil {
		t.Fatal(err)
	}
	text := write(t, JSON, sample())
	var want, got bytes.Buffer
	if err := errors.Join(json.Compact(&want, data), json.Compact(&got, []byte(text))); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(want.String(), `,"`), strings.Split(got.String(), `,"`)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(text, "{\n  \"apiVersion\"") || !strings.HasSuffix(text, "}\n") {
		t.Error("not indented, or without a newline at its end")
	}
}

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	s, err := compiler.Compile("testdata/report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestJSONFitsTheSchema(t *testing.T) {
	s := schema(t)
	strict, err := spec.PromiseByName("strict")
	if err != nil {
		t.Fatal(err)
	}
	named := sample()
	named.Promise = strict
	empty := sample()
	empty.Verdicts = nil
	unknown := sample()
	unknown.Verdicts = []oracle.Verdict{{ID: "X1", Name: "own", Profile: "core"}}
	for name, r := range map[string]Run{"sample": sample(), "named promise": named, "empty": empty, "no outcome": unknown} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(write(t, JSON, r)))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The schema would notice: what an encoder does by itself to nil lists and
// absent members is refused.
func TestSchemaRefuses(t *testing.T) {
	s, text := schema(t), write(t, JSON, sample())
	for old, wrong := range map[string]string{
		`"findings": [`:             `"findings": null, "was": [`,
		`"evidence": []`:            `"evidence": null`,
		`"grade": null`:             `"grade": ""`,
		`"recoverySeconds": null`:   `"recoverySeconds": -1`,
		`"notApplicable": 1`:        `"not-applicable": 1`,
		`"startedAt": "2026-03-01T`: `"startedAt": "2026-03-01 `,
	} {
		changed := strings.Replace(text, old, wrong, 1)
		if changed == text {
			t.Fatalf("%s does not occur", old)
		}
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(changed))
		if err != nil {
			t.Fatal(err)
		}
		if s.Validate(value) == nil {
			t.Errorf("%s passes", wrong)
		}
	}
}

func TestJUnitIsXMLWhateverAnAppWrites(t *testing.T) {
	r := sample()
	var every strings.Builder
	for c := rune(0); c < 0x300; c++ {
		every.WriteRune(c)
	}
	every.WriteString("]]>\ufffe\uffff\xff")
	r.Verdicts = []oracle.Verdict{{ID: "A1", Name: every.String(), Outcome: oracle.Fail,
		Findings: []oracle.Finding{{Rule: "accepts", Outcome: oracle.Fail, Text: every.String()}}}}
	text := write(t, JUnit, r)
	decoder := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range text {
		if c < ' ' && c != '\n' || c == 0x7f || c == 0x9b || c == '\ufffe' {
			t.Errorf("control character %U", c)
		}
	}
}

func TestWritersAreWholeOrNotAtAll(t *testing.T) {
	broken := errors.New("disk full")
	for name, writer := range map[string]func(io.Writer, Run) error{"JSON": JSON, "JUnit": JUnit, "Markdown": Markdown, "Terminal": wide(0)} {
		calls := 0
		count := writerFunc(func(p []byte) (int, error) { calls++; return len(p), nil })
		if err := writer(count, sample()); err != nil || calls != 1 {
			t.Errorf("%s: %d calls, %v", name, calls, err)
		}
		if err := writer(failing(broken), sample()); !errors.Is(err, broken) {
			t.Errorf("%s: error is lost: %v", name, err)
		}
		if err := writer(iotest.TruncateWriter(io.Discard, 0), Run{}); err != nil {
			t.Errorf("%s: an empty run: %v", name, err)
		}
	}
	// No number of seconds is none that JSON can write: nothing is written.
	r := sample()
	r.Seconds = nan()
	calls := 0
	if err := JSON(writerFunc(func(p []byte) (int, error) { calls++; return len(p), nil }), r); err == nil || calls != 0 {
		t.Errorf("NaN: %d calls, %v", calls, err)
	}
}
