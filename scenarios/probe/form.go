package probe

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// form is one that a page sends on by itself.
type form struct {
	action string // as written; empty is the page's own address
	method string
	fields []field
}

// field is a control with its value, in the order of the page.
type field struct{ name, value string }

// submits is how scripts send a form on: form.submit(), form.requestSubmit(),
// and HTMLFormElement.prototype.submit.call(form), which works beside a button
// that is named submit. A submit with an argument is jQuery's way to be told of one.
var submits = regexp.MustCompile(`\.\s*(?:submit|requestSubmit)\s*\(\s*\)|\.\s*submit\s*\.\s*(?:call|apply)\s*\(`)

// comments are those of JavaScript that stand on lines of their own or between
// stars, and the HTML comments that once hid scripts.
var comments = regexp.MustCompile(`(?s)/\*.*?\*/|(?m:^\s*(?://|<!--|-->).*$)`)

// findForm finds the form that a page sends on by itself: the only form of the
// page, nothing in it to be filled in or chosen, and a script that submits it,
// in the page or in the onload of its body. Where there is none, why says in
// what way the page is one for people; both are empty where it has no form.
func findForm(doc *html.Node) (found *form, why string) {
	var forms []*html.Node
	var scripts strings.Builder
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "form":
			forms = append(forms, n)
		case "body":
			scripts.WriteString(attribute(n, "onload") + "\n")
		case "script":
			if n.FirstChild != nil && isScript(attribute(n, "type")) {
				scripts.WriteString(n.FirstChild.Data + "\n")
			}
		}
	}
	switch {
	case len(forms) == 0:
		return nil, ""
	case len(forms) > 1:
		for _, n := range forms {
			if _, asks := fieldsOf(n); asks != "" {
				return nil, asks
			}
		}
		return nil, fmt.Sprintf("it has %d forms, and a person has to choose", len(forms))
	}
	f := &form{action: strings.TrimSpace(attribute(forms[0], "action")), method: http.MethodGet}
	if strings.EqualFold(attribute(forms[0], "method"), "post") {
		f.method = http.MethodPost
	}
	var asks string
	switch f.fields, asks = fieldsOf(forms[0]); {
	case asks != "":
		return nil, asks
	case !submits.MatchString(comments.ReplaceAllString(scripts.String(), "")):
		return nil, "it has a form that no script sends on"
	}
	if kind := attribute(forms[0], "enctype"); f.method == http.MethodPost && kind != "" && !strings.EqualFold(kind, "application/x-www-form-urlencoded") {
		return nil, fmt.Sprintf("it has a form of the type %q, which no sign-in uses", clean(kind, addressShown))
	}
	return f, ""
}

// fieldsOf are the fields that a script posts: the hidden ones with a name, as
// they are. Buttons belong to whoever presses them. asks says what a person
// would have to do.
func fieldsOf(n *html.Node) (fields []field, asks string) {
	for c := range n.Descendants() {
		if c.Type != html.ElementNode {
			continue
		}
		kind := strings.ToLower(attribute(c, "type"))
		switch c.Data {
		case "input":
			switch kind {
			case "hidden":
				if name := attribute(c, "name"); name != "" && !has(c, "disabled") {
					fields = append(fields, field{name, attribute(c, "value")})
				}
				continue
			case "submit", "button", "image", "reset":
				continue
			}
		case "textarea", "select":
			kind = c.Data
		default:
			continue
		}
		if kind == "" {
			kind = "text"
		}
		return nil, fmt.Sprintf("it asks for %q (%s)", clean(attribute(c, "name"), addressShown), clean(kind, addressShown))
	}
	return fields, ""
}

// step is the request that the form makes. base is what its action is relative
// to, page the address of its page.
func (f *form) step(base, page *url.URL) (step, error) {
	to, err := base.Parse(f.action)
	if f.action == "" {
		to, err = page.Parse("")
	}
	if err != nil {
		return step{}, err
	}
	to.Fragment = ""
	if f.method == http.MethodGet {
		to.RawQuery = f.encode()
		return visit(to, page), nil
	}
	return step{method: f.method, to: to, form: f.encode(), from: page, origin: origin(page)}, nil
}

// encode writes the fields as browsers do: in their order, every line break as
// CR LF (HTML standard, section 4.10.22.4, constructing the entry list).
func (f *form) encode() string {
	breaks := strings.NewReplacer("\r\n", "\r\n", "\r", "\r\n", "\n", "\r\n")
	pairs := make([]string, len(f.fields))
	for i, one := range f.fields {
		pairs[i] = url.QueryEscape(breaks.Replace(one.name)) + "=" + url.QueryEscape(breaks.Replace(one.value))
	}
	return strings.Join(pairs, "&")
}

// isScript reports whether a script of that type runs in the page.
func isScript(kind string) bool {
	kind, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(kind)), ";")
	return kind == "" || kind == "module" || strings.HasSuffix(kind, "javascript") || strings.HasSuffix(kind, "ecmascript")
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Namespace == "" && a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Namespace == "" && a.Key == name {
			return true
		}
	}
	return false
}
