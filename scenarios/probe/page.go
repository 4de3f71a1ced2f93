package probe

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// maxRefresh is the longest delay of a refresh that leads on by itself. What
// comes later gives a person time to read: then the page is the end.
const maxRefresh = time.Second

// page is an answer.
type page struct {
	step   step // the request
	status int
	header http.Header
	whole  bool       // its body was read to the end
	doc    *html.Node // nil where it is no HTML
	base   *url.URL   // what addresses on it are relative to
	text   string     // as a person reads it: the title first, without scripts
}

// read takes the body in.
func (p *page) read(body []byte) {
	p.base, p.text = p.step.to, string(body)
	if p.status == http.StatusNoContent || !p.isHTML(body) {
		return
	}
	doc, err := html.Parse(bytes.NewReader(body)) // as with scripts: noscript is left out
	if err != nil {
		return // its reader's errors: a text has none
	}
	p.doc = doc
	var text strings.Builder
	readable(doc, &text)
	p.text = text.String()
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "base" && attribute(n, "href") != "" {
			if base, err := p.step.to.Parse(attribute(n, "href")); err == nil {
				p.base = base
			}
			break
		}
	}
}

func (p *page) isHTML(body []byte) bool {
	kind, _, err := mime.ParseMediaType(p.header.Get("Content-Type"))
	if err != nil {
		kind, _, _ = strings.Cut(http.DetectContentType(body), ";")
	}
	return kind == "text/html" || kind == "application/xhtml+xml"
}

// readable writes what a person reads. Comments are nothing, not even a space:
// a name with one in it is one name.
func readable(n *html.Node, text *strings.Builder) {
	if n.Type == html.TextNode {
		text.WriteString(n.Data)
		return
	}
	if n.Type == html.CommentNode {
		return
	}
	if n.Type == html.ElementNode {
		switch n.Data {
		case "script", "style", "template", "noscript", "iframe", "noframes":
			return
		}
		text.WriteByte(' ')
		defer text.WriteByte(' ')
	}
	for c := range n.ChildNodes() {
		readable(c, text)
	}
}

func (p *page) redirects() bool {
	switch p.status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return p.header.Get("Location") != ""
	}
	return false
}

// onward is where the page leads without anybody's doing: by a redirect, a
// refresh or a form that a script sends. Where it does not, why may say what it
// waits for.
func (p *page) onward() (next step, leads bool, why string) {
	at := p.step.to
	if p.redirects() {
		to, err := at.Parse(p.header.Get("Location"))
		if err != nil {
			return step{}, false, "it leads to what is no address"
		}
		next := visit(to, at)
		// 307 and 308 repeat the request as it was, the others make a GET of a
		// POST (RFC 9110 section 15.4, Fetch standard section 4.4).
		if kept := p.status == http.StatusTemporaryRedirect || p.status == http.StatusPermanentRedirect; kept && p.step.method == http.MethodPost {
			next.method, next.form, next.origin = http.MethodPost, p.step.form, p.step.origin
			if origin(to) != origin(at) {
				next.origin = "null"
			}
		}
		return next, true, ""
	}
	if to, is := p.refresh(); is {
		return visit(to, at), true, ""
	}
	if p.doc == nil {
		return step{}, false, ""
	}
	f, why := findForm(p.doc)
	if f == nil {
		return step{}, false, why
	}
	if !p.whole {
		return step{}, false, fmt.Sprintf("it is longer than %d bytes, and a form is not sent without its end", pageRead)
	}
	next, err := f.step(p.base, at)
	if err != nil {
		return step{}, false, "its form leads to what is no address"
	}
	return next, true, ""
}

// refreshForm is the text of a refresh: seconds and an address (HTML standard,
// section 4.2.5.3).
var refreshForm = regexp.MustCompile(`(?is)^\s*(\d*)(?:\.[\d.]*)?\s*[;,]\s*(?:url\s*=\s*)?(?:"([^"]*)|'([^']*)|(.*?)\s*$)`)

// refresh is where a Refresh header or the page's first meta refresh leads at once.
func (p *page) refresh() (to *url.URL, is bool) {
	texts := p.header.Values("Refresh")
	if p.doc != nil {
		for n := range p.doc.Descendants() {
			if n.Type == html.ElementNode && n.Data == "meta" && strings.EqualFold(attribute(n, "http-equiv"), "refresh") {
				texts = append(texts, attribute(n, "content"))
			}
		}
	}
	for _, text := range texts {
		m := refreshForm.FindStringSubmatch(text)
		if m == nil || m[2]+m[3]+m[4] == "" {
			continue // the same page again, or nothing
		}
		if seconds, err := strconv.Atoi("0" + m[1]); err != nil || time.Duration(seconds) > maxRefresh/time.Second {
			return nil, false
		}
		to, err := p.base.Parse(m[2] + m[3] + m[4])
		return to, err == nil
	}
	return nil, false
}

// names are those of this test, in whatever letter case: RFC 2606 reserves
// .test, so that nothing else on a page is one. A name may go on after it:
// user@rollover.test.evil.test is another.
var names = regexp.MustCompile(`(?i)[\w.+-]+@rollover\.test(?:\.[a-z0-9-]+)*`)

// shows is the name on the page. One of somebody else than subject goes first:
// an app that takes a browser for two people has been fooled. A subject that is
// none of this test's names is looked for as a word.
func (p *page) shows(subject string) string {
	own := ""
	for _, name := range names.FindAllString(p.text, -1) {
		if !strings.EqualFold(name, subject) {
			return clean(name, addressShown)
		}
		own = subject
	}
	if own != "" || subject == "" {
		return own
	}
	word := regexp.MustCompile(`(?i)(?:^|[^\w.+@-])` + regexp.QuoteMeta(subject) + `(?:$|[^\w.@-]|\.(?:$|\W))`)
	if word.MatchString(p.text) {
		return subject
	}
	return ""
}

// codes are how frameworks name a failure: IDX10501, WIF10201, ID4175,
// AADSTS50011, ERR_..., opensaml::SecurityPolicyException. Which of them tells of
// what is the judge's to know.
var codes = regexp.MustCompile(`\b(?:IDX\d{5}|WIF\d{5}|ID\d{4}|MSIS\d{4}|AADSTS\d+|(?:ERR|OAUTH)_[A-Z_]{4,}|(?:opensaml|xmltooling|shibsp)(?:::\w+)+)\b`)

const codeShown = 200 // bytes from a code on that go into Detail
