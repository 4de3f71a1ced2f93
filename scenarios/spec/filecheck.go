package spec

import (
	"fmt"
	"maps"
	"net/url"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/credential"
)

// ValidateFile checks a file that was built in Go as strictly as DecodeFile
// checks one that was read; the errors carry paths in the place of positions.
func ValidateFile(f File) Errors {
	orElse(&f.APIVersion, APIVersion)
	errs := checkWords(reflect.ValueOf(f), "", nil)
	if len(errs) == 0 {
		errs = checkFile(f)
	}
	for i := range errs {
		errs[i].Column = 0
	}
	return errs
}

// checkFile checks what types and words cannot say.
func checkFile(f File) Errors {
	var errs Errors
	fail := func(path, cause, hint string) {
		errs = append(errs, Error{Path: path, Cause: cause, Hint: hint})
	}
	t := f.Target
	var kinds []string
	if t.Process != nil {
		kinds = append(kinds, "process")
		errs = append(errs, checkProcess(*t.Process)...)
	}
	if t.Container != nil {
		kinds = append(kinds, "container")
		errs = append(errs, checkContainer(*t.Container)...)
	}
	if t.URL != "" {
		kinds = append(kinds, "url")
	}
	switch {
	case len(kinds) > 1:
		fail("target", strings.Join(kinds, " beside "), "a target is one of them")
	case len(kinds) == 0:
		fail("target", "neither process nor container nor url", "process: {command: [...]} or container: {image: ...} starts the app, url names one that runs")
	}
	if at, err := url.Parse(t.URL); t.URL != "" && (err != nil || (at.Scheme != "http" && at.Scheme != "https") || at.Host == "") {
		fail("target.url", fmt.Sprintf("url %q", t.URL), "http://HOST:PORT or https://HOST")
	}
	if f.Issuer.TLS && t.URL != "" {
		fail("issuer.tls", "tls of the issuer of an app that runs already", "it cannot trust an authority that is made for the run")
	}
	if t.Clock != "" && t.Process == nil {
		fail("target.clock", "clock of an app that is not started here", "it takes a process")
	}
	errs = append(errs, checkPlaceholders(t.Ready.Path, "target.ready.path")...)
	for _, one := range []struct {
		of, path string
		timeout  clock.Duration
	}{{"target.ready", t.Ready.Path, t.Ready.Timeout}, {"target.present", t.Present.Path, t.Present.Timeout}} {
		if one.path != "" && one.path[0] != '/' {
			fail(one.of+".path", fmt.Sprintf("path %q", one.path), "it begins with /")
		}
		if one.timeout < 0 {
			fail(one.of+".timeout", fmt.Sprintf("timeout %s", one.timeout), "above zero")
		}
	}
	errs = append(errs, checkLogin(f)...)
	errs = append(errs, checkStatuses(f.WithDefaults().Target)...)
	return append(errs, checkPromise(f.Promise)...)
}

// checkProcess demands a program, and nothing that nobody fills in.
func checkProcess(p Process) Errors {
	var errs Errors
	if p.Command[0] == "" {
		errs = append(errs, Error{Path: "target.process.command[0]", Cause: "the program has no name"})
	}
	return append(errs, checkTold(p.Command, p.Env, "target.process")...)
}

// checkContainer demands one image, a port, and files with a place.
func checkContainer(c Container) Errors {
	var errs Errors
	fail := func(path, cause, hint string) {
		errs = append(errs, Error{Path: path, Cause: cause, Hint: hint})
	}
	switch {
	case c.Image != "" && c.Build != nil:
		fail("target.container", "image beside build", "a container is of one of them")
	case c.Image == "" && c.Build == nil:
		fail("target.container", "neither image nor build", "image: NAME, or build: {context: .}")
	}
	if c.Port < 1 || c.Port > 65535 {
		fail("target.container.port", fmt.Sprintf("port %d", c.Port), "1 to 65535")
	}
	for _, to := range slices.Sorted(maps.Keys(c.Files)) {
		at := "target.container.files." + to
		switch {
		case !strings.HasPrefix(to, "/") || strings.HasSuffix(to, "/") || path.Clean(to) != to:
			fail(at, fmt.Sprintf("%q is no path of a file in the container", to), "it begins with /, as in /app/web.config")
		case c.Files[to] == "":
			fail(at, "no file for "+to, "a path here")
		}
	}
	return append(errs, checkTold(c.Command, c.Env, "target.container")...)
}

// checkTold checks what an app is told by its command and its environment.
func checkTold(command []string, env map[string]string, of string) Errors {
	var errs Errors
	for i, word := range command {
		errs = append(errs, checkPlaceholders(word, fmt.Sprintf("%s.command[%d]", of, i))...)
	}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		at := of + ".env." + name
		if name == "" || strings.ContainsAny(name, "=\x00") {
			errs = append(errs, Error{Path: at, Cause: fmt.Sprintf("%q is no name of an environment variable", name)})
		}
		errs = append(errs, checkPlaceholders(env[name], at)...)
	}
	return errs
}

// checkLogin demands what a login needs, and that nothing is said of one where
// there is none.
func checkLogin(f File) Errors {
	var errs Errors
	fail := func(path, cause, hint string) {
		errs = append(errs, Error{Path: path, Cause: cause, Hint: hint})
	}
	carry, profile := f.Target.Present, f.WithDefaults().Issuer.Profile
	const logins = "of oidc-login, wsfed-login and saml-login"
	switch {
	case carry.Federated() && profile == "generic":
		fail("target.present.as", carry.As+" at an issuer of the generic profile, which makes no assertions", "the profiles entra and adfs make them")
	case carry.Reply != "" && !carry.Login():
		fail("target.present.reply", "reply of an app that nobody signs in to", logins)
	case carry.Start != "" && !carry.Login():
		fail("target.present.start", "start of an app that nobody signs in to", logins)
	case carry.Start == "issuer" && !carry.Federated():
		fail("target.present.start", "a login over OpenID Connect begins at the app", "issuer is for wsfed-login and saml-login")
	case carry.Start == "issuer" && carry.Reply == "":
		fail("target.present.start", "a login that begins at the issuer has no reply address", "reply: /PATH")
	}
	if carry.Reply != "" && carry.Reply[0] != '/' {
		fail("target.present.reply", fmt.Sprintf("path %q", carry.Reply), "it begins with /")
	}
	saml := f.Issuer.SAML
	if saml != (credential.SAML{}) && !carry.Federated() {
		fail("issuer.saml", "saml of an issuer that nobody asks for an assertion", "present: {as: wsfed-login}, or saml-login")
	}
	if saml.KeyInfo != "" && saml.KeyInfo != "absent" {
		fail("issuer.saml.keyInfo", fmt.Sprintf("keyInfo %q", saml.KeyInfo), "absent; a key is named in a scenario's step")
	}
	return errs
}

// checkStatuses demands final HTTP statuses that mean one thing.
func checkStatuses(t Target) Errors {
	var errs Errors
	check := func(path string, statuses, others []int) {
		for i, s := range statuses {
			at := fmt.Sprintf("%s[%d]", path, i)
			switch {
			case s < 200 || s > 599:
				errs = append(errs, Error{Path: at, Cause: fmt.Sprintf("status %d", s), Hint: "200 to 599"})
			case slices.Contains(others, s):
				errs = append(errs, Error{Path: at, Cause: fmt.Sprintf("status %d is both accepted and rejected", s), Hint: "it means one thing"})
			}
		}
	}
	check("target.accepted", t.Accepted, nil)
	check("target.rejected", t.Rejected, t.Accepted)
	return errs
}

// checkPromise demands that nothing below zero is promised.
func checkPromise(p Promise) Errors {
	var errs Errors
	below := func(member string, is bool) {
		if is {
			errs = append(errs, Error{Path: "promise." + member, Cause: member + " is below zero", Hint: ""})
		}
	}
	below("rejectedGood", p.RejectedGood != nil && *p.RejectedGood < 0)
	below("revocationLag", p.RevocationLag != nil && *p.RevocationLag < 0)
	below("announcement", p.Announcement != nil && *p.Announcement < 0)
	below("fetchesPerMinute", p.FetchesPerMinute != nil && *p.FetchesPerMinute < 0)
	below("outage", p.Outage != nil && *p.Outage < 0)
	below("leeway", p.Leeway != nil && *p.Leeway < 0)
	return errs
}

var placeholder = regexp.MustCompile(`\$\{([^{}]*)(\}?)`)

// checkPlaceholders finds the first ${name} that nobody fills in. The error's
// Column is where it is in the text, from 1; place adds where the text begins.
func checkPlaceholders(text, path string) Errors {
	for _, m := range placeholder.FindAllStringSubmatchIndex(text, -1) {
		name, closed := text[m[2]:m[3]], m[4] < m[5]
		if closed && slices.Contains(Placeholders(), name) {
			continue
		}
		e := Error{Path: path, Column: utf8.RuneCountInString(text[:m[0]]) + 1}
		if e.Cause, e.Hint = unknownWord("placeholder", name, Placeholders()); !closed {
			e.Cause, e.Hint = fmt.Sprintf("placeholder ${%s is not closed", name), "${NAME}"
		}
		return Errors{e}
	}
	return nil
}
