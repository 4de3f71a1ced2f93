package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
)

// Patience is the word for the longest that a run waits for anything.
const Patience = "patience"

// Span is a length of time: a duration, a member of the promise, or the run's
// patience. The zero value is left out.
type Span struct {
	Duration clock.Duration
	Word     string // promise.recovery, promise.revocationLag, promise.announcement, promise.outage or patience; "" is Duration
}

// IsZero reports whether the span was left out.
func (s Span) IsZero() bool { return s == Span{} }

// For is a span of a fixed length.
func For(d time.Duration) Span { return Span{Duration: clock.Duration(d)} }

// SpanWords lists the words that stand for a length of time.
func SpanWords() []string {
	return []string{"promise.recovery", "promise.revocationLag", "promise.announcement", "promise.outage", Patience}
}

// MarshalText implements encoding.TextMarshaler.
func (s Span) MarshalText() ([]byte, error) {
	if s.Word != "" {
		return []byte(s.Word), nil
	}
	return s.Duration.MarshalText()
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Span) UnmarshalText(text []byte) error {
	if word := string(text); slices.Contains(SpanWords(), word) {
		*s = Span{Word: word}
		return nil
	}
	*s = Span{}
	if err := s.Duration.UnmarshalText(text); err != nil {
		return err
	}
	if s.Duration <= 0 {
		return fmt.Errorf("%s is not above zero", s.Duration)
	}
	return nil
}

// Row is a number of equal answers one after the other. The zero value is left out.
type Row struct {
	Length   int
	Rejected bool // rejections, not acceptances
}

// IsZero reports whether the row was left out.
func (r Row) IsZero() bool { return r == Row{} }

// MarshalText implements encoding.TextMarshaler.
func (r Row) MarshalText() ([]byte, error) {
	if r.Rejected {
		return fmt.Appendf(nil, "%d rejected in a row", r.Length), nil
	}
	return fmt.Appendf(nil, "%d in a row", r.Length), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Row) UnmarshalText(text []byte) error {
	number, rest, _ := strings.Cut(string(text), " ")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > 100 || (rest != "in a row" && rest != "rejected in a row") {
		return fmt.Errorf("%q is neither like \"3 in a row\" nor like \"3 rejected in a row\" (1 to 100)", text)
	}
	*r = Row{Length: n, Rejected: rest == "rejected in a row"}
	return nil
}

// AmountWord stands for the number of fetches that the promise allows.
const AmountWord = "promise.fetchesPerMinute"

// Amount is a number, or the promise's fetchesPerMinute.
type Amount struct {
	Number int
	Word   string // AmountWord, or "" for Number
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *Amount) UnmarshalText(text []byte) error {
	if string(text) == AmountWord {
		*a = Amount{Word: AmountWord}
		return nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 0 {
		return fmt.Errorf("%q is neither a number of fetches nor %s", text, AmountWord)
	}
	*a = Amount{Number: n}
	return nil
}
