package local_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/scenarios/engine"
	"github.com/rollover-harness/rollover/scenarios/engine/local"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

func site(t *testing.T, profile string) engine.Site {
	t.Helper()
	at, err := local.Opener(local.Config{Profile: profile})(context.Background(), []spec.Key{{Name: "old", State: "active"}}, "app")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = at.Close() })
	return at
}

// code signs in with a session and returns what the app's redirect URI gets.
func code(t *testing.T, at engine.Site, address string, r credential.Request) string {
	t.Helper()
	r.Form = credential.Session
	made, err := at.Mint(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.AddCookie(&http.Cookie{Name: credential.SessionCookie, Value: made.Token})
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	page, _ := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	back, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || back.Query().Get("state") != "state" {
		t.Fatalf("%s to %s: %s", answer.Status, back, page)
	}
	return back.Query().Get("code")
}

// A library that knows nothing of this issuer carries the code flow out, and
// refuses what is forged.
func TestGoOIDCSignsPeopleIn(t *testing.T) {
	for _, profile := range []string{"generic", "entra", "adfs"} {
		t.Run(profile, func(t *testing.T) {
			ctx := context.Background()
			at := site(t, profile)
			provider, err := oidc.NewProvider(ctx, at.Environment.Issuer)
			if err != nil {
				t.Fatal(err)
			}
			app := oauth2.Config{ClientID: "app", ClientSecret: "any", Endpoint: provider.Endpoint(), RedirectURL: "http://127.0.0.1:9/callback", Scopes: []string{oidc.ScopeOpenID}}
			verifier := provider.Verifier(&oidc.Config{ClientID: "app"})
			signIn := func(r credential.Request) (*oidc.IDToken, *oauth2.Token, error) {
				proof := oauth2.GenerateVerifier()
				address := app.AuthCodeURL("state", oidc.Nonce("nonce"), oauth2.S256ChallengeOption(proof))
				token, err := app.Exchange(ctx, code(t, at, address, r), oauth2.VerifierOption(proof))
				if err != nil {
					return nil, nil, err
				}
				raw, _ := token.Extra("id_token").(string)
				id, err := verifier.Verify(ctx, raw)
				return id, token, err
			}
			id, token, err := signIn(credential.Request{Subject: "ann@rollover.test"})
			if err != nil {
				t.Fatal(err)
			}
			if id.Subject != "ann@rollover.test" || id.Nonce != "nonce" || !token.Valid() {
				t.Errorf("%+v %+v", id, token)
			}
			if err := id.VerifyAccessToken(token.AccessToken); err != nil {
				t.Error(err)
			}
			if profile != "generic" { // which names no such endpoint
				if info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token)); err != nil || info.Subject != "ann@rollover.test" {
					t.Errorf("%+v %v", info, err)
				}
			}
			for _, f := range credential.JWTForgeries() {
				if _, _, err := signIn(credential.Request{Forge: f}); err == nil {
					t.Errorf("%s was accepted", f)
				}
			}
			var refused *oauth2.RetrieveError
			if _, err := app.Exchange(ctx, "nonsense"); !errors.As(err, &refused) || refused.ErrorCode != "invalid_grant" || !strings.Contains(refused.ErrorDescription, "unknown here") {
				t.Errorf("%v", err)
			}
		})
	}
}
