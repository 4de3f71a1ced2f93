package federation_test

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/federation"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/oidc"
	"github.com/rollover-harness/rollover/mockidp/profile"
)

const tenant = "11111111-2222-3333-4444-555555555555"

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var to = federation.Recipient{Realm: "urn:rollover:app", Destination: "http://127.0.0.1:5000/acs", InResponseTo: "_request"}

func byName(t testing.TB, name string) profile.Profile {
	t.Helper()
	p, err := profile.ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func siteOf(p profile.Profile) profile.Site {
	return profile.Site{Base: "http://127.0.0.1:8400", Tenant: p.Tenant("default"), Audience: "api://default"}
}

// load reads a key and its certificate, both made by openssl.
func load(t testing.TB, name, alg string) keyring.Material {
	t.Helper()
	block, rest := pem.Decode(read(t, name+".pem"))
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

// ring serves "old", "now" and the EC key "curve", of which now signs. "hidden" was
// never published.
func ring(t testing.TB, p profile.Profile) keyring.Snapshot {
	t.Helper()
	return apply(t, p, keyring.Snapshot{},
		keyring.Publish{Name: "old", Material: load(t, "old", "RS256")},
		keyring.Publish{Name: "now", Material: load(t, "now", "PS256")}, // one RSA key serves XML under either name
		keyring.Publish{Name: "curve", Material: load(t, "curve", "ES256")},
		keyring.Generate{Name: "hidden", Material: load(t, "hidden", "RS256")},
		keyring.Activate{Key: "now"},
	)
}

func key(t testing.TB, s keyring.Snapshot, name string) keyring.Key {
	t.Helper()
	k, found := s.Key(name)
	if !found {
		t.Fatalf("no key %q", name)
	}
	return k
}

type minting struct {
	*federation.Minter
	ring     keyring.Snapshot
	stranger func() (keyring.Material, error)
}

func minter(t testing.TB, name string, defaults credential.SAML) minting {
	t.Helper()
	p := byName(t, name)
	return minting{federation.NewMinter(p, siteOf(p), defaults), ring(t, p), func() (keyring.Material, error) { return load(t, "stranger", "RS256"), nil }}
}

// xmlsec1 runs xmlsec's own tool, which shares no line with the library that signs.
// It verifies the first signature in the text.
func xmlsec1(t testing.TB, text string) error {
	t.Helper()
	tool, err := exec.LookPath("xmlsec1")
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("xmlsec1 is not installed (Debian package xmlsec1): no second opinion on signatures")
	}
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "signed.xml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--verify", "--insecure"} // the certificates are self-signed
	for name, attribute := range map[string]string{
		"urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor": "ID",
		"urn:oasis:names:tc:SAML:2.0:assertion:Assertion":       "ID",
		"urn:oasis:names:tc:SAML:2.0:protocol:Response":         "ID",
		"urn:oasis:names:tc:SAML:2.0:protocol:LogoutResponse":   "ID",
		"urn:oasis:names:tc:SAML:1.0:assertion:Assertion":       "AssertionID",
	} {
		args = append(args, "--id-attr:"+attribute, name)
	}
	out, err := exec.CommandContext(t.Context(), tool, append(args, file)...).CombinedOutput()
	if err != nil {
		return errors.New(string(out))
	}
	return nil
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
