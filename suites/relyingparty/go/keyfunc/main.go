// Command keyfunc is an ordinary API that checks bearer tokens with github.com/golang-jwt/jwt/v5 (v5.3.1) and the keys of
// github.com/MicahParks/keyfunc/v3 (v3.8.0, jwkset v0.11.0): NewDefaultCtx, given the key set's URL and nothing else.
// Its defaults: the key set is fetched at the start (a failure is logged, the app runs on without keys) and every hour
// by a goroutine; an unknown kid fetches it again inside the request, once per 5 minutes for the whole process: a further
// one is refused at once, or held for up to a minute when its turn comes within it; no leeway; whatever algorithm the
// key allows.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
)

func main() {
	log.SetFlags(0)
	keys, err := keyfunc.NewDefaultCtx(context.Background(), []string{os.Getenv("JWKS_URI")})
	if err != nil {
		log.Fatalf("load key set: %v", err)
	}
	checks := []jwt.ParserOption{jwt.WithIssuer(os.Getenv("AUTHORITY")), jwt.WithAudience(os.Getenv("AUDIENCE"))}

	http.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "up"})
	})
	http.HandleFunc("GET /api", func(w http.ResponseWriter, r *http.Request) {
		scheme, raw, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			answer(w, http.StatusUnauthorized, map[string]string{"error": "no bearer token"})
			return
		}
		claims := new(jwt.RegisteredClaims)
		if _, err := jwt.ParseWithClaims(raw, claims, keys.Keyfunc, checks...); err != nil {
			log.Print(err)
			answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid token"})
			return
		}
		answer(w, http.StatusOK, map[string]string{"sub": claims.Subject})
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

func answer(w http.ResponseWriter, status int, body map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone is not this API's trouble
}
