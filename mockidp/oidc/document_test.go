package oidc_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/oidc"
	"github.com/rollover-harness/rollover/mockidp/profile"
)

func documents(t *testing.T, name string, site profile.Site, s keyring.Snapshot) map[string]profile.Document {
	t.Helper()
	rendered, err := oidc.Documents(byName(t, name), site, s)
	if err != nil {
		t.Fatal(err)
	}
	byPath := map[string]profile.Document{}
	for _, d := range rendered {
		if _, twice := byPath[d.Path]; twice {
			t.Errorf("%s is there twice", d.Path)
		}
		byPath[d.Path] = d
	}
	return byPath
}

func TestDocuments(t *testing.T) {
	common := entraSite
	common.Tenant = "common"
	tests := []struct {
		profile string
		site    profile.Site
		path    string
		kind    string
		content string
		golden  string
	}{
		{"generic", genericSite, "/default", "discovery", "application/json", "generic-discovery.json"},
		{"generic", genericSite, "/default/.well-known/openid-configuration", "discovery", "application/json", "generic-discovery.json"},
		{"generic", genericSite, "/.well-known/oauth-authorization-server/default", "discovery", "application/json", "generic-discovery.json"},
		{"generic", genericSite, "/default/jwks", "jwks", "application/json", "generic-jwks.json"},
		{"entra", entraSite, "/" + tenant + "/v2.0/.well-known/openid-configuration", "discovery", "application/json; charset=utf-8", "entra-v2-discovery.json"},
		{"entra", entraSite, "/" + tenant + "/discovery/v2.0/keys", "jwks", "application/json; charset=utf-8", "entra-v2-jwks.json"},
		{"entra", entraSite, "/" + tenant + "/.well-known/openid-configuration", "discovery", "application/json; charset=utf-8", "entra-v1-discovery.json"},
		{"entra", entraSite, "/" + tenant + "/discovery/keys", "jwks", "application/json; charset=utf-8", "entra-v1-jwks.json"},
		{"entra", common, "/common/discovery/v2.0/keys", "jwks", "application/json; charset=utf-8", "entra-v2-common-jwks.json"},
		{"entra", common, "/common/discovery/keys", "jwks", "application/json; charset=utf-8", "entra-v1-jwks.json"},
	}
	for _, test := range tests {
		t.Run(test.golden+test.path, func(t *testing.T) {
			all := documents(t, test.profile, test.site, ring(t, byName(t, test.profile)))
			d, found := all[test.path]
			if !found {
				t.Fatalf("nothing at %s", test.path)
			}
			if d.Kind != test.kind || d.ContentType != test.content {
				t.Errorf("a %s as %q, want a %s as %q", d.Kind, d.ContentType, test.kind, test.content)
			}
			if want := golden(t, test.golden); string(d.Body) != want {
				t.Errorf("body\n%s\nwant\n%s", d.Body, want)
			}
			var names []string
			if d.Kind == profile.JWKSDocument {
				names = []string{"rsa", "ec", "okp"}
			}
			if !slices.Equal(d.Keys, names) {
				t.Errorf("keys %q, want %q", d.Keys, names)
			}
			if test.site.Tenant != "common" && len(all) != 4 {
				t.Errorf("%d documents, want 4", len(all))
			}
		})
	}
}

func TestIssuersOfMultiTenantEndpoints(t *testing.T) {
	const base, consumers = "http://127.0.0.1:8400", "9188040d-6c67-4c5b-b112-36a304b66dad"
	tests := []struct{ tenant, v2, v1 string }{
		{"common", base + "/{tenantid}/v2.0", "https://sts.windows.net/{tenantid}/"},
		{"organizations", base + "/{tenantid}/v2.0", "https://sts.windows.net/{tenantid}/"},
		{"consumers", base + "/" + consumers + "/v2.0", "https://sts.windows.net/" + consumers + "/"},
		{"contoso.test", base + "/contoso.test/v2.0", "https://sts.windows.net/contoso.test/"},
	}
	for _, test := range tests {
		all := documents(t, "entra", profile.Site{Base: base, Tenant: test.tenant}, ring(t, byName(t, "entra")))
		for path, want := range map[string]string{"/v2.0/.well-known/openid-configuration": test.v2, "/.well-known/openid-configuration": test.v1} {
			var discovery struct {
				Issuer string `json:"issuer"`
				JWKS   string `json:"jwks_uri"`
			}
			if err := json.Unmarshal(all["/"+test.tenant+path].Body, &discovery); err != nil {
				t.Fatal(err)
			}
			if discovery.Issuer != want {
				t.Errorf("%s%s: issuer %q, want %q", test.tenant, path, discovery.Issuer, want)
			}
			if _, found := all[strings.TrimPrefix(discovery.JWKS, base)]; !found {
				t.Errorf("%s%s: nothing at its jwks_uri %s", test.tenant, path, discovery.JWKS)
			}
		}
	}
}

func TestExtrasAreServedByteForByte(t *testing.T) {
	p := byName(t, "generic")
	plain := ring(t, p)
	body := func(s keyring.Snapshot) string {
		return string(documents(t, "generic", genericSite, s)["/default/jwks"].Body)
	}
	keys := strings.TrimSuffix(strings.TrimPrefix(body(plain), `{"keys":[`), `]}`)
	tests := []struct {
		name   string
		ring   keyring.Snapshot
		extras []keyring.Extra
		want   string
	}{
		{"none", plain, nil, `{"keys":[` + keys + `]}`},
		{"empty set", plain.With(nil), nil, `{"keys":[]}`},
		{"behind", plain, []keyring.Extra{{JWK: ` {"kty" : "x"} `}}, `{"keys":[` + keys + `, {"kty" : "x"} ]}`},
		{"before and behind", plain, []keyring.Extra{{JWK: "null"}, {JWK: "{", First: true}, {JWK: "1", First: true}}, `{"keys":[{,1,` + keys + `,null]}`},
		{"alone", plain.With(nil), []keyring.Extra{{JWK: "null", First: true}}, `{"keys":[null]}`},
	}
	for _, test := range tests {
		test.ring.Extras = test.extras
		if got := body(test.ring); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestAReaderReadsTheKeySets(t *testing.T) {
	for _, name := range []string{"generic", "entra"} {
		site := genericSite
		if name == "entra" {
			site = entraSite
		}
		s := ring(t, byName(t, name))
		for path, d := range documents(t, name, site, s) {
			if d.Kind != profile.JWKSDocument {
				continue
			}
			var set jose.JSONWebKeySet
			if err := json.Unmarshal(d.Body, &set); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			for _, k := range s.Served() {
				found := set.Key(k.KID)
				if len(found) != 1 || !found[0].Valid() || !k.Signer.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(found[0].Key) {
					t.Errorf("%s: kid %q reads as %v", path, k.KID, found)
				}
			}
		}
	}
}

func TestRenderingRefusesWhatHasNoJWK(t *testing.T) {
	p := byName(t, "generic")
	odd := load(t, "rsa", "RS256")
	odd.Signer = public{"not a key"}
	s := apply(t, p, keyring.Snapshot{}, keyring.Publish{Name: "odd", Material: odd})
	if _, err := oidc.Documents(p, genericSite, s); err == nil || !strings.Contains(err.Error(), `render key "odd": a string has no JWK`) {
		t.Errorf("error %v", err)
	}
}

// public is a signer of which only the public key matters.
type public struct{ key crypto.PublicKey }

func (p public) Public() crypto.PublicKey { return p.key }

func (public) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { panic("unused") }

// The known answers of RFC 7638 section 3.1 and RFC 8037 appendix A.3.
func TestKIDOfTheStandardsExamples(t *testing.T) {
	bytes := func(text string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	n := "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
	generic := byName(t, "generic")
	for want, key := range map[string]crypto.PublicKey{
		"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs": &rsa.PublicKey{N: new(big.Int).SetBytes(bytes(n)), E: 65537},
		"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k": ed25519.PublicKey(bytes("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")),
	} {
		m := load(t, "rsa", "RS256")
		m.Signer = public{key}
		if got := oidc.KID(generic, m); got != want {
			t.Errorf("%T: %q, want %q", key, got, want)
		}
	}
}

func TestEndpoints(t *testing.T) {
	const base, tid = "http://127.0.0.1:8400", tenant
	text := func(s string) *string { return &s }
	adfs, contoso := entraSite, entraSite
	adfs.Tenant, contoso.Tenant = "adfs", "contoso"
	tests := []struct {
		profile string
		site    profile.Site
		want    profile.Endpoints
	}{
		{"generic", genericSite, profile.Endpoints{
			Issuer:   base + "/default",
			Metadata: base + "/default/.well-known/openid-configuration",
			JWKS:     base + "/default/jwks",
		}},
		{"entra", entraSite, profile.Endpoints{
			Issuer:             base + "/" + tid + "/v2.0",
			Metadata:           base + "/" + tid + "/v2.0/.well-known/openid-configuration",
			JWKS:               base + "/" + tid + "/discovery/v2.0/keys",
			FederationMetadata: text(base + "/" + tid + "/federationmetadata/2007-06/federationmetadata.xml"),
			SAMLMetadata:       text(base + "/" + tid + "/federationmetadata/saml20/federationmetadata.xml"),
			EntityID:           text("https://sts.windows.net/" + tid + "/"),
			WSFed:              text(base + "/" + tid + "/wsfed"),
			SAML2:              text(base + "/" + tid + "/saml2"),
		}},
		{"adfs", adfs, profile.Endpoints{
			Issuer:             base + "/adfs",
			Metadata:           base + "/adfs/.well-known/openid-configuration",
			JWKS:               base + "/adfs/discovery/keys",
			FederationMetadata: text(base + "/FederationMetadata/2007-06/FederationMetadata.xml"),
			SAMLMetadata:       text(base + "/FederationMetadata/saml20/FederationMetadata.xml"),
			EntityID:           text("http://127.0.0.1:8400/adfs/services/trust"),
			WSFed:              text(base + "/adfs/ls/"),
			SAML2:              text(base + "/adfs/ls/"),
		}},
		{"adfs", contoso, profile.Endpoints{
			Issuer:             base + "/contoso/adfs",
			Metadata:           base + "/contoso/adfs/.well-known/openid-configuration",
			JWKS:               base + "/contoso/adfs/discovery/keys",
			FederationMetadata: text(base + "/contoso/FederationMetadata/2007-06/FederationMetadata.xml"),
			SAMLMetadata:       text(base + "/contoso/FederationMetadata/saml20/FederationMetadata.xml"),
			EntityID:           text("http://127.0.0.1:8400/contoso/adfs/services/trust"),
			WSFed:              text(base + "/contoso/adfs/ls/"),
			SAML2:              text(base + "/contoso/adfs/ls/"),
		}},
	}
	for _, test := range tests {
		if got := byName(t, test.profile).Endpoints(test.site); !reflect.DeepEqual(got, test.want) {
			show := func(e profile.Endpoints) string { text, _ := json.MarshalIndent(e, "", " "); return string(text) }
			t.Errorf("%s: %s\nwant %s", test.profile, show(got), show(test.want))
		}
	}
}
