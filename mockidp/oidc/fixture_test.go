package oidc_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/oidc"
	"github.com/rollover-harness/rollover/mockidp/profile"
)

const tenant = "11111111-2222-3333-4444-555555555555"

var (
	now         = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	genericSite = profile.Site{Base: "http://127.0.0.1:8400", Tenant: "default", Audience: "api://default"}
	entraSite   = profile.Site{Base: "http://127.0.0.1:8400", Tenant: tenant, Audience: "api://default"}
)

func byName(t testing.TB, name string) profile.Profile {
	t.Helper()
	p, err := profile.ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// load reads a key and its certificate, both made by openssl.
func load(t testing.TB, name, alg string) keyring.Material {
	t.Helper()
	text := read(t, name+".pem")
	block, rest := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	block, _ = pem.Decode(rest)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return keyring.Material{Alg: alg, Signer: key.(crypto.Signer), Certificate: certificate}
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// golden reads a JSON file that is laid out for people, without the spaces.
func golden(t testing.TB, name string) string {
	t.Helper()
	var compact bytes.Buffer
	if err := json.Compact(&compact, read(t, name)); err != nil {
		t.Fatal(err)
	}
	return compact.String()
}

func apply(t testing.TB, p profile.Profile, s keyring.Snapshot, commands ...keyring.Command) keyring.Snapshot {
	t.Helper()
	for _, c := range commands {
		next, _, err := keyring.Apply(s, c, func(m keyring.Material) string { return oidc.KID(p, m) }, now)
		if err != nil {
			t.Fatal(err)
		}
		s = next
	}
	return s
}

// ring serves three keys, of which "rsa" signs, between two that are not served.
func ring(t testing.TB, p profile.Profile) keyring.Snapshot {
	t.Helper()
	rsa, ec, okp := load(t, "rsa", "RS256"), load(t, "ec", "ES256"), load(t, "okp", "EdDSA")
	return apply(t, p, keyring.Snapshot{},
		keyring.Generate{Name: "generated", KID: "unseen", Material: rsa},
		keyring.Publish{Name: "rsa", Material: rsa},
		keyring.Publish{Name: "ec", Material: ec},
		keyring.Publish{Name: "okp", Material: okp},
		keyring.Publish{Name: "gone", KID: "gone", Material: rsa},
		keyring.Remove{Key: "gone"},
		keyring.Activate{Key: "rsa"},
	)
}
