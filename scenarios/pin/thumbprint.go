package pin

import (
	"fmt"
	"strings"
	"unicode"
)

const hexDigits = "0123456789ABCDEFabcdef"

// normal is a thumbprint as the registries compare it: spaces removed, nothing
// else, and letters of any case are the same.
func normal(value string) string { return strings.ToUpper(strings.ReplaceAll(value, " ", "")) }

// isSHA1 reports whether a normal thumbprint can be that of a certificate.
func isSHA1(thumbprint string) bool {
	return len(thumbprint) == 40 && strings.Trim(thumbprint, hexDigits) == ""
}

// defect is why a thumbprint can never equal one.
type defect struct {
	index int    // of the character, from 0
	what  string // "has U+200E (left-to-right mark) in it"
	clean string // the thumbprint that was meant, upper-case hex; empty where it cannot be told
}

// defectOf looks for what is wrong with a thumbprint, nil where nothing is.
func defectOf(value string) *defect {
	if isSHA1(normal(value)) {
		return nil
	}
	d := &defect{}
	var digits strings.Builder
	stranger := -1
	for i, r := range []rune(value) {
		switch {
		case strings.ContainsRune(hexDigits, r):
			digits.WriteRune(unicode.ToUpper(r))
		case r != ' ' && stranger < 0:
			stranger = i
		}
	}
	only := digits.String()
	if len(only) == 40 {
		d.clean = only
	}
	if stranger >= 0 {
		d.index, d.what = stranger, "has "+character([]rune(value)[stranger])+" in it, which WIF compares too"
		if trimmed := strings.TrimRight(value, "="); len(trimmed) == 27 && d.clean == "" {
			d.index, d.what = 0, "looks like an x5t or a kid (base64url), not like hex"
		}
		return d
	}
	switch n := len(only); n {
	case 0:
		d.what = "is empty"
	case 64:
		d.what = "has 64 digits: it is a SHA-256, and WIF compares SHA-1"
	default:
		d.what = fmt.Sprintf("has %d of 40 digits", n)
	}
	return d
}

// character names one that people do not see, or take for another.
func character(r rune) string {
	names := map[rune]string{
		'\u200e': "left-to-right mark, as a copy from Windows' certificate dialog brings it along", '\u200f': "right-to-left mark",
		'\u200b': "zero width space", '\u200c': "zero width non-joiner", '\u200d': "zero width joiner", '\ufeff': "byte-order mark",
		'\u00a0': "no-break space", '\u202f': "narrow no-break space", '\u2060': "word joiner", '\u00ad': "soft hyphen",
		'\t': "tab", '\n': "line feed", '\r': "carriage return",
	}
	name, known := names[r]
	switch {
	case known:
		return fmt.Sprintf("%U (%s)", r, name)
	case r == ':':
		return "a colon"
	case r == ' ':
		return "a space"
	case unicode.IsGraphic(r) && r < unicode.MaxASCII:
		return fmt.Sprintf("%q", r)
	case unicode.IsGraphic(r) && !unicode.IsSpace(r):
		return fmt.Sprintf("%U (%c)", r, r)
	}
	return fmt.Sprintf("%U (invisible)", r)
}

// unseen is the index of the first character that people do not see, -1 where
// there is none. Spaces are seen by nobody at the ends of a value.
func unseen(value string) int {
	runes := []rune(value)
	for i, r := range runes {
		edge := strings.TrimSpace(string(runes[:i])) == "" || strings.TrimSpace(string(runes[i:])) == ""
		if r == ' ' && !edge {
			continue
		}
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.IsControl(r) {
			return i
		}
	}
	return -1
}

// visible is a value without what people do not see.
func visible(value string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, value)
}
