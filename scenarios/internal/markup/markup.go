// Package markup reads XML that strangers wrote, and knows where everything in
// it stands. It keeps what a reader of metadata and of configuration files
// needs: elements, attributes and text, with namespaces resolved. It has no
// document types, hence no entities of one's own and nothing to fetch; size,
// depth and the number of elements are bounded. Its functions are pure.
package markup

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rollover-harness/rollover/scenarios/spec"
)

// Limits of a document. They keep a hostile one from costing more than it
// weighs; the metadata of AD FS has 70 kB and 400 elements.
const (
	MaxBytes      = 16 << 20
	maxDepth      = 64
	maxElements   = 250_000
	maxAttributes = 256 // of one element
	maxPrefixes   = 128 // that are bound at one place
)

// Element is an element with everything in it. Comments and processing
// instructions are left out.
type Element struct {
	Space    string // its namespace; empty where it is in none
	Local    string
	Attrs    []Attr // without the declarations of namespaces
	Children []*Element
	Text     string // what stands directly inside, between the children too

	text   []byte
	offset int
	scope  *scope
}

// Attr is an attribute.
type Attr struct {
	Space, Local string
	Value        string

	raw [2]int // where the value stands in the text, without its quotes
}

// scope is what namespace prefixes mean in an element.
type scope struct {
	prefix, space string
	outer         *scope
	size          int
}

// bind adds a declaration.
func (s *scope) bind(prefix, space string) *scope {
	inner := &scope{prefix: prefix, space: space, outer: s, size: 1}
	if s != nil {
		inner.size += s.size
	}
	return inner
}

func (s *scope) find(prefix string) (space string, bound bool) {
	for ; s != nil; s = s.outer {
		if s.prefix == prefix {
			return s.space, s.space != "" || prefix == ""
		}
	}
	return "", prefix == ""
}

// Is reports whether the element has that name.
func (e *Element) Is(space, local string) bool { return e.Space == space && e.Local == local }

// Attr is the attribute of that name without a namespace, nil where there is none.
func (e *Element) Attr(local string) *Attr { return e.AttrIn("", local) }

// AttrIn is the attribute of that name in a namespace, nil where there is none.
func (e *Element) AttrIn(space, local string) *Attr {
	for i := range e.Attrs {
		if a := &e.Attrs[i]; a.Space == space && a.Local == local {
			return a
		}
	}
	return nil
}

// Resolve gives the namespace and the local part of a qualified name that
// stands in a value, such as that of xsi:type. It reports false where the
// prefix is not bound at this element: a reader sees no name there.
func (e *Element) Resolve(name string) (space, local string, bound bool) {
	prefix, local, found := strings.Cut(strings.TrimSpace(name), ":")
	if !found {
		prefix, local = "", prefix
	}
	space, bound = e.scope.find(prefix)
	return space, local, bound
}

// Walk visits an element and everything below it, in the order of the document.
func (e *Element) Walk(visit func(*Element)) {
	visit(e)
	for _, c := range e.Children {
		c.Walk(visit)
	}
}

// Document is what was read.
type Document struct {
	Root *Element

	text text
}

// Parse reads a document. name is the file's, for the position in errors,
// which are spec.Errors.
func Parse(name string, data []byte) (*Document, error) {
	if len(data) > MaxBytes {
		return nil, spec.Errors{{File: name, Line: 1, Column: 1, Cause: fmt.Sprintf("the document has %d bytes", len(data)), Hint: fmt.Sprintf("at most %d", MaxBytes)}}
	}
	t, cause := decode(data)
	p := parser{document: &Document{text: t}, name: name}
	if cause != "" {
		return nil, p.wrong(0, cause, "save it as UTF-8")
	}
	p.decoder = xml.NewDecoder(bytes.NewReader(t.data))
	// What the declaration says was heeded by decode.
	p.decoder.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil }
	if err := p.read(); err != nil {
		return nil, err
	}
	return p.document, nil
}

// parser builds the tree.
type parser struct {
	name     string
	document *Document
	decoder  *xml.Decoder
	open     []*Element
	elements int
}

// wrong is an error at a place of the document.
func (p *parser) wrong(offset int, cause, hint string) error {
	line, column := p.document.text.position(offset)
	return spec.Errors{{File: p.name, Line: line, Column: column, Cause: cause, Hint: hint}}
}

func (p *parser) read() error {
	for {
		from := int(p.decoder.InputOffset())
		token, err := p.decoder.Token()
		if errors.Is(err, io.EOF) {
			if p.document.Root == nil {
				return p.wrong(0, "no XML element", "")
			}
			return nil
		}
		if err != nil {
			return p.wrong(p.stuck(from), "not XML: "+reason(err), "")
		}
		switch t := token.(type) {
		case xml.Directive:
			return p.wrong(from, "a document type declaration", "they are not read, because of what entities can do: remove it")
		case xml.StartElement:
			if err := p.start(t, from); err != nil {
				return err
			}
		case xml.EndElement:
			e := p.open[len(p.open)-1]
			e.Text, e.text = string(e.text), nil
			p.open = p.open[:len(p.open)-1]
		case xml.CharData:
			if len(p.open) > 0 {
				e := p.open[len(p.open)-1]
				e.text = append(e.text, t...)
			} else if len(bytes.TrimSpace(t)) > 0 {
				return p.wrong(from, "not XML: text outside of the root element", "")
			}
		}
	}
}

// stuck is where the decoder found an error: at the end of what it took.
func (p *parser) stuck(from int) int {
	return max(from, int(p.decoder.InputOffset())-1)
}

// reason is the decoder's, without the line that the position has already.
func reason(err error) string {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return syntax.Msg
	}
	return strings.TrimPrefix(err.Error(), "xml: ")
}

func (p *parser) start(t xml.StartElement, from int) error {
	p.elements++
	switch {
	case len(p.open) == maxDepth:
		return p.wrong(from, "nested too deep", fmt.Sprintf("at most %d levels", maxDepth))
	case p.elements > maxElements:
		return p.wrong(from, fmt.Sprintf("more than %d elements", maxElements), "")
	case len(t.Attr) > maxAttributes:
		return p.wrong(from, fmt.Sprintf("an element with %d attributes", len(t.Attr)), fmt.Sprintf("at most %d", maxAttributes))
	case len(p.open) == 0 && p.document.Root != nil:
		return p.wrong(from, "not XML: a second root element", "")
	}
	e := &Element{Space: t.Name.Space, Local: t.Name.Local, offset: from}
	if len(p.open) > 0 {
		above := p.open[len(p.open)-1]
		e.scope = above.scope
		above.Children = append(above.Children, e)
	} else {
		p.document.Root = e
	}
	p.open = append(p.open, e)
	return p.attributes(e, t, from)
}

// attributes takes those of a start tag, which the decoder has found sound, and
// looks for what the decoder lets pass.
func (p *parser) attributes(e *Element, t xml.StartElement, from int) error {
	raw := places(p.document.text.data[from:p.decoder.InputOffset()])
	if len(raw.values) != len(t.Attr) {
		return p.wrong(from, "not XML: a start tag that cannot be read", "")
	}
	seen := make(map[xml.Name]bool, len(t.Attr))
	for i, a := range t.Attr {
		at := from + raw.values[i][0]
		if seen[a.Name] {
			return p.wrong(at, fmt.Sprintf("not XML: attribute %q stands twice", a.Name.Local), "")
		}
		seen[a.Name] = true
		switch {
		case a.Name.Space == "xmlns":
			e.scope = e.scope.bind(a.Name.Local, a.Value)
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			e.scope = e.scope.bind("", a.Value)
		default:
			e.Attrs = append(e.Attrs, Attr{a.Name.Space, a.Name.Local, a.Value, [2]int{at, from + raw.values[i][1]}})
		}
	}
	if e.scope != nil && e.scope.size > maxPrefixes {
		return p.wrong(from, "too many namespaces", fmt.Sprintf("at most %d at one place", maxPrefixes))
	}
	for _, prefix := range raw.prefixes {
		if _, bound := e.scope.find(prefix); !bound && prefix != "xml" && prefix != "xmlns" {
			return p.wrong(from, fmt.Sprintf("not XML: the prefix %q is bound to no namespace", prefix), "")
		}
	}
	return nil
}
