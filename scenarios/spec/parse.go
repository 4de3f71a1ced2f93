package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Limits of a file. They keep a hostile file from costing more than it weighs.
const (
	MaxBytes = 1 << 20 // size of a file
	maxDepth = 32      // mappings and lists inside each other
	maxList  = 2000    // entries of a list: 1000 keys in a set is a scenario
	maxErrs  = 50      // errors that are looked for in one file
)

// parse reads the one YAML document of a file.
func parse(name string, data []byte) (*yaml.Node, Errors) {
	wrong := func(line, column int, cause, hint string) (*yaml.Node, Errors) {
		return nil, Errors{{File: name, Line: line, Column: column, Cause: cause, Hint: hint}}
	}
	if len(data) > MaxBytes {
		return wrong(1, 1, fmt.Sprintf("the file has %d bytes", len(data)), fmt.Sprintf("at most %d", MaxBytes))
	}
	if line, column, bad := badText(data); bad {
		return wrong(line, column, "not a UTF-8 text file", "")
	}
	if line, column, found := tabIndent(data); found {
		return wrong(line, column, "a tab in the indentation", "YAML is indented by spaces")
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return wrong(1, 1, "the file is empty", "")
	} else if err != nil {
		line, cause := syntax(err)
		return wrong(line, 1, cause, "")
	}
	var next yaml.Node
	if err := decoder.Decode(&next); err == nil {
		return wrong(next.Line, next.Column, "a second document", "one file holds one")
	} else if !errors.Is(err, io.EOF) {
		line, cause := syntax(err)
		return wrong(line, 1, cause, "")
	}
	root := document.Content[0]
	if errs := refuse(name, root, 0); len(errs) > 0 {
		return nil, errs
	}
	return root, nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// syntax takes the line out of an error of the YAML parser, which has no column.
func syntax(err error) (line int, cause string) {
	found := yamlLine.FindStringSubmatch(strings.SplitN(err.Error(), "\n", 2)[0])
	if found == nil {
		return 1, "not YAML: " + err.Error()
	}
	line, _ = strconv.Atoi(found[1])
	return max(line, 1), "not YAML: " + found[2]
}

// badText finds the first byte that is no text: the parser's own error has no place.
func badText(data []byte) (line, column int, bad bool) {
	line, column = 1, 1
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 || r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f {
			return line, column, true
		}
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
		data = data[size:]
	}
	return 0, 0, false
}

// tabIndent finds the first line that is indented by a tab. Inside a quoted or
// a block text that would be legal, yet nobody is hurt by writing spaces.
func tabIndent(data []byte) (line, column int, found bool) {
	for text := range bytes.Lines(data) {
		line++
		indent := len(text) - len(bytes.TrimLeft(text, " "))
		if indent < len(text) && text[indent] == '\t' && len(bytes.TrimSpace(text)) > 0 {
			return line, indent + 1, true
		}
	}
	return 0, 0, false
}

// refuse finds what a file of ours never needs and what makes files grow when
// they are read: anchors, aliases, tags, merge keys, and depth.
func refuse(name string, n *yaml.Node, depth int) Errors {
	wrong := func(cause, hint string) Errors {
		return Errors{{File: name, Line: n.Line, Column: n.Column, Cause: cause, Hint: hint}}
	}
	switch {
	case n.Kind == yaml.AliasNode:
		return wrong(fmt.Sprintf("alias *%s", n.Value), "aliases are not allowed: write it out")
	case n.Anchor != "":
		return wrong(fmt.Sprintf("anchor &%s", n.Anchor), "anchors are not allowed: write it out")
	case n.Style&yaml.TaggedStyle != 0:
		return wrong(fmt.Sprintf("tag %s", n.ShortTag()), "tags are not allowed: types follow from the key")
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!merge":
		return wrong("merge key <<", "merging is not allowed: write it out")
	case depth > maxDepth:
		return wrong("nested too deep", fmt.Sprintf("at most %d levels", maxDepth))
	}
	var errs Errors
	for _, c := range n.Content {
		errs = append(errs, refuse(name, c, depth+1)...)
		if len(errs) >= maxErrs {
			return errs[:maxErrs]
		}
	}
	return errs
}
