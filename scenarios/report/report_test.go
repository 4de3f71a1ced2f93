package report

import (
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func failing(err error) io.Writer { return writerFunc(func([]byte) (int, error) { return 0, err }) }

func nan() float64 { return math.NaN() }

func TestOrder(t *testing.T) {
	want := []string{"A2", "A10", "A10b", "B1", "H01", "H1", "a1", "own", "own-2", "own-10", "own-10-1"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, compareIDs)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, a := range want {
		for _, b := range want {
			if compareIDs(a, b) != -compareIDs(b, a) || (compareIDs(a, b) == 0) != (a == b) {
				t.Errorf("%s and %s have no order", a, b)
			}
		}
	}
}

// Writers sort a copy: the run stays as it is.
func TestRunIsLeftAlone(t *testing.T) {
	r := sample()
	write(t, JSON, r)
	if r.Verdicts[0].ID != "A10" || len(r.Verdicts[4].Findings) != 0 {
		t.Error("the run was changed")
	}
}

func TestSummary(t *testing.T) {
	of := func(outcomes ...oracle.Outcome) Summary {
		var r Run
		for _, o := range outcomes {
			r.Verdicts = append(r.Verdicts, oracle.Verdict{Outcome: o})
		}
		return r.Summary()
	}
	for _, c := range []struct {
		sum  Summary
		want string
	}{
		{of(), "no scenario was run"},
		{of("pass", "pass"), "2 passed, 0 failed"},
		{of("fail"), "0 passed, 1 failed"},
		{of("pass", "inconclusive"), "1 passed, 0 failed, 1 inconclusive"},
		{of("pass", "", "odd"), "1 passed, 0 failed, 2 inconclusive"}, // unknown is not pass
		{of("not-applicable"), "0 passed, 0 failed, 1 not applicable"},
	} {
		if got := c.sum.String(); got != c.want {
			t.Errorf("%+v: %q, not %q", c.sum, got, c.want)
		}
	}
}

func TestEmptyRun(t *testing.T) {
	r := Run{Tool: "devel", Target: Target{"app", "url"}, Profile: "generic", Promise: spec.Promise{Name: "strict"}}
	const setting = "url, issuer profile generic, promise strict, seed 0, rollover devel"
	if got, want := write(t, wide(80), r), "app  "+setting+"\n\nno scenario was run in 0.0 s\n"; got != want {
		t.Errorf("terminal: %q", got)
	}
	want := "# Rollover report: app\n\n**no scenario was run** in 0.0 s\n\n" + setting + "; started 0001-01-01 00:00:00 UTC\n"
	if got := write(t, Markdown, r); got != want {
		t.Errorf("Markdown: %q", got)
	}
	if got := write(t, JUnit, r); !strings.Contains(got, `tests="0" failures="0" errors="0" skipped="0"`) {
		t.Errorf("JUnit: %s", got)
	}
	if got := write(t, JSON, r); !strings.Contains(got, `"scenarios": []`) || !strings.Contains(got, `"name": "strict"`) {
		t.Errorf("JSON: %s", got)
	}
}

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                           "plain",
		"two\r\nlines\tand  more ":        "two lines and more",
		"\x1b[1;31mred\x1b[0m":            "red",
		"\x1b]0;title\x07shown":           "shown",
		"\x1b]8;;http://x\x1b\\link":      "link",
		"\x1b[2J\x1b[Hcleared":            "cleared",
		"bell\x07 nul\x00 csi\u009b31m":   "bell nul csi31m",
		"turned \u202eback\u2066":         "turned back",
		"Schlüssel 鍵 \U0001f511 stay":     "Schlüssel 鍵 \U0001f511 stay",
		"lone \x1b escape":                "lone escape",
		"no characters: \ufffe\uffff\xff": "no characters: \ufffd",
	} {
		if got := clean(text); got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
}

func TestPromised(t *testing.T) {
	restart := spec.Promise{Recovery: &spec.Recovery{Restart: true}}
	for want, p := range map[string]spec.Promise{"pinned": {Name: "pinned"}, "recovery restart": restart, "nothing": {}} {
		if got, err := promised(p); err != nil || got != want {
			t.Errorf("%q, %v, not %q", got, err, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"one two three", 7, []string{"one two", "three"}},
		{"one two three", 80, []string{"one two three"}},
		{"see http://127.0.0.1:8400/jwks now", 10, []string{"see", "http://127.0.0.1:8400/jwks", "now"}}, // stays whole
		{"ä ö ü", 5, []string{"ä ö ü"}}, // characters, not bytes
	} {
		if diff := cmp.Diff(c.want, wrap(c.text, c.width)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.text, diff)
		}
	}
}

// What was not judged is told, whatever else a scenario came to.
func TestUnjudged(t *testing.T) {
	partly := rollback()
	partly.Findings = append(partly.Findings, oracle.Finding{Rule: "rejects", Outcome: oracle.NotApplicable, Text: "24h is promised"})
	slow := early() // the way back took longer than the run could wait
	slow.Outcome, slow.Findings[0].Outcome = oracle.NotApplicable, oracle.NotApplicable
	r := sample()
	r.Verdicts = []oracle.Verdict{partly, slow}
	reason := "1 of 4 rejected, the first with 401; accepted again after 0.1 s"
	for name, c := range map[string]struct{ text, want string }{
		"Markdown, partly": {write(t, Markdown, r), "- A10 rollback (2 rules; the others passed): jwks: not judged: the promise has no fetchesPerMinute; 24h is promised\n"},
		"Markdown, slow":   {write(t, Markdown, r), "| B2 | sign-before-publish | not-applicable | next-request | 1 | 0 | 0.052 | - | 3 |\n"},
		"terminal, partly": {write(t, wide(120), r), "\nPassed with a rule left unjudged:  A10\n"},
		"terminal, slow":   {write(t, wide(120), r), "- B2 sign-before-publish: not-applicable, next-request\n"},
		"JUnit, reason":    {write(t, JUnit, r), reason + `"></skipped>`},
		"JUnit, diagnosis": {write(t, JUnit, r), "likely cause: refreshes its keys beside the request\n"},
	} {
		if !strings.Contains(c.text, c.want) {
			t.Errorf("%s: no %q in\n%s", name, c.want, c.text)
		}
	}
}

// An error of the harness is told once, whether or not a finding tells it.
func TestHarnessErrorIsToldOnce(t *testing.T) {
	told := harnessFailed()
	told.Findings = []oracle.Finding{{Rule: "harness", Outcome: oracle.Inconclusive, Text: told.Error}}
	for name, v := range map[string]oracle.Verdict{"without a finding": harnessFailed(), "with one": told} {
		text := write(t, wide(100), Run{Verdicts: []oracle.Verdict{v}})
		if n := strings.Count(text, v.Error); n != 1 {
			t.Errorf("%s: told %d times:\n%s", name, n, text)
		}
	}
	unknown := Run{Verdicts: []oracle.Verdict{{ID: "X1"}}}
	if text := write(t, JUnit, unknown); !strings.Contains(text, `<error message="no rule was judged" type="inconclusive">`) {
		t.Errorf("without findings:\n%s", text)
	}
}
