package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Error is one thing that is wrong with a scenario or a target file.
type Error struct {
	File         string // as it was given to the decoder; empty for data built in Go
	Line, Column int    // where in File, from 1; 0 for data built in Go
	Path         string // the member, such as steps[2].present.key
	Cause        string // what is wrong
	Hint         string // what to do about it; may be empty
}

// Error writes FILE:LINE:COLUMN: cause (hint), with the path in the place of
// the position where there is none.
func (e Error) Error() string {
	var b strings.Builder
	switch {
	case e.Line > 0:
		fmt.Fprintf(&b, "%s:%d:%d: ", e.File, e.Line, e.Column)
	case e.Path != "":
		fmt.Fprintf(&b, "%s: ", e.Path)
	}
	b.WriteString(e.Cause)
	if e.Hint != "" {
		fmt.Fprintf(&b, " (%s)", e.Hint)
	}
	return b.String()
}

// Errors is everything that is wrong, in the order of the file. It is what the
// decoders return; a command ends with exit code 2 on it.
type Errors []Error

// Error writes one line for each.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i := range e {
		lines[i] = e[i].Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find an Error.
func (e Errors) Unwrap() []error {
	list := make([]error, len(e))
	for i := range e {
		list[i] = e[i]
	}
	return list
}

// Limits of a hint: comparing words costs the product of their lengths.
const (
	maxWord  = 64 // bytes of a word that is compared
	maxKnown = 24 // words that are listed
)

// DidYouMean is the hint for a word that is not known: the known word that it
// comes closest to (a third of its letters may be wrong), or all of them.
func DidYouMean(word string, known []string) string {
	if len(word) > maxWord {
		return ""
	}
	best, near := "", max(1, (len(word)+1)/3)+1
	for _, k := range known {
		if len(k) > maxWord {
			continue
		}
		a, b := strings.ToLower(word), strings.ToLower(k)
		d := levenshtein.ComputeDistance(a, b)
		if d == 2 && letters(a) == letters(b) {
			d = 1 // two letters swapped, the slip of fast fingers
		}
		if d < near {
			best, near = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	switch {
	case len(known) == 0:
		return ""
	case len(known) > maxKnown:
		return "one of " + strings.Join(known[:maxKnown], ", ") + ", ..."
	}
	return "one of " + strings.Join(known, ", ")
}

// letters is the text's letters in order: the same for "port" and "prot".
func letters(text string) string {
	runes := []rune(text)
	slices.Sort(runes)
	return string(runes)
}

// unknownWord says that word is none of known; kind says what it would be.
func unknownWord(kind, word string, known []string) (cause, hint string) {
	return fmt.Sprintf("unknown %s %q", kind, word), DidYouMean(word, known)
}

// sortErrors puts errors in the order of the file.
func sortErrors(e Errors) Errors {
	slices.SortStableFunc(e, func(a, b Error) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return e
}
