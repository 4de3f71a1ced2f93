package probe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"github.com/rollover-harness/rollover/mockidp/credential"
)

const (
	// maxPages is how many pages a sign-in may take; Chrome and Firefox give up
	// after 20 redirects, too.
	maxPages = 20
	// pageRead is how much of a page is read, and so the most that a form on it
	// can post. What is longer is judged by its beginning and sends nothing on.
	pageRead = 1 << 20
)

// step is one request of a browser.
type step struct {
	method string
	to     *url.URL
	form   string   // of a POST, application/x-www-form-urlencoded
	from   *url.URL // the page that led here; nil for the first
	origin string   // Origin header of a POST
}

// visit is a GET.
func visit(to, from *url.URL) step { return step{method: http.MethodGet, to: to, from: from} }

// values are what the request carries in its address and its body.
func (s step) values() url.Values {
	values := s.to.Query()
	if form, err := url.ParseQuery(s.form); err == nil {
		for name := range form {
			values.Set(name, form.Get(name))
		}
	}
	return values
}

// browser is one that nobody has used before: no cookies, no connections.
type browser struct {
	transport *http.Transport
	jars      map[string]*cookiejar.Jar // by origin: net/http's jar, as RFC 6265 demands, keeps the ports of a host together
}

// newBrowser makes one that has a session with the issuer.
func (s *loginSession) newBrowser(c credential.Credential) (*browser, error) {
	b := &browser{transport: newTransport(), jars: map[string]*cookiejar.Jar{}}
	b.transport.TLSClientConfig = s.trust
	if len(s.reach) > 0 {
		b.transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, cmp.Or(s.reach[address], address))
		}
	}
	for _, of := range []*url.URL{s.app, s.issuer} {
		jar, err := cookiejar.New(nil)
		if err != nil {
			return nil, err
		}
		b.jars[origin(of)] = jar
	}
	cookies := []*http.Cookie{{Name: credential.SessionCookie, Value: c.Token, Path: "/"}}
	if s.reply != "" {
		cookies = append(cookies, &http.Cookie{Name: credential.ReplyCookie, Value: s.reply, Path: "/"})
	}
	for _, cookie := range cookies {
		if err := cookie.Valid(); err != nil {
			return nil, fmt.Errorf("cookie %s: %w", cookie.Name, err)
		}
	}
	b.jars[origin(s.issuer)].SetCookies(secure(s.issuer), cookies)
	return b, nil
}

func (b *browser) close() { b.transport.CloseIdleConnections() }

// errCut is wrapped by the error of an answer that was broken off.
var errCut = errors.New("the answer was broken off")

// load asks for a page. s.to is of an origin that the browser has a jar for.
func (b *browser) load(ctx context.Context, s step) (page, error) {
	request, err := http.NewRequestWithContext(ctx, s.method, s.to.String(), strings.NewReader(s.form))
	if err != nil {
		return page{}, err
	}
	if s.method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Origin", s.origin)
	}
	request.Header.Set("User-Agent", "rollover")
	// Frameworks send only those to the sign-in that want a page.
	request.Header.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	jar := b.jars[origin(s.to)]
	for _, cookie := range jar.Cookies(secure(s.to)) {
		request.AddCookie(cookie)
	}
	response, err := b.transport.RoundTrip(request)
	if err != nil {
		return page{}, err
	}
	defer func() { _ = response.Body.Close() }()
	jar.SetCookies(secure(s.to), response.Cookies())
	p := page{step: s, status: response.StatusCode, header: response.Header}
	body, err := io.ReadAll(io.LimitReader(response.Body, pageRead+1))
	if err != nil && !p.redirects() {
		return page{}, fmt.Errorf("%w: %w", errCut, err)
	}
	p.whole = len(body) <= pageRead
	p.read(body[:min(len(body), pageRead)])
	return p, nil
}

// origin is scheme, host and port of an address as browsers compare and send
// them: without the scheme's own port (RFC 6454 section 6.2).
func origin(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if port := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]; port != "" {
		host = strings.TrimSuffix(host, port)
	}
	return u.Scheme + "://" + host
}

// secure is the address as the jar has to see it: browsers take loopback for
// secure whatever the scheme (W3C Secure Contexts section 3.1), and so keep
// Secure cookies there, which frameworks set for the way through the issuer.
func secure(u *url.URL) *url.URL {
	ip := net.ParseIP(u.Hostname())
	if u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return u
	}
	at := *u
	at.Scheme = "https"
	return &at
}

// address is an address as it may be printed: what follows the path may hold
// codes and tokens.
func address(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, Opaque: u.Opaque}
	return clean(shown.String(), addressShown)
}

const addressShown = 200 // bytes of an address that go into Detail
