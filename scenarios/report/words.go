package report

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// escapes are the sequences with which apps colour their logs (ECMA-48
// sections 5.4 and 8.3.89).
var escapes = regexp.MustCompile(`\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))`)

// clean makes one harmless line of a text that an app may have written:
// without escape sequences and control characters, which could rewrite a
// terminal and are no XML (XML 1.0 section 2.2), and without marks that turn
// the direction of writing.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\uFFFE', r == '\uFFFF':
			return -1
		}
		return r
	}, escapes.ReplaceAllString(text, ""))
	return strings.Join(strings.Fields(text), " ")
}

// timelineOf is the file name of a scenario's timeline.
func timelineOf(id string) string { return id + ".jsonl" }

// entries cites evidence; empty where there is none.
func entries(id string, evidence []uint64) string {
	switch len(evidence) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("entry %d of %s", evidence[0], timelineOf(id))
	}
	numbers := strings.Trim(fmt.Sprint(evidence), "[]")
	return fmt.Sprintf("entries %s of %s", strings.ReplaceAll(numbers, " ", ", "), timelineOf(id))
}

// cause is a diagnosis's cause with the framework's own code.
func cause(d oracle.Diagnosis) string {
	if d.Code == "" {
		return clean(d.Cause)
	}
	return fmt.Sprintf("%s (the app says %s)", clean(d.Cause), clean(d.Code))
}

// promised names a promise, or spells its members out: "recovery 5m, outage 1h".
func promised(p spec.Promise) (string, error) {
	if p.Name != "" {
		return clean(p.Name), nil
	}
	text, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("spell promise out: %w", err)
	}
	words := strings.NewReplacer("{", "", "}", "", `"`, "", ":", " ", ",", ", ").Replace(string(text))
	if words == "" {
		words = "nothing"
	}
	return words, nil
}

// setting says in one line what ran against what.
func (r Run) setting() (string, error) {
	promise, err := promised(r.Promise)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, issuer profile %s, promise %s, seed %d, rollover %s",
		clean(r.Target.Kind), clean(r.Profile), promise, r.Seed, clean(r.Tool)), nil
}

// wrap breaks a text into lines of at most that many characters. A longer word
// has a line of its own: kids and URLs stay whole, so that they can be copied.
func wrap(text string, width int) []string {
	var lines []string
	line, length := "", 0
	for _, word := range strings.Fields(text) {
		n := size(word)
		if length > 0 && length+1+n > width {
			lines = append(lines, line)
			line, length = "", 0
		}
		if length > 0 {
			line, length = line+" ", length+1
		}
		line, length = line+word, length+n
	}
	return append(lines, line)
}

// size is the number of characters of a text.
func size(text string) int { return len([]rune(text)) }

// pad fills a text up with spaces, on its left where it is a number.
func pad(text string, width int, left bool) string {
	fill := strings.Repeat(" ", max(0, width-size(text)))
	if left {
		return fill + text
	}
	return text + fill
}

// orDash is the text, or a dash where there is none.
func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
