package profile_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rollover-harness/rollover/mockidp/profile"
)

func byName(t *testing.T, name string) profile.Profile {
	t.Helper()
	p, err := profile.ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestByName(t *testing.T) {
	if names := profile.Names(); !slices.Equal(names, []string{"generic", "entra", "adfs"}) {
		t.Errorf("names %q", names)
	}
	for _, name := range profile.Names() {
		if p := byName(t, name); p.Name != name {
			t.Errorf("%q gives %q", name, p.Name)
		}
	}
	if p := byName(t, ""); p.Name != "generic" {
		t.Errorf("the default is %q", p.Name)
	}
	if _, err := profile.ByName("entry"); err == nil || err.Error() != `unknown profile "entry" (one of generic, entra, adfs)` {
		t.Errorf("error %v", err)
	}
}

func TestTenants(t *testing.T) {
	const id = "11111111-2222-3333-4444-555555555555"
	tests := []struct{ profile, issuer, segment, inIssuer, inToken string }{
		{"generic", "default", "default", "default", "default"},
		{"generic", "common", "common", "common", "common"},
		{"entra", "default", id, id, id},
		{"adfs", "default", "adfs", "adfs", "adfs"},
		{"adfs", "contoso", "contoso", "contoso", "contoso"},
		{"entra", "contoso.test", "contoso.test", "contoso.test", "contoso.test"},
		{"entra", "common", "common", "{tenantid}", id},
		{"entra", "organizations", "organizations", "{tenantid}", id},
		{"entra", "consumers", "consumers", "9188040d-6c67-4c5b-b112-36a304b66dad", "9188040d-6c67-4c5b-b112-36a304b66dad"},
	}
	for _, test := range tests {
		p := byName(t, test.profile)
		segment := p.Tenant(test.issuer)
		want := profile.Tenant{Segment: test.segment, Issuer: test.inIssuer, Token: test.inToken}
		if got := p.Lookup(segment); got != want {
			t.Errorf("%s, issuer %q: %+v, want %+v", test.profile, test.issuer, got, want)
		}
	}
}

func TestVersions(t *testing.T) {
	tests := []struct {
		profile, version, name string
		found                  bool
	}{
		{"generic", "", "", true},
		{"generic", "v2", "", false},
		{"entra", "", "v2", true},
		{"entra", "v1", "v1", true},
		{"entra", "v2", "v2", true},
		{"entra", "v3", "", false},
	}
	for _, test := range tests {
		if v, found := byName(t, test.profile).Version(test.version); v.Name != test.name || found != test.found {
			t.Errorf("%s %q: %q, %v", test.profile, test.version, v.Name, found)
		}
	}
}

// What OpenID Connect Discovery 1.0 section 3 and RFC 8414 section 2 require.
func TestDiscoveryHasWhatTheStandardsRequire(t *testing.T) {
	required := []string{
		"issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported",
	}
	for _, name := range profile.Names() {
		for _, v := range byName(t, name).Versions {
			var members []string
			for _, m := range v.Discovery.Members {
				if slices.Contains(members, m.Name) {
					t.Errorf("%s %s: %q twice", name, v.Name, m.Name)
				}
				members = append(members, m.Name)
				if algs, is := m.Value.([]string); m.Name == "id_token_signing_alg_values_supported" && (!is || !slices.Contains(algs, "RS256")) {
					t.Errorf("%s %s: RS256 must be among %v", name, v.Name, m.Value)
				}
				// A client would send its token to a real host.
				if text, is := m.Value.(string); is && strings.Contains(text, "://") {
					t.Errorf("%s %s: %q leads outside: %s", name, v.Name, m.Name, text)
				}
			}
			for _, m := range required {
				if !slices.Contains(members, m) {
					t.Errorf("%s %s: %q is missing", name, v.Name, m)
				}
			}
		}
	}
}

// Whatever discovery names has a shape: apps sign people in with every profile.
func TestEveryVersionSignsIn(t *testing.T) {
	for _, name := range profile.Names() {
		p, err := profile.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range p.Versions {
			sources := map[profile.Source]bool{}
			for _, c := range v.IDToken.Claims {
				if source, is := c.Value.(profile.Source); is {
					sources[source] = true
				}
			}
			if len(v.IDToken.Header) < 3 || !sources[profile.Audience] || !sources[profile.Subject] || !sources[profile.ExpiresAt] {
				t.Errorf("%s %s has no ID token: %v", name, v.Name, v.IDToken)
			}
			named := map[string]bool{}
			for _, m := range v.Discovery.Members {
				named[m.Name] = true
			}
			if !named["authorization_endpoint"] || !named["token_endpoint"] || !named["end_session_endpoint"] {
				t.Errorf("%s %s names no place to sign in or out", name, v.Name)
			}
		}
	}
}
