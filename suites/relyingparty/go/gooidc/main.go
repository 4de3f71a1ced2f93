// Command gooidc is an ordinary API that checks bearer tokens with github.com/coreos/go-oidc/v3 (v3.21.0): NewProvider
// and Verifier, given the issuer and the audience and nothing else. Its defaults: discovery is read once, at the start,
// and the process ends when that fails; the key set is fetched on the first token and kept without an age; a token
// that no kept key verifies fetches the set again inside the request, with no pause between fetches; RS256 unless
// discovery names more; expiry has no leeway, not-before has 5 minutes.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
)

func main() {
	log.SetFlags(0)
	provider, err := oidc.NewProvider(context.Background(), os.Getenv("AUTHORITY"))
	if err != nil {
		log.Fatalf("discover issuer: %v", err)
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: os.Getenv("AUDIENCE")})

	http.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "up"})
	})
	http.HandleFunc("GET /api", func(w http.ResponseWriter, r *http.Request) {
		scheme, raw, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			answer(w, http.StatusUnauthorized, map[string]string{"error": "no bearer token"})
			return
		}
		token, err := verifier.Verify(r.Context(), raw)
		if err != nil {
			log.Print(err)
			answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid token"})
			return
		}
		answer(w, http.StatusOK, map[string]string{"sub": token.Subject})
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

func answer(w http.ResponseWriter, status int, body map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone is not this API's trouble
}
