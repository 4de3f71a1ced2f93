// Package control is the management API of issuers over HTTP: a handler for a
// listener of its own, apart from the protocol's, and a Go client.
package control

import (
	"context"
	_ "embed"
	"net/http"
	"time"

	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// Issuer is an issuer under control: *mockidp.Issuer is one.
type Issuer interface {
	Info() issuer.Info
	Keys(ctx context.Context) (issuer.KeySet, error)
	Apply(ctx context.Context, commands ...command.Command) (command.Result, error)
	Mint(ctx context.Context, r credential.Request) (credential.Credential, error)
	Timeline(ctx context.Context, after uint64, wait time.Duration) ([]timeline.Entry, error)
	Reset(ctx context.Context) error
}

// Registry holds issuers: *mockidp.Server is one.
type Registry[I Issuer] interface {
	Issuers() []I
	Issuer(name string) (I, bool)
	Create(ctx context.Context, spec issuer.Spec) (I, error)
	Delete(name string) error
}

// Options are what a handler may be told. The zero value is useful.
type Options struct {
	Hosts []string // names, without port, under which the listener may be addressed beside addresses and localhost; in any case
	CA    []byte   // PEM, served at /ca.pem; nil: there is none

	// Metrics is served at /metrics; nil: there are none. Commands bring it, so
	// that this package needs no metrics library.
	Metrics http.Handler
}

//go:embed openapi.json
var openAPI []byte

// maxBody bounds a request's body, in bytes.
const maxBody = 1 << 20

// NewHandler serves the API for the issuers of registry.
func NewHandler[I Issuer](registry Registry[I], o Options) http.Handler {
	a := &api{
		list: func() []Issuer {
			all := registry.Issuers()
			issuers := make([]Issuer, len(all))
			for n, i := range all {
				issuers[n] = i
			}
			return issuers
		},
		find:   func(name string) (Issuer, bool) { return registry.Issuer(name) },
		create: func(ctx context.Context, spec issuer.Spec) (Issuer, error) { return registry.Create(ctx, spec) },
		remove: registry.Delete,
		ca:     o.CA,
		scrape: o.Metrics,
	}
	mux := http.NewServeMux()
	for pattern, handle := range a.routes() {
		mux.HandleFunc(pattern, handle)
	}
	mux.HandleFunc("/", notFound(mux))
	return guard(mux, o.Hosts)
}

// api is the registry without its type.
type api struct {
	list   func() []Issuer
	find   func(name string) (Issuer, bool)
	create func(ctx context.Context, spec issuer.Spec) (Issuer, error)
	remove func(name string) error
	ca     []byte
	scrape http.Handler
}

func (a *api) routes() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /healthz":                  a.health,
		"GET /openapi.json":             a.openAPI,
		"GET /ca.pem":                   a.authority,
		"GET /metrics":                  a.metrics,
		"GET /issuers":                  a.issuers,
		"POST /issuers":                 a.newIssuer,
		"GET /issuers/{name}":           a.one(info),
		"DELETE /issuers/{name}":        a.deleteIssuer,
		"GET /issuers/{name}/keys":      a.one(keys),
		"POST /issuers/{name}/commands": a.one(commands),
		"POST /issuers/{name}/mint":     a.one(mint),
		"GET /issuers/{name}/timeline":  a.one(entries),
		"POST /issuers/{name}/reset":    a.one(reset),
	}
}

func (a *api) health(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (a *api) openAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(openAPI)
}

func (a *api) authority(w http.ResponseWriter, _ *http.Request) {
	if a.ca == nil {
		problem{Status: http.StatusNotFound, Title: "no CA", Detail: "the protocol listener speaks plain HTTP", Hint: "start it with --tls"}.write(w)
		return
	}
	w.Header().Set("Content-Type", "application/x-pem-file")
	_, _ = w.Write(a.ca)
}

func (a *api) metrics(w http.ResponseWriter, r *http.Request) {
	if a.scrape == nil {
		problem{Status: http.StatusNotFound, Title: "no metrics", Detail: "only the commands measure", Hint: "rollover serve and mockidp have them"}.write(w)
		return
	}
	a.scrape.ServeHTTP(w, r)
}
