package probe

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/target"
)

// end judges a sign-in by the page where it ended. why is what the page waits
// for, where it waits.
func (w *signIn) end(p page, why string) target.Observation {
	if w.atIssuer(p.step.to) {
		return w.unknown(p, because("the sign-in stays at the issuer", why))
	}
	name := p.shows(w.subject)
	switch {
	case w.delivered:
		return w.judge(p, name)
	case w.asked:
		return w.unknown(p, "the issuer sent the browser back without a credential"+complaint(p.step))
	case name != "":
		o := w.unknown(p, "the page shows a name before anybody has signed in: is it the page that demands that?")
		o.Shown = name
		return o
	}
	return w.withheld(p, because("the app never sent the browser to the issuer", why))
}

func because(what, why string) string {
	if why == "" {
		return what
	}
	return what + ": " + why
}

// judge reads the page of an app that was brought what the issuer gave.
func (w *signIn) judge(p page, name string) target.Observation {
	o := target.Observation{Outcome: timeline.Rejected, Status: p.status, Shown: name}
	accepted, rejected := slices.Contains(w.rules.Accepted, p.status), slices.Contains(w.rules.Rejected, p.status)
	switch {
	case accepted && name != "":
		o.Outcome, o.Detail = timeline.Accepted, said(p)
		return o
	case accepted:
		o.Detail = w.detail(p, "the page shows nobody's name")
		return o
	case rejected:
	case p.status >= 500 && p.status <= 599:
		o.Outcome = timeline.Failed
	case name != "":
		o.Outcome = timeline.Unreachable
		o.Detail = w.detail(p, fmt.Sprintf("the page shows %s, and %d is neither accepted nor rejected", name, p.status))
		return o
	}
	o.Detail = w.detail(p)
	return o
}

// withheld is the answer of an app before it has sent the browser anywhere: it
// fails to sign a good user in.
func (w *signIn) withheld(p page, note string) target.Observation {
	o := w.refused(p, note)
	if p.status >= 500 && p.status <= 599 && !slices.Contains(w.rules.Rejected, p.status) {
		o.Outcome = timeline.Failed
	}
	o.Undelivered = true
	return o
}

// refused is a rejection that is not the last page's to say.
func (w *signIn) refused(p page, note string) target.Observation {
	return target.Observation{Outcome: timeline.Rejected, Status: w.status(p), Detail: w.detail(p, note)}
}

// unknown is an end that says nothing of the credential.
func (w *signIn) unknown(p page, note string) target.Observation {
	return target.Observation{Outcome: timeline.Unreachable, Status: w.status(p), Detail: w.detail(p, note)}
}

// status is that of a page of the app; the issuer's say nothing of it.
func (w *signIn) status(p page) int {
	if w.atIssuer(p.step.to) {
		return 0
	}
	return p.status
}

// circles is the end of a sign-in that has none.
func (w *signIn) circles(p page) target.Observation {
	note := fmt.Sprintf("the sign-in goes on after %d pages", maxPages)
	switch {
	case w.delivered:
		return w.refused(p, note)
	case w.asked:
		return w.unknown(p, note)
	}
	return w.withheld(p, note+", and the app never sent the browser to the issuer")
}

// detail is what the last page said and, after that, how the sign-in ended.
func (w *signIn) detail(p page, notes ...string) string {
	var parts []string
	if text := said(p); text != "" {
		parts = append(parts, text)
	} else if !p.redirects() {
		parts = append(parts, "an empty page")
	}
	parts = append(append(parts, notes...), fmt.Sprintf("the sign-in ended at %s with %d", address(p.step.to), p.status))
	return strings.Join(parts, "; ")
}

// said is what a page says: the beginning of its text and, where it comes
// later, the code by which its framework names the failure.
func said(p page) string {
	if p.redirects() {
		return ""
	}
	var parts []string
	if challenges := p.header.Values("WWW-Authenticate"); len(challenges) > 0 {
		parts = append(parts, "WWW-Authenticate: "+clean(strings.Join(challenges, ", "), headerShown))
	}
	text := strings.Join(strings.Fields(p.text), " ")
	begins := strings.TrimSpace(clean(text, bodyShown))
	if begins != "" {
		parts = append(parts, begins)
	}
	if at := codes.FindStringIndex(text); at != nil && at[1] > len(begins) {
		parts = append(parts, clean(text[at[0]:], codeShown))
	}
	return strings.Join(parts, "; ")
}

// complaint is the error that an issuer sends back in the place of a credential
// (OpenID Connect Core section 3.1.2.6).
func complaint(s step) string {
	values := s.values()
	if values.Get("error") == "" {
		return ""
	}
	return " (" + clean(values.Get("error")+" "+values.Get("error_description"), bodyShown) + ")"
}
