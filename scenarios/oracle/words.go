package oracle

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// codePattern finds the codes by which frameworks name a failure: Microsoft's
// IDX (IdentityModel) and WIF, and the ERR_ codes of Node libraries.
var codePattern = regexp.MustCompile(`\b(?:IDX\d{5}|WIF\d{5}|ID\d{4}|ERR_J[A-Z_]+)\b`)

// saying is a line in which the app itself names the trouble.
type saying struct {
	code string // empty where the app names none
	text string
	seq  uint64
}

const (
	// logLag is how long after an answer the line about it may come: loggers
	// write in the background.
	logLag  = 2 * time.Second
	excerpt = 160
)

// said looks for the app's own words about an answer: in what it logged
// meanwhile, in the answer's body and in WWW-Authenticate. A line with a code
// goes before one without, a code of the log before the answer's text.
func (b *book) said(s *show) (saying, bool) {
	var plain saying
	for _, e := range b.notes {
		at := time.Duration(e.Elapsed)
		if at < s.from || at > s.to+logLag {
			continue
		}
		line := e.Event.(timeline.Note).Text
		if code := codePattern.FindStringIndex(line); code != nil {
			return saying{line[code[0]:code[1]], shorten(line[code[0]:]), e.Seq}, true
		}
		if plain.text == "" && telling.MatchString(line) {
			plain = saying{"", shorten(line), e.Seq}
		}
	}
	detail := s.presented.Detail
	if code := codePattern.FindStringIndex(detail); code != nil {
		return saying{detail[code[0]:code[1]], shorten(detail[code[0]:]), s.seq}, true
	}
	if plain.text != "" {
		return plain, true
	}
	if detail != "" {
		return saying{"", shorten(detail), s.seq}, true
	}
	return saying{}, false
}

// telling is what a line about a refused token says in most libraries.
var telling = regexp.MustCompile(`(?i)key|kid|signature|token|jwt|verif|unauthori|invalid|fail|error`)

func shorten(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= excerpt {
		return text
	}
	cut := excerpt
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "..."
}
