package report

import (
	"strings"

	"github.com/rollover-harness/rollover/scenarios/oracle"
)

// color is a rendition in the words of ECMA-48 section 8.3.117 (SGR).
type color string

const (
	plain  color = ""
	bold   color = "1"
	faint  color = "2"
	red    color = "1;31"
	green  color = "32"
	yellow color = "33"
)

// paint puts a colour round a text where colours are wanted.
func (s screen) paint(c color, text string) string {
	if !s.Color || c == plain || strings.TrimSpace(text) == "" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

func tone(o oracle.Outcome) color {
	switch o {
	case oracle.Pass:
		return green
	case oracle.Fail:
		return red
	case oracle.Inconclusive:
		return yellow
	case oracle.NotApplicable:
		return faint
	}
	return plain
}
