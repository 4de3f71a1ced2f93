package mockidp_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/rollover-harness/rollover/mockidp"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
)

func get(t *testing.T, url string) (*http.Response, []byte) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, body
}

// verify reads the key set as an app does and checks the token's signature with it.
func verify(t *testing.T, idp *mockidp.Issuer, token string) (jwt.Claims, error) {
	t.Helper()
	_, body := get(t, idp.Endpoints().JWKS)
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(body, &set); err != nil {
		t.Fatalf("key set: %v\n%s", err, body)
	}
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256, jose.EdDSA})
	if err != nil {
		t.Fatal(err)
	}
	var claims jwt.Claims
	return claims, parsed.Claims(&set, &claims)
}

func TestTokenOfEveryProfileVerifiesAgainstItsKeySet(t *testing.T) {
	for _, profile := range []string{"generic", "entra"} {
		idp := mockidp.Start(t, mockidp.Config{Profile: profile})
		good, err := idp.Mint(context.Background(), credential.Request{})
		if err != nil {
			t.Fatal(err)
		}
		claims, err := verify(t, idp, good.Token)
		if err != nil {
			t.Fatalf("%s: %v", profile, err)
		}
		if claims.Issuer != idp.URL() || len(claims.Audience) != 1 || claims.Audience[0] != "api://default" {
			t.Errorf("%s: claims %+v of issuer %s", profile, claims, idp.URL())
		}
	}
}

func TestRotationShowsAtOnce(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	before, err := idp.Mint(context.Background(), credential.Request{})
	if err != nil {
		t.Fatal(err)
	}
	result, err := idp.Apply(context.Background(), keyring.Rotate{Name: "next", Abrupt: true})
	if err != nil {
		t.Fatal(err)
	}
	if result.Generation != before.Generation+1 {
		t.Errorf("generation %d after %d", result.Generation, before.Generation)
	}
	after, err := idp.Mint(context.Background(), credential.Request{})
	if err != nil {
		t.Fatal(err)
	}
	if after.KID == before.KID {
		t.Error("the new token has the old kid")
	}
	if _, err := verify(t, idp, after.Token); err != nil {
		t.Errorf("new token: %v", err)
	}
	if _, err := verify(t, idp, before.Token); err == nil {
		t.Error("the old token verifies after an abrupt rotation")
	}
}
