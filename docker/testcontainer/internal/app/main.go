// Command app is an API that a test puts into a network beside the issuer: it
// accepts bearer tokens of the issuer, as go-oidc sees them.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

func main() {
	issuer := flag.String("issuer", "", "issuer identifier that tokens must be of")
	audience := flag.String("audience", "api://default", "audience that tokens must be for")
	flag.Parse()
	http.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		// Read anew for each request: the test is about addresses, not about caches.
		provider, err := oidc.NewProvider(r.Context(), *issuer)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		token, err := provider.Verifier(&oidc.Config{ClientID: *audience}).Verify(r.Context(), bearer)
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		_, _ = fmt.Fprintln(w, token.Subject)
	})
	server := &http.Server{Addr: ":8080", ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
