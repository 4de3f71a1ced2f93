package federated

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"html"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollover-harness/rollover/suites/relyingparty/internal/keycache"
)

// Protocol is how people sign in to an app.
type Protocol string

// The protocols.
const (
	WSFederation Protocol = "wsfed" // WS-Federation 1.2 section 13, passive requestors
	SAML         Protocol = "saml"  // SAML 2.0 profiles section 4.1, web browser SSO
)

// Config says which issuer an app trusts.
type Config struct {
	Protocol   Protocol
	EntityID   string           // the issuer's name, compared exactly
	SignIn     string           // the issuer's endpoint for the protocol
	Metadata   string           // where the issuer's federation metadata is
	KeySet     string           // where the issuer's key set for JWTs is; only reads-key-set looks at it
	Realm      string           // the app's own name: wtrealm, entityID, the audience of good assertions
	Thumbprint string           // of the one trusted certificate (SHA-1, hex); only pinned-thumbprint looks at it
	Defect     string           // one of Names; empty: the sound app
	Client     *http.Client     // fetches the metadata; nil: http.DefaultClient
	Log        func(string)     // told why a sign-in was refused or a fetch failed, concurrently; nil: nobody
	Now        func() time.Time // the app's clock; nil: time.Now
}

// App is a relying party. It is an http.Handler and safe for concurrent use.
type App struct {
	policy                              Policy
	protocol                            Protocol
	entityID, signIn, realm, thumbprint string
	now                                 func() time.Time
	log                                 func(string)
	keys                                *keycache.Cache[*x509.Certificate]
	secret                              []byte                   // of this instance's sessions
	packers                             sync.Pool                // of *flate.Writer: each has half a megabyte
	read                                atomic.Pointer[metadata] // the last document that could be used; nil: none yet
	mux                                 *http.ServeMux
}

// New returns an app that has not yet spoken to its issuer: it does so when the
// first message comes. The error names a missing member, an unknown protocol or
// an unknown defect.
func New(config Config) (*App, error) {
	if config.EntityID == "" || config.SignIn == "" || config.Metadata == "" || config.Realm == "" {
		return nil, errors.New("configure app: entity ID, sign-in endpoint, metadata and realm are all needed")
	}
	if !slices.Contains([]Protocol{WSFederation, SAML}, config.Protocol) {
		return nil, fmt.Errorf("configure app: unknown protocol %q (wsfed or saml)", config.Protocol)
	}
	policy, err := policyOf(config.Defect)
	if err != nil {
		return nil, fmt.Errorf("configure app: %w", err)
	}
	if config.Client == nil {
		config.Client = http.DefaultClient
	}
	if config.Log == nil {
		config.Log = func(string) {}
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	app := &App{
		policy: policy, protocol: config.Protocol,
		entityID: config.EntityID, signIn: config.SignIn, realm: config.Realm, thumbprint: config.Thumbprint,
		now: config.Now, log: config.Log, secret: make([]byte, 32), mux: http.NewServeMux(),
	}
	_, _ = rand.Read(app.secret) // it never fails
	app.keys = keycache.New(keycache.Config[*x509.Certificate]{
		Refresh: policy.Refresh, Replace: replaceWholesale, Now: config.Now, Log: config.Log,
		Load: func(ctx context.Context) ([]*x509.Certificate, error) {
			if policy.KeySet {
				return loadKeySet(ctx, config.Client, config.KeySet)
			}
			return app.load(ctx, config.Client, config.Metadata)
		},
		Lifetime: app.lifetime(),
	})
	app.mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	app.mux.HandleFunc("GET /{$}", app.servePage)
	app.mux.HandleFunc("POST /signin", app.serveSignIn)
	return app, nil
}

// Close stops what runs in the background and waits for it.
func (a *App) Close() { a.keys.Close() }

// ServeHTTP answers /, /signin and /healthz.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// load fetches the certificates of the issuer.
func (a *App) load(ctx context.Context, client *http.Client, url string) ([]*x509.Certificate, error) {
	body, err := fetch(ctx, client, url)
	if err != nil {
		return nil, err
	}
	got, err := readMetadata(body, a.entityID, a.protocol, a.policy, a.now())
	if err != nil && !a.policy.KeepGood {
		a.log("read metadata: " + err.Error())
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read metadata: %w", err)
	}
	a.read.Store(&got)
	return got.certificates, nil
}

// lifetime is nil where documents do not say themselves how long they live.
func (a *App) lifetime() func() time.Duration {
	if !a.policy.ObeyCacheDuration {
		return nil
	}
	return func() time.Duration {
		if got := a.read.Load(); got != nil && got.cacheDuration != nil {
			return *got.cacheDuration
		}
		return a.policy.Refresh.Lifetime
	}
}

// issuer is the name that assertions must bear.
func (a *App) issuer() string {
	if got := a.read.Load(); a.policy.AdoptEntityID && got != nil {
		return got.entityID
	}
	return a.entityID
}

// replaceWholesale drops what the issuer no longer publishes.
func replaceWholesale(_, fetched []*x509.Certificate) []*x509.Certificate { return fetched }

// servePage shows who is signed in, or sends the browser to the issuer.
func (a *App) servePage(w http.ResponseWriter, r *http.Request) {
	name, signedIn := a.session(r)
	if !signedIn {
		sent := a.request(r, newID())
		http.SetCookie(w, &http.Cookie{Name: requestCookie, Value: sent.id, Path: "/", HttpOnly: true})
		http.Redirect(w, r, a.address(sent), http.StatusFound)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// The status line is gone: a caller who went away is nobody's trouble.
	_, _ = fmt.Fprintf(w, "<!doctype html><title>Signed in</title><p>Signed in as <b>%s</b>\n", html.EscapeString(name))
}

// serveSignIn takes what the issuer sends back through the browser.
func (a *App) serveSignIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
	name, err := a.takeSignIn(r)
	if err != nil {
		a.log("rejected: " + err.Error())
		http.Error(w, "sign-in refused: "+err.Error(), http.StatusForbidden)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: requestCookie, Path: "/", MaxAge: -1})
	http.SetCookie(w, a.cookie(name))
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (a *App) takeSignIn(r *http.Request) (name string, err error) {
	cookie, err := r.Cookie(requestCookie)
	if err != nil {
		return "", errors.New("no sign-in was asked for by this browser")
	}
	sent := a.request(r, cookie.Value)
	if err := r.ParseForm(); err != nil {
		return "", fmt.Errorf("read form: %w", err)
	}
	message, state := r.PostForm.Get("SAMLResponse"), r.PostForm.Get("RelayState")
	if a.protocol == WSFederation {
		message, state = r.PostForm.Get("wresult"), r.PostForm.Get("wctx")
	}
	switch {
	case message == "":
		return "", errors.New("no message")
	case state != sent.id:
		return "", errors.New("the answer belongs to another request")
	}
	return a.authenticate(r.Context(), message, sent)
}
