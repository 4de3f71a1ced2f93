package oracle

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// codePattern finds the codes by which frameworks name a failure: Microsoft's
// IDX (IdentityModel) and WIF, the codes of Node's jose, oauth4webapi and samlify,
// Spring Security's, and what Shibboleth and Lasso (mod_auth_mellon) have for them.
var codePattern = regexp.MustCompile(`\b(?:IDX\d{5}|WIF\d{5}|ID\d{4}|ERR_J[A-Z_]+|OAUTH_[A-Z]+_[A-Z_]+` +
	`|ERR_(?:FAILED_MESSAGE_SIGNATURE_VERIFICATION|UNMATCH_ISSUER|EXPIRED_SESSION|SUBJECT_UNCONFIRMED|POTENTIAL_WRAPPING_ATTACK|MULTIPLE_ASSERTION|NO_ASSERTION|INVALID_XML)` +
	`|FAILED_TO_VERIFY_SIGNATURE|NO_SELECTED_CERTIFICATE|ERROR_UNMATCH_CERTIFICATE_DECLARATION_IN_METADATA` +
	`|invalid_signature|(?:opensaml|xmltooling)(?:::\w+)*::\w+Exception)\b|\bLasso error: \[-?\d+\]`)

// hasCode tells lines that cannot have a code apart, since most are none, and
// looking for all those forms takes its time.
func hasCode(text string) bool {
	return slices.ContainsFunc([]string{
		"IDX", "WIF", "ID", "ERR", "OAUTH_", "FAILED_TO", "NO_SELECTED", "invalid_signature", "opensaml::", "xmltooling::", "Lasso",
	}, func(sign string) bool { return strings.Contains(text, sign) })
}

// rolloverCode reports whether a code is what a library says when it has no
// key for a token, or the wrong one. Which code that is depends on its version:
// IDX10501 up to IdentityModel 6.27 is IDX10503 from 6.28 on.
func rolloverCode(code string) bool {
	return slices.Contains([]string{
		"IDX10500", "IDX10501", "IDX10502", "IDX10503", "IDX10511", "IDX10512", "IDX10513", "IDX10514", "IDX10515", "IDX10516", "IDX10517",
		"WIF10201", "ID4037", "ID4175",
		"OAUTH_KEY_SELECTION_FAILED", "FAILED_TO_VERIFY_SIGNATURE", "ERR_FAILED_MESSAGE_SIGNATURE_VERIFICATION", "NO_SELECTED_CERTIFICATE",
		"ERROR_UNMATCH_CERTIFICATE_DECLARATION_IN_METADATA", "invalid_signature",
		"opensaml::SecurityPolicyException", "opensaml::FatalProfileException", "Lasso error: [-111]", "Lasso error: [440]",
		"ERR_JWKS_NO_MATCHING_KEY", "ERR_JWKS_MULTIPLE_MATCHING_KEYS", "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
	}, code)
}

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

// How much a line tells about a rejection. The answer itself is surely about
// this token; a line of the log is so where it names the token's kid.
const (
	tellsSomething = iota + 1
	tellsOfKeys
	namesCode   = 10
	hasRollover = 20
	isAnswer    = 3
	bare        = 8 // a code and no more than the ends of JSON or a header behind it says less than a line of the log
	namesKID    = 5
)

// said looks for the app's own words about an answer: in what it logged
// meanwhile, in the answer's body and in WWW-Authenticate. Codes of a rollover
// go before other codes, and those before plain words.
func (b *book) said(s *show) (saying, bool) {
	var best saying
	worth := 0
	first, _ := slices.BinarySearchFunc(b.lines, s.from, func(l line, at time.Duration) int { return cmp.Compare(l.at, at) })
	for i := first; i < len(b.lines) && b.lines[i].at <= s.to+logLag; i++ {
		from, code, score := weighWords(b.lines[i].text)
		if score == 0 || score+namesKID <= worth {
			continue
		}
		message := b.message(i)
		if kid := s.minted.KID; kid != "" && strings.Contains(message, kid) {
			score += namesKID
		}
		if score > worth {
			best, worth = saying{code, shorten(message[from:]), b.lines[i].seq}, score
		}
	}
	detail := s.presented.Detail
	from, code, score := weighWords(detail)
	if code != "" && len(detail)-from > len(code)+bare {
		score += isAnswer
	}
	if score > worth || worth == 0 && detail != "" {
		best, worth = saying{code, shorten(detail[from:]), s.seq}, 1
	}
	return best, worth > 0
}

// message is a line of the log with those that belong to it: .NET's console
// logger breaks a message into several, each indented as its first.
func (b *book) message(i int) string {
	first := b.lines[i].text
	indent := first[:len(first)-len(strings.TrimLeft(first, " \t"))]
	message := first
	for _, next := range b.lines[i+1:] {
		body, inside := strings.CutPrefix(next.text, indent)
		if indent == "" || !inside || strings.HasPrefix(strings.TrimLeft(body, " \t"), "at ") || len(message) > 4*excerpt {
			break
		}
		message += " " + body
	}
	return message
}

var (
	// ofKeys is what a line about a missing or a wrong key says in most libraries.
	ofKeys = regexp.MustCompile(`(?i)\bkids?\b|\bkeys?\b|\bjwks?\b|signature|thumbprint|certificate`)
	// telling is what one about any refused token says.
	telling = regexp.MustCompile(`(?i)token|jwt|verif|unauthori|invalid|fail|error`)
)

// frame is a line of a stack trace: it names functions, whose names say less than
// the message above them, however telling they sound (SAML.validateSignature).
var frame = regexp.MustCompile(`^\s*(?:at \S+[ (]|File "[^"]+", line \d)`)

// weighWords finds what a text says about a rejection, and from where on.
func weighWords(text string) (from int, code string, score int) {
	if frame.MatchString(text) {
		return 0, "", 0
	}
	var places [][]int
	if hasCode(text) {
		places = codePattern.FindAllStringIndex(text, -1)
	}
	for _, place := range places {
		worth := namesCode
		if rolloverCode(text[place[0]:place[1]]) {
			worth = hasRollover
		}
		if worth > score {
			from, code, score = place[0], text[place[0]:place[1]], worth
		}
	}
	switch {
	case code != "":
		return from, code, score
	case ofKeys.MatchString(text):
		return 0, "", tellsOfKeys
	case telling.MatchString(text):
		return 0, "", tellsSomething
	}
	return 0, "", 0
}

// element finds where XML begins, and the name of its root.
var element = regexp.MustCompile(`<((?:[A-Za-z_][\w.-]*:)?[A-Za-z_][\w.-]*)[\s>]`)

// elide takes the inside out of XML in a line: libraries print the whole message
// that they refused before they say why.
func elide(text string) string {
	at := element.FindStringSubmatchIndex(text)
	if at == nil {
		return text
	}
	name := text[at[2]:at[3]]
	end := strings.LastIndex(text, "</"+name+">")
	if end < at[1] || end-at[0] <= excerpt {
		return text
	}
	return text[:at[0]] + "<" + name + ">..." + text[end+len(name)+len("</>"):]
}

func shorten(text string) string {
	text = elide(strings.Join(strings.Fields(text), " "))
	if len(text) <= excerpt {
		return text
	}
	cut := excerpt
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "..."
}
