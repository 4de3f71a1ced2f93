package federation_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/federation"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/keysource"
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

// material takes keys of the embedded pool: always the same ones, in its order.
func material(t testing.TB, algs ...string) []keyring.Material {
	t.Helper()
	source := keysource.New(keysource.Config{})
	t.Cleanup(source.Close)
	var all []keyring.Material
	for _, alg := range algs {
		m, err := source.Take(t.Context(), alg)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
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

// ring serves "old" and "now", of which now signs, and an EC key; "hidden" was never
// published, "gone" no longer is. The last material is a stranger's.
func ring(t testing.TB, p profile.Profile) (keyring.Snapshot, keyring.Material) {
	t.Helper()
	m := material(t, "RS256", "RS256", "ES256", "RS256", "RS256", "RS256")
	return apply(t, p, keyring.Snapshot{},
		keyring.Publish{Name: "old", Material: m[0]},
		keyring.Publish{Name: "now", Material: m[1]},
		keyring.Publish{Name: "curve", Material: m[2]},
		keyring.Generate{Name: "hidden", Material: m[3]},
		keyring.Publish{Name: "gone", Material: m[4]},
		keyring.Remove{Key: "gone"},
		keyring.Activate{Key: "now"},
	), m[5]
}

type minting struct {
	*federation.Minter
	ring     keyring.Snapshot
	stranger func() (keyring.Material, error)
}

func minter(t testing.TB, name string, defaults credential.SAML) minting {
	t.Helper()
	p := byName(t, name)
	s, stranger := ring(t, p)
	return minting{federation.NewMinter(p, siteOf(p), defaults), s, func() (keyring.Material, error) { return stranger, nil }}
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
