package markup

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// text is a document as UTF-8, without its byte-order mark.
type text struct {
	data []byte
}

var declared = regexp.MustCompile(`^<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']`)

// decode makes UTF-8 of a document. Microsoft serves metadata with a byte-order
// mark, and PowerShell writes files as UTF-16.
func decode(data []byte) (t text, cause string) {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return utf8Text(data[3:])
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		return wide(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		return wide(data[2:], binary.BigEndian)
	case bytes.HasPrefix(data, []byte("<\x00")):
		return wide(data, binary.LittleEndian)
	case bytes.HasPrefix(data, []byte("\x00<")):
		return wide(data, binary.BigEndian)
	}
	found := declared.FindSubmatch(data[:min(len(data), 400)])
	if found == nil {
		return utf8Text(data)
	}
	switch name := strings.ToLower(string(found[1])); name {
	case "utf-8", "us-ascii", "ascii":
		return utf8Text(data)
	case "iso-8859-1", "windows-1252": // but for 32 characters they are the same
		var b strings.Builder
		for _, c := range data {
			b.WriteRune(rune(c))
		}
		return text{[]byte(b.String())}, ""
	default:
		return text{data}, "the encoding " + name + " is not read"
	}
}

func utf8Text(data []byte) (t text, cause string) {
	if !utf8.Valid(data) {
		return text{data}, "not a UTF-8 text"
	}
	return text{data}, ""
}

func wide(data []byte, order binary.ByteOrder) (t text, cause string) {
	if len(data)%2 != 0 {
		return text{data}, "not a UTF-16 text"
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return text{[]byte(string(utf16.Decode(units)))}, ""
}

// position is the line and the column of a place, in characters from 1.
func (t text) position(offset int) (line, column int) {
	before := t.data[:max(0, min(offset, len(t.data)))]
	begin := bytes.LastIndexByte(before, '\n') + 1
	return 1 + bytes.Count(before, []byte("\n")), 1 + utf8.RuneCount(before[begin:])
}

// Position is where an element begins.
func (d *Document) Position(e *Element) (line, column int) { return d.text.position(e.offset) }

// ValuePosition is where an attribute's value begins, or the character of the
// value with that index, counted in characters from 0. A character that is
// written as a reference, such as &#x200E;, is one.
func (d *Document) ValuePosition(a *Attr, index int) (line, column int) {
	at, end := a.raw[0], a.raw[1]
	for ; index > 0 && at < end; index-- {
		at += width(d.text.data[at:end])
	}
	return d.text.position(at)
}

// width is how many bytes the first character of a value takes in the text.
func width(raw []byte) int {
	switch {
	case raw[0] == '&':
		if n := bytes.IndexByte(raw, ';'); n > 0 {
			return n + 1
		}
	case bytes.HasPrefix(raw, []byte("\r\n")):
		return 2 // the decoder makes one of them
	}
	_, size := utf8.DecodeRune(raw)
	return size
}
