package spec_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/rollover-harness/rollover/scenarios/spec"
)

func TestDidYouMean(t *testing.T) {
	known := []string{"publish", "present", "rotate", "port"}
	for word, want := range map[string]string{
		"publsh":  `did you mean "publish"?`,
		"PUBLISH": `did you mean "publish"?`,
		"rotat":   `did you mean "rotate"?`,
		"prot":    `did you mean "port"?`,
		"prseent": `did you mean "present"?`,
		"pub":     "one of publish, present, rotate, port",
		"erase":   "one of publish, present, rotate, port",
		"":        "one of publish, present, rotate, port",
	} {
		if got := spec.DidYouMean(word, known); got != want {
			t.Errorf("%q: got %s, want %s", word, got, want)
		}
	}
	if got := spec.DidYouMean(strings.Repeat("a", 65), known); got != "" {
		t.Errorf("a long word: %s", got)
	}
	if got := spec.DidYouMean("port", []string{strings.Repeat("a", 65), "ports"}); got != `did you mean "ports"?` {
		t.Errorf("beside a long word: %s", got)
	}
	many := strings.Split(strings.Repeat("a-very-long-one ", 24)+"last", " ")
	if got, want := spec.DidYouMean("x", many), "one of "+strings.Repeat("a-very-long-one, ", 24)+"..."; got != want {
		t.Errorf("many words: %s, want %s", got, want)
	}
	if got := spec.DidYouMean("a", nil); got != "" {
		t.Errorf("nothing known: %s", got)
	}
}

func TestErrorSaysWhere(t *testing.T) {
	for want, e := range map[string]spec.Error{
		"rollover.yaml:14:5: cause (hint)": {File: "rollover.yaml", Line: 14, Column: 5, Path: "a.b", Cause: "cause", Hint: "hint"},
		"rollover.yaml:14:5: cause":        {File: "rollover.yaml", Line: 14, Column: 5, Cause: "cause"},
		"steps[2].wait: cause (hint)":      {Path: "steps[2].wait", Cause: "cause", Hint: "hint"},
		"cause":                            {Cause: "cause"},
	} {
		if got := e.Error(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	var one spec.Error
	if all := (spec.Errors{{Cause: "a"}, {Cause: "b"}}); all.Error() != "a\nb" || !errors.As(all, &one) || one.Cause != "a" {
		t.Errorf("%s, %+v", all, one)
	}
}

func TestAFileIsCutOffAfterFiftyErrors(t *testing.T) {
	for name, file := range map[string]string{
		"unknown": scenario("", strings.Repeat("  - rotat: {}\n", 60), accepted),
		"refused": "a: [" + strings.Repeat("&x 1, ", 60) + "]\n",
	} {
		_, err := spec.Decode("f", []byte(file))
		var all spec.Errors
		if !errors.As(err, &all) || len(all) != 50 {
			t.Errorf("%s: %d errors", name, len(all))
		}
	}
}
