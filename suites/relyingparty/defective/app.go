package defective

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/suites/relyingparty/internal/keycache"
)

const (
	fetchTimeout = 2 * time.Second
	bodyLimit    = 1 << 20 // octets of a key set
)

// Config says which issuer an app trusts.
type Config struct {
	Issuer   string           // the iss of good tokens, compared exactly
	JWKSURI  string           // where the issuer's key set is
	Audience string           // what the aud of good tokens must contain
	Defect   string           // one of Names; empty: the sound app
	Client   *http.Client     // fetches the key set; nil: http.DefaultClient
	Log      func(string)     // told why a token was rejected or a fetch failed, concurrently; nil: nobody
	Now      func() time.Time // the app's clock; nil: time.Now
}

// App is a relying party. It is an http.Handler and safe for concurrent use.
type App struct {
	policy           Policy
	issuer, audience string
	now              func() time.Time
	log              func(string)
	keys             *keycache.Cache[Key]
	misses           misses
	mux              *http.ServeMux
}

// New returns an app that has not yet spoken to its issuer: it does so when
// the first token comes. The error names a missing member or an unknown defect.
func New(config Config) (*App, error) {
	if config.Issuer == "" || config.JWKSURI == "" || config.Audience == "" {
		return nil, errors.New("configure app: issuer, JWKS URI and audience are all needed")
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
		policy: policy, issuer: config.Issuer, audience: config.Audience,
		now: config.Now, log: config.Log, mux: http.NewServeMux(),
	}
	app.keys = keycache.New(keycache.Config[Key]{
		Refresh: policy.Refresh, Replace: policy.Replace, Now: config.Now, Log: config.Log,
		Load: func(ctx context.Context) ([]Key, error) {
			return load(ctx, config.Client, config.JWKSURI, policy)
		},
	})
	app.mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	app.mux.HandleFunc("GET /api", app.serveAPI)
	return app, nil
}

// Close stops what runs in the background and waits for it. Requests are
// answered as before, from a key set that no timer refreshes any more.
func (a *App) Close() { a.keys.Close() }

// ServeHTTP answers /healthz and /api.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

func (a *App) serveAPI(w http.ResponseWriter, r *http.Request) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		// RFC 6750 section 3.1: no error code where no credential came.
		w.Header().Set("WWW-Authenticate", "Bearer")
		a.reject(w, "no bearer token")
		return
	}
	got, err := a.authenticate(r.Context(), strings.TrimSpace(token))
	if err != nil {
		reason := quotable(err.Error())
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token", error_description="`+reason+`"`)
		a.reject(w, reason)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	// The status line is gone: a caller who went away is nobody's trouble.
	_ = json.NewEncoder(w).Encode(map[string]string{"sub": got.Subject})
}

func (a *App) reject(w http.ResponseWriter, reason string) {
	a.log("rejected: " + reason)
	w.WriteHeader(http.StatusUnauthorized)
}

// load fetches and reads the key set. Whatever is no set with a usable key is
// an error, so that it never replaces a good one.
func load(ctx context.Context, client *http.Client, uri string, policy Policy) ([]Key, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, uri, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch key set: status %d", response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, bodyLimit+1))
	if err != nil {
		return nil, fmt.Errorf("fetch key set: %w", err)
	}
	if len(body) > bodyLimit {
		return nil, fmt.Errorf("fetch key set: more than %d octets", bodyLimit)
	}
	keys, err := policy.ReadSet(body)
	if err == nil && len(keys) == 0 && !policy.AcceptEmptySet {
		return nil, errors.New("read key set: no usable key")
	}
	return keys, err
}

// quotable keeps to the characters of an error_description (RFC 6750 section
// 3) and to a length that fits a header: kids and claims are the sender's.
func quotable(reason string) string {
	const limit = 200
	reason = strings.Map(func(r rune) rune {
		switch {
		case r == '"' || r == '\\':
			return '\''
		case r < 0x20 || r > 0x7e:
			return '?'
		}
		return r
	}, reason)
	return reason[:min(limit, len(reason))]
}
