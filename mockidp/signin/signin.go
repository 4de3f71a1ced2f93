// Package signin reads what browsers and apps bring to the endpoints at which
// people sign in, and writes the pages that browsers get: OAuth 2.0 with OpenID
// Connect, WS-Federation's passive requestors, SAML 2.0's browser profiles. It is
// pure: parameters in, values and pages out.
package signin

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Refusal is why a request is refused, in words for the person who sees the page.
type Refusal struct {
	What string // is wrong
	Hint string // what the app has to do
}

func (r *Refusal) Error() string { return r.What }

func refuse(hint, format string, args ...any) *Refusal {
	return &Refusal{What: fmt.Sprintf(format, args...), Hint: hint}
}

// CheckAddress demands an absolute http or https URL without a fragment: what
// else an app might name is nothing that a browser may be sent to from here.
// Whether the address is the app's is not checked: the issuer is a test tool and
// knows no registrations.
func CheckAddress(parameter, address string) error {
	at, err := url.Parse(address)
	switch {
	case err != nil:
		return refuse("it is to be an absolute http or https URL", "%s %q is no URL", parameter, address)
	case at.Scheme != "http" && at.Scheme != "https":
		return refuse("it is to be an absolute http or https URL", "%s %q has the scheme %q", parameter, address, at.Scheme)
	case at.Host == "":
		return refuse("it is to be an absolute http or https URL", "%s %q names no host", parameter, address)
	case strings.Contains(address, "#"):
		return refuse("leave the fragment out (RFC 6749 section 3.1.2)", "%s %q has a fragment", parameter, address)
	}
	return nil
}

// reply is the address that an answer goes to: what was sent, or what is
// registered.
func reply(parameter, sent, registered string) (string, error) {
	if sent == "" {
		if registered == "" {
			return "", refuse("send it, register one with the issuer (reply), or bring the cookie rollover_reply", "%s is missing, and no reply address is registered", parameter)
		}
		sent, parameter = registered, "the registered reply address"
	}
	return sent, CheckAddress(parameter, sent)
}

// carried demands a text that an HTML form carries unchanged: browsers rewrite
// line ends, and neither zero bytes nor bytes outside UTF-8 survive a page.
func carried(parameter, text string) error {
	control := func(r rune) bool { return r < ' ' || r == 0x7f }
	if !utf8.ValidString(text) || strings.ContainsFunc(text, control) {
		return refuse("it comes back byte for byte, so it must fit into a form", "%s %q has control characters or is not UTF-8", parameter, text)
	}
	return nil
}

// once demands that no parameter comes twice (RFC 6749 section 3.1): readers
// disagree on which of them counts.
func once(form url.Values, parameters ...string) error {
	for _, p := range parameters {
		if len(form[p]) > 1 {
			return refuse("send it once", "%s comes %d times", p, len(form[p]))
		}
	}
	return nil
}

// words splits a list that spaces separate, sorted.
func words(list string) []string {
	w := strings.Fields(list)
	slices.Sort(w)
	return w
}
