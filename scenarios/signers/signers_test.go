package signers_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/scenarios/signers"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// What openssl x509 -fingerprint and openssl dgst print of the certificates in testdata.
const (
	oldSHA1       = "DF689F7DDEE0E2EE34A997A08B999645CF5C2E6D"
	oldSHA256     = "C9DB33F79DBD8D916AF40906EC2D64038C7F90193AA0492F4A5FDF3E6ED6669B"
	oldX5T        = "32iffd7g4u40qZegi5mWRc9cLm0"
	oldX5TS256    = "ydsz9529jZFq9AkG7C1kA4x_kBk6oEkvSl_fPm7WZps"
	newSHA1       = "38806FD9208E0B7131C1646F24264044089C9529"
	newX5T        = "OIBv2SCOC3ExwWRvJCZARAiclSk"
	nextSHA1      = "9674E6429137AC682E929A9D9D13545E54F658A3"
	encryptSHA1   = "227A4951324706BA1A2769AF8DA9CE5B88534B94"
	negativeSHA1  = "F04FA76CC0FDE5F2795012B6111C20E40348EC16"
	entraID       = "https://sts.windows.net/11111111-2222-3333-4444-555555555555/"
	certificateOf = "CN=accounts.rollover.test"
)

func file(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func read(t testing.TB, data []byte) signers.Document {
	t.Helper()
	d, err := signers.Read("document", data)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// places writes a document's certificates with where they stand.
func places(d signers.Document) string {
	var b strings.Builder
	for _, c := range d.Certificates {
		fmt.Fprintf(&b, "%s:", c.SHA1.Hex()[:4])
		for _, p := range c.Places {
			fmt.Fprintf(&b, " %s%s/%s", strings.TrimPrefix(p.Entity, entraID), p.Role, p.Use)
			if p.KeyID != "" {
				fmt.Fprintf(&b, "#%s", p.KeyID)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestForms(t *testing.T) {
	c := read(t, file(t, "old.der")).Certificates[0]
	for form, want := range map[string]string{
		c.SHA1.Hex(): oldSHA1, c.SHA256.Hex(): oldSHA256, c.SHA1.Base64URL(): oldX5T, c.SHA256.Base64URL(): oldX5TS256,
		c.SHA1.Colons(): "DF:68:9F:7D:DE:E0:E2:EE:34:A9:97:A0:8B:99:96:45:CF:5C:2E:6D",
		c.SHA1.Spaced(): "df 68 9f 7d de e0 e2 ee 34 a9 97 a0 8b 99 96 45 cf 5c 2e 6d",
		c.Subject:       certificateOf, c.Issuer: certificateOf, c.Serial: "1001",
	} {
		if form != want {
			t.Errorf("%s, not %s", form, want)
		}
	}
	if !c.NotBefore.Equal(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)) || !c.NotAfter.Equal(time.Date(2124, 1, 1, 0, 0, 0, 0, time.UTC)) || !c.SelfSigned() {
		t.Errorf("%v to %v, self-signed %v", c.NotBefore, c.NotAfter, c.SelfSigned())
	}
}

func TestFederationMetadata(t *testing.T) {
	for name, data := range map[string][]byte{"plain": file(t, "entra.xml"), "with a byte-order mark, as Entra ID serves it": append([]byte("\xef\xbb\xbf"), file(t, "entra.xml")...)} {
		d := read(t, data)
		const each = " SecurityTokenService/signing ApplicationService/signing IDPSSO/signing\n"
		if got := places(d); got != "DF68:"+each+"3880:"+each {
			t.Errorf("%s:\n%s", name, got)
		}
		if d.Kind != signers.FederationMetadata || len(d.Problems) > 0 || len(d.Bare) > 0 || len(d.Issuers()) != 1 {
			t.Errorf("%s: %+v", name, d)
		}
		e := d.Entities[0]
		if e.ID != entraID || !e.Signed || e.SignedBy != oldSHA1 || e.TokenRole() != signers.TokenService || e.Template() || !e.ValidUntil.IsZero() {
			t.Errorf("%s: %+v", name, e)
		}
		if got := d.SigningTokens(e); len(got) != 2 || d.Find(newSHA1) == nil || d.Find(nextSHA1) != nil {
			t.Errorf("%s: %d sign tokens", name, len(got))
		}
	}
}

func TestEncryptionCertificatesDoNotSign(t *testing.T) {
	d := read(t, file(t, "adfs.xml"))
	const fs = "http://fs.rollover.test/adfs/services/trust"
	want := "227A: " + fs + "ApplicationService/encryption " + fs + "SPSSO/encryption " + fs + "IDPSSO/encryption\n" +
		"DF68: " + fs + "SecurityTokenService/signing " + fs + "SPSSO/signing " + fs + "IDPSSO/signing\n"
	if got := places(d); got != want {
		t.Errorf("%s", got)
	}
	if s := d.Signing(); len(s) != 1 || s[0].SHA1.Hex() != oldSHA1 {
		t.Errorf("%+v", s)
	}
}

func TestManyEntities(t *testing.T) {
	d := read(t, file(t, "entities.xml"))
	const want = "3880: https://sp.rollover.test/SPSSO/\n9674: https://idp.rollover.test/IDPSSO/signing\n"
	if got := places(d); got != want || d.Kind != signers.SAMLMetadata {
		t.Errorf("%s: %s", d.Kind, got)
	}
	issuers := d.Issuers()
	if len(d.Entities) != 2 || d.Entities[0].SignedBy != oldSHA1 || len(issuers) != 1 {
		t.Fatalf("%+v", d.Entities)
	}
	if e := issuers[0]; e.ID != "https://idp.rollover.test/" || e.SignedBy != newSHA1 || e.TokenRole() != signers.IdentityRole || !e.ValidUntil.Equal(time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)) {
		t.Errorf("%+v", e)
	}
	if s := d.Signing(); len(s) != 2 {
		t.Errorf("a key without use may sign: %d", len(s))
	}
}

func TestTemplates(t *testing.T) {
	text := strings.ReplaceAll(string(file(t, "entra.xml")), "11111111-2222-3333-4444-555555555555", "{tenantid}")
	if e := read(t, []byte(text)).Entities[0]; !e.Template() || e.ID != "https://sts.windows.net/{tenantid}/" {
		t.Errorf("%+v", e)
	}
}

func TestKeySets(t *testing.T) {
	d := read(t, file(t, "keys.json"))
	if got, want := places(d), "DF68: /signing#"+oldX5T+"\n3880: /signing#"+newX5T+"\n227A: /encryption#InpJUTJHBroaJ2mvjanOW4hTS5Q\n"; got != want {
		t.Errorf("%s", got)
	}
	if len(d.Bare) != 1 || d.Bare[0] != (signers.Bare{Place: signers.Place{Use: "signing", KeyID: "bare"}, Type: "EC", Alg: "ES256"}) {
		t.Errorf("%+v", d.Bare)
	}
	if len(d.Problems) > 0 || d.Kind != signers.KeySet || len(d.Signing()) != 2 {
		t.Errorf("%+v", d)
	}
	alone := read(t, []byte(`{"kty":"EC","x5c":["`+base64.StdEncoding.EncodeToString(file(t, "old.der"))+`"]}`))
	if len(alone.Certificates) != 1 || len(alone.Oddities) != 1 { // it has no point
		t.Errorf("a key alone: %+v", alone)
	}
	if empty := read(t, []byte(`{"keys":[]}`)); len(empty.Certificates)+len(empty.Bare)+len(empty.Problems) != 0 {
		t.Errorf("%+v", empty)
	}
}

func TestCertificateFiles(t *testing.T) {
	der := file(t, "old.der")
	text := base64.StdEncoding.EncodeToString(der)
	for name, data := range map[string][]byte{
		"DER": der, "base64": []byte(text), "base64 in lines": []byte("\r\n" + text[:64] + "\r\n" + text[64:] + "\n"), "base64 behind a mark": []byte("\xef\xbb\xbf" + text),
	} {
		if got := places(read(t, data)); got != "DF68: /\n" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := places(read(t, file(t, "both.pem"))); got != "DF68: /\n3880: /\n" {
		t.Errorf("PEM: %s", got)
	}
	twice := append(file(t, "both.pem"), file(t, "both.pem")...)
	if d := read(t, twice); len(d.Certificates) != 2 || len(d.Problems) > 0 {
		t.Errorf("twice in one file: %+v", d)
	}
}

// Windows issues certificates that Go refuses. They have thumbprints.
func TestUnusualCertificates(t *testing.T) {
	d := read(t, file(t, "negative.pem"))
	if len(d.Certificates) != 1 {
		t.Fatalf("%+v", d)
	}
	c := d.Certificates[0]
	if c.SHA1.Hex() != negativeSHA1 || c.Subject != "CN=negative.rollover.test" || c.Serial != "-4D" || !c.NotAfter.Equal(time.Date(2036, 11, 22, 18, 21, 5, 0, time.UTC)) {
		t.Errorf("%+v", c)
	}
	const want = "PEM block 1: an unusual certificate: negative serial number (its thumbprint is right; strict libraries refuse it)"
	if len(d.Problems) > 0 || len(d.Oddities) != 1 || d.Oddities[0].Error() != want {
		t.Errorf("%v %v", d.Problems, d.Oddities)
	}
}

// An entry that cannot be read is named; the others are there.
func TestBadEntriesHideNoGoodOnes(t *testing.T) {
	good := base64.StdEncoding.EncodeToString(file(t, "old.der"))
	entra := string(file(t, "entra.xml"))
	first := strings.Index(entra, "<RoleDescriptor")
	inFirstRole := func(old, new string) string { return entra[:first] + strings.Replace(entra[first:], old, new, 1) }
	for name, test := range map[string]struct{ data, want string }{
		"not base64":           {inFirstRole("MII", "?II"), "document:7:11: X509Certificate of SecurityTokenService: not base64 (.NET's readers refuse the whole document)"},
		"not a certificate":    {inFirstRole(good, "AAAA"), "document:7:11: X509Certificate of SecurityTokenService: not a certificate (.NET's readers refuse the whole document)"},
		"cut off":              {inFirstRole(good, good[:200]), "document:7:11: X509Certificate of SecurityTokenService: not a certificate (.NET's readers refuse the whole document)"},
		"armour":               {inFirstRole(good, "-----BEGIN CERTIFICATE-----"+good+"-----END CERTIFICATE-----"), "document:7:11: X509Certificate of SecurityTokenService: PEM where bare base64 is due (.NET's readers refuse the whole document)"},
		"a use of one's own":   {inFirstRole(`use="signing"`, `use="sign"`), `document:4:5: use "sign" is none (signing or encryption; left out it is both)`},
		"an unbound xsi:type":  {inFirstRole(` xmlns:fed="http://docs.oasis-open.org/wsfed/federation/200706"`, ""), `document:3:3: the prefix of xsi:type "fed:SecurityTokenServiceType" is bound to no namespace (.NET's readers pass over this role and its keys)`},
		"no entityID":          {strings.Replace(entra, ` entityID="`+entraID+`"`, "", 1), "document:1:1: an EntityDescriptor without an entityID"},
		"no time":              {strings.Replace(entra, "<EntityDescriptor", `<EntityDescriptor validUntil="soon"`, 1), `document:1:1: validUntil "soon" is not a time`},
		"a null among keys":    {`{"keys":[null,{"kty":"EC"},{"kty":"RSA","x5c":["` + good + `"]}]}`, "keys[0]: no key type (kty)"},
		"a list among keys":    {`{"keys":[{"kty":"RSA","x5c":["` + good + `"]},[]]}`, `keys[1]: array where something else is due: ""`},
		"a kid that is none":   {`{"keys":[{"kty":"RSA","x5c":["` + good + `"]},{"kty":"RSA","kid":5}]}`, `keys[1]: number where something else is due: "kid"`},
		"an x5c that is none":  {`{"keys":[{"kty":"RSA","x5c":["` + good + `"]},{"kty":"RSA","kid":"a","x5c":["AAAA"]}]}`, `keys[1] (kid "a"): x5c: not a certificate`},
		"a stranger's key":     {strings.Replace(string(file(t, "keys.json")), `"x": "`, `"x": "A`, 1), ""},
		"another's thumbprint": {strings.Replace(string(file(t, "keys.json")), `"x5t": "`+oldX5T, `"x5t": "`+newX5T, 1), `keys[0] (kid "` + oldX5T + `"): a key that libraries may refuse: invalid JWK, x5c thumbprint does not match x5t value (its certificate is listed all the same)`},
		"a private key":        {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" + string(file(t, "both.pem")), "PEM block 1: a private key, left alone (thumbprints are of certificates; keep the key out of here)"},
		"a public key":         {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n" + string(file(t, "both.pem")), `PEM block 1: "PUBLIC KEY", not a certificate`},
		"PEM of nothing":       {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + string(file(t, "both.pem")), "PEM block 1: not a certificate"},
		"PEM that is cut off":  {string(file(t, "both.pem")) + "-----BEGIN CERTIFICATE-----\nMII", "PEM block 3: not PEM (is it cut off?)"},
	} {
		d := read(t, []byte(test.data))
		if d.Find(oldSHA1) == nil {
			t.Errorf("%s: the good one is hidden: %s", name, places(d))
		}
		says := func(p spec.Error) bool { return test.want == "" || p.Error() == test.want }
		if !slices.ContainsFunc(slices.Concat(d.Problems, d.Oddities), says) {
			t.Errorf("%s: %v, %v", name, d.Problems, d.Oddities)
		}
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	for name, test := range map[string]struct{ data, want string }{
		"nothing":          {" \n", "document: it is empty"},
		"text":             {"hello", "document: neither metadata nor a key set nor a certificate (federation metadata, SAML metadata, JWKS, or certificates as PEM, DER or base64)"},
		"base64 of text":   {"aGVsbG8gd29ybGQ=", "document: neither metadata nor a key set nor a certificate (federation metadata, SAML metadata, JWKS, or certificates as PEM, DER or base64)"},
		"a page":           {"<!DOCTYPE html><p>Sign in", "document: an HTML page (a sign-in or an error page stands where metadata should: open the address in a browser)"},
		"a page in XML":    {`<?xml version="1.0"?><html/>`, "document: an HTML page (a sign-in or an error page stands where metadata should: open the address in a browser)"},
		"other XML":        {"\n<Assertion/>", `document:2:1: XML, but not metadata: the root element is "Assertion" (an EntityDescriptor of SAML 2.0 metadata is due)`},
		"a web.config":     {"<configuration/>", "document: the configuration of an app, not metadata (rollover thumbprint --check FILE METADATA compares it)"},
		"broken XML":       {"<EntityDescriptor>", "document:1:19: not XML: unexpected EOF"},
		"entities":         {`<!DOCTYPE a [<!ENTITY x "y">]><a/>`, "document:1:1: a document type declaration (they are not read, because of what entities can do: remove it)"},
		"a discovery page": {`{"issuer":"x","jwks_uri":"https://x/keys"}`, "document: a discovery document, which has no keys (they are at its jwks_uri: https://x/keys)"},
		"other JSON":       {`{"a":1}`, `document: JSON, but not a JSON Web Key Set (it has no member "keys")`},
		"a list":           {`[1]`, `document: not a JSON Web Key Set: array where something else is due: ""`},
		"broken JSON":      {`{"keys":[`, "document: not a JSON Web Key Set: unexpected end of JSON input"},
	} {
		if _, err := signers.Read("document", []byte(test.data)); err == nil || err.Error() != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := signers.Read("document", make([]byte, signers.MaxBytes+1)); err == nil || !strings.Contains(err.Error(), "at most 16777216") {
		t.Errorf("too much: %v", err)
	}
}

func TestKeysAreCounted(t *testing.T) {
	d := read(t, []byte(`{"keys":[`+strings.Repeat(`{"kty":"oct"},`, 20_000)+`null]}`))
	if len(d.Bare) != 10_000 || len(d.Problems) != 1 {
		t.Errorf("%d keys, %v", len(d.Bare), d.Problems)
	}
}

// Each place costs a look through the document, so what is told of a hostile one is bounded.
func TestOdditiesAreCounted(t *testing.T) {
	entity := `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" validUntil="never"/>`
	d := read(t, []byte(`<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">`+strings.Repeat(entity, 20_000)+`</EntitiesDescriptor>`))
	if len(d.Oddities) != 101 || !strings.Contains(d.Oddities[100].Error(), "more than 100 oddities") {
		t.Errorf("%d oddities, the last %v", len(d.Oddities), d.Oddities[len(d.Oddities)-1])
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"entra.xml", "adfs.xml", "entities.xml", "keys.json", "both.pem", "old.der", "negative.pem"} {
		f.Add(file(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := signers.Read("document", data)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "document:") {
				t.Errorf("no name: %v", err)
			}
			return
		}
		for i, c := range d.Certificates {
			if len(c.DER) == 0 || len(c.SHA1.Hex()) != 40 || len(c.SHA256.Hex()) != 64 || len(c.Places) == 0 {
				t.Errorf("%+v", c)
			}
			for _, other := range d.Certificates[:i] {
				if bytes.Equal(c.DER, other.DER) {
					t.Errorf("%s stands twice", c.SHA1.Hex())
				}
			}
		}
		for _, e := range d.Issuers() {
			if len(d.SigningTokens(e)) > len(d.Signing()) {
				t.Errorf("%s", e.ID)
			}
		}
		for _, p := range slices.Concat(d.Problems, d.Oddities) {
			if p.Cause == "" || p.Line == 0 && p.Path == "" {
				t.Errorf("%+v", p)
			}
		}
	})
}
