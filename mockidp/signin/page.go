package signin

import (
	"bytes"
	"html/template"
	"net/url"
	"slices"
)

// Field is one hidden field of a form.
type Field struct{ Name, Value string }

// Fields are values as the fields of a form, sorted by name.
func Fields(values url.Values) []Field {
	var fields []Field
	for name, list := range values {
		for _, value := range list {
			fields = append(fields, Field{name, value})
		}
	}
	slices.SortFunc(fields, func(a, b Field) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	return fields
}

// PagePolicy is the Content-Security-Policy of all pages: nothing is loaded but
// the images that sign apps out, and no script runs but those written here.
const PagePolicy = "default-src 'none'; img-src http: https:; style-src 'unsafe-inline'; base-uri 'none'; " +
	"script-src 'sha256-WAa+xI8KigqhlR7T6zT5Uj7fOsgOG45zWU4ecZDdMAE='"

// script presses the button, or follows the link, once images have been loaded.
const script = `<script>onload=function(){document.forms[0]?document.forms[0].submit():document.links[0]&&document.links[0].click()}</script>`

// pages are parsed once. Where the browser runs no script, the button does it.
//
//nolint:gochecknoglobals // a constant in all but name
var pages = template.Must(template.New("").Parse(`{{define "head"}}<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.}}</title>
<style>body{font:16px/1.5 sans-serif;max-width:42em;margin:3em auto;padding:0 1em}footer{margin-top:3em;color:#666}code{overflow-wrap:anywhere}</style></head>
<body>{{end}}
{{define "foot"}}<footer>rollover mock issuer, for tests only: its private keys are public.</footer></body></html>
{{end}}
{{define "post"}}{{template "head" "Signing in"}}
<form method="post" action="{{.Action}}">{{range .Fields}}<input type="hidden" name="{{.Name}}" value="{{.Value}}">{{end}}
<p>On to {{.Action}}</p><button>Continue</button></form>
` + script + `
{{template "foot"}}{{end}}
{{define "failure"}}{{template "head" .Title}}
<h1>{{.Title}}</h1><p><code>{{.What}}</code></p>{{if .Hint}}<p>{{.Hint}}</p>{{end}}
{{template "foot"}}{{end}}
{{define "signedOut"}}{{template "head" "Signed out"}}
<h1>Signed out</h1>{{range .Images}}<img src="{{.}}" alt="" width="1" height="1">{{end}}
{{if .Next}}<p><a href="{{.Next}}">Continue</a></p>
` + script + `{{end}}
{{template "foot"}}{{end}}`))

// PostPage is a page that posts fields to action by itself, and by a button where
// the browser runs no script (OAuth 2.0 Form Post Response Mode; SAML 2.0
// bindings section 3.5.4; WS-Federation 1.2 section 13.1.3).
func PostPage(action string, fields []Field) ([]byte, error) {
	return render("post", struct {
		Action string
		Fields []Field
	}{action, fields})
}

// FailurePage says what is wrong, and what to do about it where hint does.
func FailurePage(title, what, hint string) ([]byte, error) {
	return render("failure", struct{ Title, What, Hint string }{title, what, hint})
}

// SignedOutPage loads the images, which sign the apps behind them out, and goes on
// to next where there is one.
func SignedOutPage(images []string, next string) ([]byte, error) {
	return render("signedOut", struct {
		Images []string
		Next   string
	}{images, next})
}

func render(page string, data any) ([]byte, error) {
	var text bytes.Buffer
	if err := pages.ExecuteTemplate(&text, page, data); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}
