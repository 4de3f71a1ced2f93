package local_test

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/scenarios/engine/local"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

func TestTheEnvironmentIsWhatSomebodyPinnedBefore(t *testing.T) {
	open := local.Opener(local.Config{Profile: "entra"})
	keys := []spec.Key{{Name: "next", State: keyring.Published}, {Name: "old", State: keyring.Retired}, {Name: "signer", State: keyring.Active}, {Name: "gone", State: keyring.Removed}}
	site, err := open(context.Background(), keys, "urn:app")
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	e := site.Environment
	if e.Audience != "urn:app" || !strings.HasPrefix(e.Issuer, "http://127.0.0.1:") || len(e.Thumbprints) != 3 || len(e.Certificates) != 3 {
		t.Fatalf("%+v", e)
	}
	for i, name := range []string{"signer", "next", "old"} {
		der, err := base64.StdEncoding.DecodeString(e.Certificates[i])
		sum := sha1.Sum(der)
		if err != nil || e.Thumbprints[i] != strings.ToUpper(hex.EncodeToString(sum[:])) {
			t.Errorf("%s: %v", e.Thumbprints[i], err)
		}
		made, err := site.Mint(context.Background(), credential.Request{Key: name, Version: "v1"})
		if err != nil {
			t.Fatal(err)
		}
		if kid := base64.RawURLEncoding.EncodeToString(sum[:]); made.KID != kid { // entra's kid is x5t
			t.Errorf("thumbprint %d is not that of %s", i, name)
		}
	}
}
