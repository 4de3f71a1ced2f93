package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rollover-harness/rollover/scenarios/oracle"
)

// column is one of the terminal's table. A number that is not vital is left
// out where all of them are zero or unknown; numbers are left out from the
// right where the terminal is too narrow.
type column struct {
	above, head string
	number      bool
	vital       bool
	cell        func(oracle.Verdict) string
}

func columns() []column {
	count := func(number func(oracle.Measures) int) func(oracle.Verdict) string {
		return func(v oracle.Verdict) string { return strconv.Itoa(number(v.Measures)) }
	}
	return []column{
		{head: "ID", cell: func(v oracle.Verdict) string { return clean(v.ID) }},
		{head: "SCENARIO", cell: func(v oracle.Verdict) string { return clean(v.Name) }},
		{head: "OUTCOME", cell: func(v oracle.Verdict) string { return string(v.Outcome) }},
		{head: "GRADE", cell: func(v oracle.Verdict) string { return orDash(string(v.Grade)) }},
		{"", "RECOVERY", true, true, func(v oracle.Verdict) string { return rounded(v.Measures.RecoverySeconds) }},
		{"GOOD", "REJECTED", true, true, count(func(m oracle.Measures) int { return m.RejectedGood })},
		{"BAD", "ACCEPTED", true, true, count(func(m oracle.Measures) int { return m.AcceptedBad })},
		{"REMOVAL", "LAG", true, false, func(v oracle.Verdict) string { return rounded(v.Measures.RevocationLagSeconds) }},
		{"5XX", "ANSWERS", true, false, count(func(m oracle.Measures) int { return m.ServerErrors })},
		{"JWKS", "FETCHES", true, false, count(func(m oracle.Measures) int { return m.Fetches.JWKS })},
	}
}

const gap = "  "

// table aligns the verdicts in columns that fit the width.
func (s screen) table(verdicts []oracle.Verdict) {
	var cells [][]string // by column: above, head, then one for each verdict
	var widths []int
	var chosen []column
	total := 0 // a mark stands before each row, in the place of a gap
	for _, c := range columns() {
		column, width, content := []string{c.above, c.head}, max(size(c.above), size(c.head)), !c.number || c.vital
		for _, v := range verdicts {
			cell := "-"
			if !c.number || v.Outcome != oracle.NotApplicable || v.Seconds > 0 {
				cell = c.cell(v)
			}
			content = content || cell != "-" && cell != "0"
			column, width = append(column, cell), max(width, size(cell))
		}
		if !content {
			continue
		}
		if c.number && total+size(gap)+width > s.Width {
			break
		}
		total += size(gap) + width
		chosen, cells, widths = append(chosen, c), append(cells, column), append(widths, width)
	}
	for row := range len(verdicts) + 2 {
		var line strings.Builder
		for i, c := range chosen {
			text := pad(cells[i][row], widths[i], c.number)
			switch {
			case row < 2:
				text = s.paint(faint, text)
			case c.head == "OUTCOME":
				text = s.paint(tone(verdicts[row-2].Outcome), text)
			}
			if i > 0 {
				line.WriteString(gap)
			}
			line.WriteString(text)
		}
		lead := gap
		if row >= 2 {
			o := verdicts[row-2].Outcome
			lead = s.paint(tone(o), mark(o)) + " "
		}
		s.line(lead + line.String())
	}
}

// mark stands before a row, so that outcomes stand out without colours too.
func mark(o oracle.Outcome) string {
	switch o {
	case oracle.Fail:
		return "x"
	case oracle.Inconclusive:
		return "?"
	case oracle.NotApplicable:
		return "-"
	case oracle.Pass:
	}
	return " "
}

// rounded writes seconds to a tenth, and a dash where they are not known.
func rounded(seconds *float64) string {
	switch {
	case seconds == nil:
		return "-"
	case *seconds == 0:
		return "0"
	case *seconds < 0.1:
		return "<0.1 s"
	}
	return fmt.Sprintf("%.1f s", *seconds)
}
