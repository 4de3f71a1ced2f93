package markup

import "strings"

// tag is where things stand in the text of a start tag.
type tag struct {
	prefixes []string // those of the element and of its attributes
	values   [][2]int // where the attributes' values begin and end, in order
}

const blanks = " \t\r\n"

// places finds the parts of a start tag that is known to be sound. In one that
// is not, it finds fewer values than there are.
func places(text []byte) tag {
	var found tag
	prefix := func(name string) {
		if p, _, has := strings.Cut(name, ":"); has && p != "" {
			found.prefixes = append(found.prefixes, p)
		}
	}
	s, at := string(text), 1 // behind the <
	if at > len(s) {
		return found
	}
	word := func(ends string) string {
		from := at
		if n := strings.IndexAny(s[at:], ends); n >= 0 {
			at += n
		} else {
			at = len(s)
		}
		return s[from:at]
	}
	skip := func() { at += len(s[at:]) - len(strings.TrimLeft(s[at:], blanks)) }
	prefix(word(blanks + "/>"))
	for {
		skip()
		if at >= len(s) || s[at] == '/' || s[at] == '>' {
			return found
		}
		prefix(word(blanks + "="))
		skip()
		if at+1 >= len(s) || s[at] != '=' {
			return found
		}
		at++
		skip()
		if at+1 >= len(s) || s[at] != '"' && s[at] != '\'' {
			return found
		}
		quote := s[at : at+1]
		at++
		from := at
		word(quote)
		found.values = append(found.values, [2]int{from, at})
		at++
		if at > len(s) {
			return found
		}
	}
}
