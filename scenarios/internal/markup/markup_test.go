package markup_test

import (
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/rollover-harness/rollover/scenarios/internal/markup"
)

const sample = `<?xml version="1.0" encoding="utf-8"?>
<!-- a comment -->
<a xmlns="urn:a" xmlns:b="urn:b" one = '1' b:one="two">
  text<![CDATA[ & more]]>
  <b:c kind="b:d" left="&#x200E;x&amp;y"/><c xmlns="" xmlns:b="urn:other" kind="b:d"
    wide="ä
z"/>
</a>`

func parse(t testing.TB, text string) *markup.Document {
	t.Helper()
	d, err := markup.Parse("file.xml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestElements(t *testing.T) {
	d := parse(t, sample)
	root := d.Root
	if !root.Is("urn:a", "a") || len(root.Children) != 2 || strings.TrimSpace(root.Text) != "text & more" || len(root.Attrs) != 2 {
		t.Fatalf("%+v", root)
	}
	if a := root.Attr("one"); a == nil || a.Value != "1" {
		t.Errorf("%+v", a)
	}
	if a := root.AttrIn("urn:b", "one"); a == nil || a.Value != "two" || root.AttrIn("urn:c", "one") != nil || root.Attr("two") != nil {
		t.Errorf("%+v", a)
	}
	var names []string
	root.Walk(func(e *markup.Element) { names = append(names, e.Space+" "+e.Local) })
	if got := strings.Join(names, ", "); got != "urn:a a, urn:b c,  c" {
		t.Error(got)
	}
}

func TestNamesInValuesAreResolved(t *testing.T) {
	c := parse(t, sample).Root.Children
	for i, want := range []string{"urn:b", "urn:other"} {
		if space, local, bound := c[i].Resolve(c[i].Attr("kind").Value); space != want || local != "d" || !bound {
			t.Errorf("%s %s %v", space, local, bound)
		}
	}
	if space, local, bound := c[0].Resolve(" d "); space != "urn:a" || local != "d" || !bound {
		t.Errorf("%s %s %v", space, local, bound)
	}
	if space, _, bound := c[1].Resolve("d"); space != "" || !bound {
		t.Errorf("%s %v", space, bound)
	}
	if _, local, bound := c[0].Resolve("fed:d"); bound || local != "d" {
		t.Errorf("a prefix that is bound nowhere: %s", local)
	}
}

func TestPositions(t *testing.T) {
	d := parse(t, sample)
	c := d.Root.Children
	at := func(line, column int) [2]int { return [2]int{line, column} }
	if got := at(d.Position(c[0])); got != at(5, 3) {
		t.Error(got)
	}
	if got := at(d.ValuePosition(d.Root.Attr("one"), 0)); got != at(3, 41) {
		t.Error(got)
	}
	left, wide := c[0].Attr("left"), c[1].Attr("wide")
	for i, want := range [][2]int{at(5, 25), at(5, 33), at(5, 34), at(5, 39), at(5, 40), at(5, 40)} { // U+200E, x, &, y, the end
		if got := at(d.ValuePosition(left, i)); got != want {
			t.Errorf("%d: %v, not %v", i, got, want)
		}
	}
	for i, want := range [][2]int{at(6, 11), at(6, 12), at(7, 1), at(7, 2)} { // ä, line feed, z, the end
		if got := at(d.ValuePosition(wide, i)); got != want {
			t.Errorf("%d: %v, not %v", i, got, want)
		}
	}
}

func TestEncodings(t *testing.T) {
	const text = `<a b="ä"/>`
	var little, big []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		little = append(little, byte(unit), byte(unit>>8))
		big = append(big, byte(unit>>8), byte(unit))
	}
	for name, data := range map[string]string{
		"UTF-8": text, "with a mark": "\xef\xbb\xbf" + text, "declared": `<?xml version="1.0" encoding="UTF-8" ?>` + text,
		"UTF-16": "\xff\xfe" + string(little), "UTF-16, big end first": "\xfe\xff" + string(big), "no mark": string(little), "no mark, big": string(big),
		"Latin": `<?xml version='1.0' encoding='ISO-8859-1'?>` + "<a b=\"\xe4\"/>",
	} {
		d, err := markup.Parse("file.xml", []byte(data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := d.Root.Attr("b").Value; got != "ä" {
			t.Errorf("%s: %q", name, got)
		}
		want := 7 // where ä stands in text; a mark is not counted
		if strings.HasPrefix(data, "<?xml") {
			want += strings.Index(data, "?>") + 2
		}
		if line, column := d.ValuePosition(d.Root.Attr("b"), 0); line != 1 || column != want {
			t.Errorf("%s: %d:%d", name, line, column)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"nothing":               {"", "file.xml:1:1: no XML element"},
		"a comment alone":       {"<!-- a -->", "file.xml:1:1: no XML element"},
		"entities":              {"<!DOCTYPE a [<!ENTITY b \"c\">]>\n<a>&b;</a>", "file.xml:1:1: a document type declaration (they are not read, because of what entities can do: remove it)"},
		"an unknown entity":     {"<a>\n&b;</a>", "file.xml:2:3: not XML: invalid character entity &b;"},
		"an open element":       {"<a>\n<b>\n</b>", "file.xml:3:5: not XML: unexpected EOF"},
		"elements that cross":   {"<a>\n<b></a></b>", "file.xml:2:7: not XML: element <b> closed by </a>"},
		"two roots":             {"<a/>\n<b/>", "file.xml:2:1: not XML: a second root element"},
		"text behind the root":  {"<a/>b", "file.xml:1:5: not XML: text outside of the root element"},
		"an attribute twice":    {`<a b="1" b="2"/>`, `file.xml:1:13: not XML: attribute "b" stands twice`},
		"by another prefix":     {`<a xmlns:x="urn:x" xmlns:y="urn:x" x:b="1" y:b="2"/>`, `file.xml:1:49: not XML: attribute "b" stands twice`},
		"an unbound prefix":     {`<a b:c="1"/>`, `file.xml:1:1: not XML: the prefix "b" is bound to no namespace`},
		"an unbound element":    {`<a><b:c/></a>`, `file.xml:1:4: not XML: the prefix "b" is bound to no namespace`},
		"an unquoted value":     {"<a b=1/>", "file.xml:1:6: not XML: unquoted or missing attribute value in element"},
		"not UTF-8":             {"<a>\xff</a>", "file.xml:1:1: not a UTF-8 text (save it as UTF-8)"},
		"half a character":      {"\xff\xfea", "file.xml:1:1: not a UTF-16 text (save it as UTF-8)"},
		"an encoding":           {`<?xml version="1.0" encoding="Shift_JIS"?><a/>`, "file.xml:1:1: the encoding shift_jis is not read (save it as UTF-8)"},
		"depth":                 {strings.Repeat("<a>", 65) + strings.Repeat("</a>", 65), "file.xml:1:193: nested too deep (at most 64 levels)"},
		"many elements":         {"<a>" + strings.Repeat("<b/>", 250_000) + "</a>", "file.xml:1:1000000: more than 250000 elements"},
		"many attributes":       {"<a" + numbered(257, ` b%="1"`) + "/>", "file.xml:1:1: an element with 257 attributes (at most 256)"},
		"many namespaces":       {"<a" + numbered(129, ` xmlns:b%="1"`) + "/>", "file.xml:1:1: too many namespaces (at most 128 at one place)"},
		"a large document":      {"<a>" + strings.Repeat(" ", 16<<20) + "</a>", "file.xml:1:1: the document has 16777223 bytes (at most 16777216)"},
		"a control character":   {"<a>\x01</a>", "file.xml:1:4: not XML: illegal character code U+0001"},
		"text before the root":  {"hello <a/>", "file.xml:1:1: not XML: text outside of the root element"},
		"text instead of a tag": {"hello", "file.xml:1:1: not XML: text outside of the root element"},
	} {
		if _, err := markup.Parse("file.xml", []byte(test.text)); err == nil || err.Error() != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := markup.Parse("file.xml", []byte(strings.Repeat("<a>", 64)+strings.Repeat("</a>", 64))); err != nil {
		t.Error("just deep enough:", err)
	}
}

func numbered(n int, pattern string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(pattern, "%", strings.Repeat("x", i)))
	}
	return b.String()
}

// FuzzParse: whatever comes, every place that is told lies in the document, and
// what stands at the place of a value is the value.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("<a b='1'\r\n c = \"&quot;\r\n\">\r\n</a>"))
	f.Add([]byte("\xff\xfe<\x00a\x00/\x00>\x00"))
	f.Add([]byte(`<?xml version='1.0' encoding='ISO-8859-1'?><a b:c='1' xmlns:b="2"/>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := markup.Parse("f", data)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f:") {
				t.Errorf("no position: %v", err)
			}
			return
		}
		d.Root.Walk(func(e *markup.Element) {
			if line, column := d.Position(e); line < 1 || column < 1 {
				t.Errorf("%s at %d:%d", e.Local, line, column)
			}
			for i := range e.Attrs {
				a := &e.Attrs[i]
				line, column := d.ValuePosition(a, 0)
				endLine, endColumn := d.ValuePosition(a, len([]rune(a.Value)))
				if line < 1 || column < 1 || endLine < line || endLine == line && endColumn < column || a.Value != "" && endLine == line && endColumn == column {
					t.Errorf("%q from %d:%d to %d:%d", a.Value, line, column, endLine, endColumn)
				}
			}
		})
	})
}
