package probe

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rollover-harness/rollover/scenarios/target"
)

// Start is where a sign-in begins.
type Start string

// The starts.
const (
	FromApp    Start = "app"    // the app sends the browser to the issuer
	FromIssuer Start = "issuer" // the browser comes from the issuer, unasked for (SAML 2.0 profiles section 4.1.5; wsignin1.0 with wreply)
)

// Login carries a credential to an app as a person's browser does: it opens a
// page, is sent to the issuer, is signed in there by the credential, a session,
// and brings back to the app what the issuer gives it.
//
// A sign-in is judged by the page where it ends. Accepted is a page of the app
// with a status of Accepted that shows whom the app takes the browser for; a
// page without a name is a rejection whatever its status, but for 5xx that
// Rejected does not name, which is Failed. An app that never sends the browser
// to the issuer rejects too, or fails, and the observation is Undelivered.
// Everything else is Unreachable: nothing is known of the credential.
type Login struct {
	Protocol target.Feature // target.OIDC, target.WSFed or target.SAML
	Path     string         // page that demands a sign-in; begins with /, may have a query; empty is /
	Reply    string         // path of the app's registered reply address, for apps that send none; begins with /
	Start    Start          // empty is FromApp; FromIssuer needs Reply and is not for OpenID Connect
	Timeout  time.Duration  // for the whole sign-in; 0 is DefaultTimeout
	Accepted []int          // HTTP statuses of a page that may mean accepted; empty is 200
	Rejected []int          // HTTP statuses that mean rejected; empty is 401 and 403
}

// Validate implements target.Probe. Its errors wrap ErrConfig.
func (l Login) Validate() error {
	if err := l.page().Validate(); err != nil {
		return err
	}
	switch l.Protocol {
	case target.OIDC, target.WSFed, target.SAML:
	default:
		return fmt.Errorf("%w: nobody signs in by %q (%s, %s or %s)", ErrConfig, l.Protocol, target.OIDC, target.WSFed, target.SAML)
	}
	if l.Reply != "" && !strings.HasPrefix(l.Reply, "/") {
		return fmt.Errorf("%w: reply %q does not begin with /", ErrConfig, l.Reply)
	}
	switch l.Start {
	case "", FromApp:
	case FromIssuer:
		if l.Protocol == target.OIDC {
			return fmt.Errorf("%w: a sign-in by OpenID Connect starts at the app", ErrConfig)
		}
		if l.Reply == "" {
			return fmt.Errorf("%w: a sign-in that starts at the issuer needs the app's reply address", ErrConfig)
		}
	default:
		return fmt.Errorf("%w: start %q (%s or %s)", ErrConfig, l.Start, FromApp, FromIssuer)
	}
	return nil
}

// Features implements target.Probe.
func (l Login) Features() []target.Feature {
	if l.Protocol == target.OIDC {
		return []target.Feature{target.OIDC}
	}
	return []target.Feature{l.Protocol, target.Federation}
}

// page is the part that is the same for every answer.
func (l Login) page() Bearer {
	return Bearer{Path: l.Path, Timeout: l.Timeout, Accepted: l.Accepted, Rejected: l.Rejected}
}

// Open implements target.Probe. Its errors wrap ErrConfig.
func (l Login) Open(base string, env target.Environment) (target.Session, error) {
	if err := l.Validate(); err != nil {
		return nil, err
	}
	if err := CheckBase(base); err != nil {
		return nil, err
	}
	app, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	address := l.endpoint(env)
	if address == "" {
		return nil, fmt.Errorf("%w: nobody can sign in by %s at this issuer (the profiles entra and adfs have that)", ErrConfig, l.Protocol)
	}
	issuer, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if origin(app) == origin(issuer) {
		return nil, fmt.Errorf("%w: the app's address is the issuer's: %s", ErrConfig, origin(app))
	}
	trust, err := trustOf(env.CA)
	if err != nil {
		return nil, err
	}
	base = strings.TrimSuffix(base, "/")
	s := &loginSession{rules: l.page().withDefaults(), app: app, issuer: issuer, trust: trust, reach: env.Reach}
	if l.Reply != "" {
		s.reply = base + l.Reply
	}
	first := base + s.rules.Path
	if l.Start == FromIssuer {
		s.unasked, first = true, l.unasked(issuer, env.Audience, s.reply)
	}
	if s.first, err = url.Parse(first); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return s, nil
}

// endpoint is where people sign in, or an address of the same origin.
func (l Login) endpoint(env target.Environment) string {
	switch l.Protocol {
	case target.WSFed:
		return env.WSFed
	case target.SAML:
		return env.SAML2
	default:
		return env.Issuer
	}
}

// unasked is the address at which a sign-in begins that no app has asked for.
func (l Login) unasked(issuer *url.URL, audience, reply string) string {
	at := *issuer
	query := at.Query()
	if l.Protocol == target.SAML {
		query.Set("entityID", audience) // the reply address is in the cookie
	} else {
		query.Set("wa", "wsignin1.0")
		query.Set("wtrealm", audience)
		query.Set("wreply", reply)
	}
	at.RawQuery = query.Encode()
	return at.String()
}

// trustOf is whom https is believed: the CA of the issuer beside the machine's.
func trustOf(file string) (*tls.Config, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%w: CA of the issuer: %w", ErrConfig, err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%w: CA of the issuer: no certificate in %s", ErrConfig, file)
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

// loginSession signs in to one app.
type loginSession struct {
	rules   Bearer // how the last page is read
	app     *url.URL
	issuer  *url.URL // of its origin alone
	reply   string   // the app's registered reply address; empty: it sends its own
	first   *url.URL
	unasked bool // first is the issuer's
	trust   *tls.Config
	reach   map[string]string // of target.Environment
	closed  atomic.Bool
}

// Close implements target.Session: every sign-in has connections of its own.
func (s *loginSession) Close() { s.closed.Store(true) }
