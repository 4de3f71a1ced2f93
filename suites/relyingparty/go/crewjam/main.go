// Command crewjam is an ordinary site whose users sign in by SAML 2.0 with github.com/crewjam/saml/samlsp (v0.5.1, lifted to
// github.com/russellhaering/goxmldsig v1.6.1 and github.com/beevik/etree v1.8.1, where it asks for v1.4.0 and v1.5.0), as its
// README has it. Its defaults: the provider's metadata is fetched once, at the start, and the process ends when that fails;
// every certificate of the first IDPSSODescriptor that is for signing is tried; response or assertion has to be signed; an
// answer must belong to a request of the same browser and be no older than 90 s; 3 minutes of leeway; a refusal is a 403.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"

	"github.com/crewjam/saml/samlsp"
)

func main() {
	log.SetFlags(0)
	metadataURL, err := url.Parse(os.Getenv("METADATA"))
	if err != nil {
		log.Fatalf("read address of metadata: %v", err)
	}
	metadata, err := samlsp.FetchMetadata(context.Background(), http.DefaultClient, *metadataURL)
	if err != nil {
		log.Fatalf("fetch metadata: %v", err)
	}
	// It signs the session's cookie; requests are not signed by default, so no provider has to know it.
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatalf("generate key: %v", err)
	}
	address := "127.0.0.1:" + os.Getenv("PORT")
	site, err := samlsp.New(samlsp.Options{
		EntityID:    os.Getenv("REALM"),
		URL:         url.URL{Scheme: "http", Host: address},
		Key:         key,
		IDPMetadata: metadata,
	})
	if err != nil {
		log.Fatalf("set up SAML: %v", err)
	}

	http.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprint(w, "up") })
	http.Handle("/saml/", site)
	http.Handle("GET /{$}", site.RequireAccount(http.HandlerFunc(hello)))
	log.Fatal(http.ListenAndServe(address, nil))
}

func hello(w http.ResponseWriter, r *http.Request) {
	if session, ok := samlsp.SessionFromContext(r.Context()).(samlsp.JWTSessionClaims); ok {
		_, _ = fmt.Fprintf(w, "Hello, %s", session.Subject)
	}
}
