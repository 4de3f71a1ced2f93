package target_test

import (
	"strings"
	"testing"

	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target"
)

var env = target.Environment{
	Issuer: "ISS", Metadata: "META", JWKS: "KEYS", FederationMetadata: "FED", SAMLMetadata: "SAML", Audience: "AUD", CA: "CA",
	EntityID: "EID", WSFed: "WSF", SAML2: "SSO", Thumbprints: []string{"T1", "T2"}, Certificates: []string{"C1", "C2"},
}

var own = target.Own{Port: 15000, URL: "APP"}

func TestFill(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "",
		"node":                  "node",
		"${issuer}/x":           "ISS/x",
		"${metadata}${jwks}":    "METAKEYS",
		"${federationMetadata}": "FED",
		"${samlMetadata}":       "SAML",
		"${entityID} ${wsfed}":  "EID WSF",
		"${saml2}":              "SSO",
		"${thumbprint}":         "T1",
		"${thumbprints}":        "T1,T2",
		"${certificate}":        "C1",
		"${certificates}":       "C1,C2",
		"${audience} ${ca}":     "AUD CA",
		"--port=${port}":        "--port=15000",
		"${url}/callback":       "APP/callback",
		"$port $HOME $":         "$port $HOME $",
		"${port":                "${port",
	} {
		if got, err := env.Fill(text, own); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"${isuer}":             "unknown placeholder ${isuer} (issuer,",
		"${}":                  "unknown placeholder ${}",
		"${Port} ${a} ${jwks}": "unknown placeholder ${Port}, ${a}",
	} {
		if got, err := env.Fill(text, own); got != "" || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %v; want error %q", text, got, err, want)
		}
	}
}

// What a target file may say is what is filled in.
func TestFillKnowsThePlaceholdersOfTargetFiles(t *testing.T) {
	for _, name := range spec.Placeholders() {
		if got, err := env.Fill("${"+name+"}", own); err != nil || got == "" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := env.Fill("${"+strings.Join(spec.Placeholders(), "}${")+"}", own); err != nil {
		t.Error(err)
	}
}

func FuzzFill(f *testing.F) {
	for _, seed := range []string{"${issuer}", "${port", "$${}}", "${${jwks}}", "\xff${ca}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := env.Fill(text, own)
		if err == nil && !strings.Contains(text, "${") && got != text {
			t.Errorf("%q became %q", text, got)
		}
		if err != nil && got != "" {
			t.Errorf("%q: both %q and %v", text, got, err)
		}
	})
}
