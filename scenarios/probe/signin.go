package probe

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/target"
)

// signIn is one way through a sign-in.
type signIn struct {
	*loginSession
	browser   *browser
	subject   string // whom the credential names
	pages     int
	asked     bool // the issuer was
	delivered bool // the app was brought what the issuer gave
}

// Present implements target.Session: one sign-in by a fresh browser.
func (s *loginSession) Present(ctx context.Context, c credential.Credential) target.Observation {
	if s.closed.Load() {
		return stopped()
	}
	began := time.Now()
	b, err := s.newBrowser(c)
	if err != nil {
		return target.Observation{Outcome: timeline.Unreachable, Detail: clean(err.Error(), bodyShown)}
	}
	defer b.close()
	limited, cancel := context.WithTimeout(ctx, s.rules.Timeout)
	defer cancel()
	way := &signIn{loginSession: s, browser: b, subject: c.Subject}
	if way.subject == "" {
		way.subject = credential.DefaultSubject
	}
	next := visit(s.first, nil)
	o, err := way.walk(limited, &next)
	if err != nil {
		o = target.Observation{Outcome: timeline.Unreachable, Detail: way.silence(ctx, limited, next, err)}
	}
	o.Took = time.Since(began)
	return o
}

// walk goes from page to page until one stays. An error is a page that did not
// come; next is then what was asked for.
func (w *signIn) walk(ctx context.Context, next *step) (target.Observation, error) {
	var last page
	for {
		switch where := origin(next.to); {
		case where != origin(w.app) && where != origin(w.issuer):
			return w.unknown(last, "sent the browser to "+address(next.to)+", which is neither the app's address nor the issuer's"), nil
		case w.atIssuer(next.to) && w.delivered:
			return w.refused(last, "the app took what the issuer gave and sent the browser back to the issuer"), nil
		case w.atIssuer(next.to):
			w.asked = true
		case next.from != nil && w.atIssuer(next.from):
			if inFragment(next.to.Fragment) {
				return w.unknown(last, "the issuer answered in the fragment of the address, which only a script of the app's page can read"), nil
			}
			w.delivered = w.delivered || carries(*next)
		}
		if w.pages++; w.pages > maxPages {
			return w.circles(last), nil
		}
		p, err := w.browser.load(ctx, *next)
		if err != nil {
			return target.Observation{}, err
		}
		last = p
		if w.delivered && slices.Contains(w.rules.Accepted, p.status) && p.shows(w.subject) != "" {
			return w.end(p, ""), nil // signed in: what else the page may send on is no part of it
		}
		step, leads, why := p.onward()
		if !leads {
			return w.end(p, why), nil
		}
		*next = step
	}
}

// carries reports whether a request brings what an issuer gives at a sign-in:
// a response of WS-Federation or SAML, a code or an ID token.
func carries(s step) bool {
	values := s.values()
	return slices.ContainsFunc([]string{"wresult", "SAMLResponse", "code", "id_token"}, func(name string) bool { return values.Get(name) != "" })
}

func inFragment(fragment string) bool {
	return strings.Contains(fragment, "id_token=") || strings.Contains(fragment, "code=") || strings.Contains(fragment, "access_token=")
}

func (w *signIn) atIssuer(u *url.URL) bool { return origin(u) == origin(w.issuer) }

// silence says why a page did not come, and which.
func (w *signIn) silence(ctx, limited context.Context, s step, err error) string {
	what := fmt.Sprintf("no answer from %s (page %d of the sign-in)", address(s.to), w.pages)
	if limited.Err() != nil && ctx.Err() == nil {
		what = fmt.Sprintf("the sign-in was not over within %s: waiting for %s, page %d of it", w.rules.Timeout, address(s.to), w.pages)
	}
	if errors.Is(err, errCut) {
		what = fmt.Sprintf("the answer from %s was broken off (page %d of the sign-in)", address(s.to), w.pages)
	}
	return clean(what+": "+err.Error(), 2*bodyShown)
}
