package pin_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rollover-harness/rollover/scenarios/pin"
	"github.com/rollover-harness/rollover/scenarios/signers"
)

func TestAuthorities(t *testing.T) {
	const fs = "http://fs.rollover.test/adfs/services/trust"
	for name, test := range map[string]struct{ text, want string }{
		"two providers":  {validating(authority("AD FS", []string{gone}, []string{fs}), authority("Entra", []string{oldSHA1, newSHA1}, []string{issuer})), fitsUntil2031},
		"the keys apart": {validating(authority("one", []string{oldSHA1}, []string{issuer}), authority("other", []string{newSHA1}, []string{issuer})), fitsUntil2031},
		"key and issuer apart": {validating(authority("one", []string{oldSHA1}, []string{issuer}), authority("other", []string{newSHA1}, []string{fs})),
			fmt.Sprintf("web.config:12:18: will fail, WIF10201: 38806FD9... is a key of the authority \"other\", and the issuer %q is valid in \"one\" alone (key and issuer have to stand in the same authority)\n", issuer) + untilNewSigns},
		"the signer and the issuer apart": {validating(authority("one", []string{newSHA1}, []string{issuer}), authority("other", []string{oldSHA1}, []string{fs})),
			fmt.Sprintf("web.config:12:18: fails now, WIF10201: DF689F7D... is a key of the authority \"other\", and the issuer %q is valid in \"one\" alone (key and issuer have to stand in the same authority)\n", issuer) + oldRefused},
		"somebody else": {validating(authority("one", []string{gone}, []string{fs}), authority("other", []string{gone}, []string{"urn:other"})),
			fmt.Sprintf("web.config:1:1: fails now, WIF10201: neither the issuer %q nor any of its keys is in the file, which trusts %s, urn:other (check against the metadata of the right issuer; to trust this one too, add the authority that rollover thumbprint --web-config prints)\n", issuer, fs) + oldRefused},
		"nothing": {validating(), fmt.Sprintf("web.config:1:1: fails now, WIF10201: %q, from which the tokens come, is no valid issuer (add <add name=\"%s\" /> to validIssuers)\n"+
			"web.config:1:1: fails now, WIF10201: %s\nweb.config:1:1: will fail, WIF10201: %s\n", issuer, issuer, oldMissing, newMissing) + oldRefused},
	} {
		if got := says(registry(t, test.text).Check(served(document(t, "entra.xml")))); got != test.want {
			t.Errorf("%s:\n%s\nnot\n%s", name, got, test.want)
		}
	}
}

// What keeps a registry from being loaded, each with the code that WIF shows.
func TestFaults(t *testing.T) {
	good := authority("Entra", []string{oldSHA1, newSHA1}, []string{issuer})
	for name, test := range map[string]struct{ text, want string }{
		"the old list in the new registry": {validating(good, "<trustedIssuers/>\n"), "11:1: fails now, WIF10112: trustedIssuers inside a registry of the type ValidatingIssuerNameRegistry, which takes nothing but authority (rollover thumbprint --web-config prints the whole element)"},
		"no name":                          {strings.Replace(validating(good), `name="Entra"`, "", 1), "2:1: fails now, WIF10111: an authority without a name (any name will do; the issuer is the usual one)"},
		"an empty name":                    {strings.Replace(validating(good), `"Entra"`, `" "`, 1), "2:1: fails now, WIF10101: an authority with an empty name (any name will do; the issuer is the usual one)"},
		"a stranger in an authority":       {strings.Replace(validating(good), "<keys>", "<audience/><keys>", 1), "3:1: fails now, WIF10102: audience inside an authority, which takes keys and validIssuers"},
		"text among authorities":           {validating("one\n", good), `1:1: fails now, WIF10106: text inside issuerNameRegistry, which takes elements: "one" (remove it: the app does not start)`},
		"text in an authority":             {strings.Replace(validating(good), "<keys>", "old <keys>", 1), `2:1: fails now, WIF10106: text inside authority, which takes elements: "old" (remove it: the app does not start)`},
		"text among keys":                  {strings.Replace(validating(good), "<keys>", "<keys>old", 1), `3:1: fails now, WIF10106: text inside keys, which takes elements: "old" (remove it: the app does not start)`},
		"the same name":                    {validating(good, authority("Entra", []string{gone}, []string{"x"})), `11:1: fails now, WIF10103: a second authority named "Entra" (put the keys and the issuers of both into one)`},
		"no keys":                          {validating(good, `<authority name="b"><validIssuers><add name="x"/></validIssuers></authority>`), "11:1: fails now, WIF10104: an authority needs both keys and validIssuers (rollover thumbprint --web-config prints the whole element)"},
		"empty keys":                       {validating(good, `<authority name="b"><keys/><validIssuers><add name="x"/></validIssuers></authority>`), "11:21: fails now, WIF10115: an authority without a key (rollover thumbprint --web-config prints the whole element)"},
		"empty issuers":                    {validating(good, `<authority name="b"><keys><add symmetricKey="AAAA"/></keys><validIssuers/></authority>`), "11:60: fails now, WIF10114: an authority without a valid issuer (rollover thumbprint --web-config prints the whole element)"},
		"a stranger among keys":            {strings.Replace(validating(good), "<keys>", "<keys><clear/>", 1), "3:7: fails now, WIF10107: clear inside keys, which takes nothing but add"},
		"a key without a thumbprint":       {strings.Replace(validating(good), "<keys>", `<keys><add thumbPrint="a"/>`, 1), "3:7: fails now, WIF10108: a key without a thumbprint"},
		"an issuer without a name":         {strings.Replace(validating(good), "<validIssuers>", `<validIssuers><add value="a"/>`, 1), "7:15: fails now, WIF10111: an entry of validIssuers without a name"},
		"an empty thumbprint":              {strings.Replace(validating(good), "<keys>", `<keys><add thumbprint=" "/>`, 1), "3:24: fails now, WIF10109: an empty thumbprint"},
		"an empty issuer":                  {strings.Replace(validating(good), "<validIssuers>", `<validIssuers><add name=""/>`, 1), "7:26: fails now, WIF10109: an empty name"},
		"authority in the old registry":    {fmt.Sprintf("<issuerNameRegistry type=%q>\n%s</issuerNameRegistry>", based, good), "2:1: fails now, ID7002: authority inside a registry of the type ConfigurationBasedIssuerNameRegistry, which takes nothing but trustedIssuers (set the type to that of ValidatingIssuerNameRegistry: rollover thumbprint --web-config prints the whole element)"},
		"two lists":                        {strings.Replace(configurationBased(list("thumbprint", oldSHA1, newSHA1)), "</issuerNameRegistry>", "<trustedIssuers/></issuerNameRegistry>", 1), "6:1: fails now, ID7019: more than one element inside the registry (it takes one trustedIssuers)"},
		"another list":                     {fmt.Sprintf("<issuerNameRegistry type=%q>\n<issuers/></issuerNameRegistry>", based), "2:1: fails now, ID7002: issuers where trustedIssuers is due"},
		"a stranger in the list":           {configurationBased("<Add/>"), "3:1: fails now, ID7002: Add inside trustedIssuers (it takes add, remove and clear)"},
		"nothing to add":                   {configurationBased(`<add name="x"/>`), "3:1: fails now, ID7010: add without a thumbprint"},
		"an attribute more":                {configurationBased(`<add thumbprint="x" name="y" issuer="z"/>`), "3:1: fails now, ID7010: more attributes than thumbprint and name (remove them: the app does not start)"},
		"twice":                            {configurationBased(list("thumbprint", oldSHA1, newSHA1, strings.ToLower(oldSHA1))), "5:18: fails now, ArgumentException: the thumbprint of line 3 again, in other letters, which makes no difference to WIF (remove one of them: the app does not start)"},
	} {
		r := registry(t, test.text).Check(served(document(t, "entra.xml")))
		if got := says(r); !strings.Contains(got, "web.config:"+test.want+"\n") || r.Outcome != pin.FailsNow || !strings.Contains(got, "the app does not start with this file") {
			t.Errorf("%s:\n%s\nnot\n%s", name, got, test.want)
		}
	}
}

func TestConfigurationBased(t *testing.T) {
	code := strings.NewReplacer("WIF10201", "ID4175")
	for name, test := range map[string]struct{ entries, want string }{
		"both":                {list("thumbprint", oldSHA1, strings.ToLower(newSHA1)), fitsUntil2031},
		"names are for show":  {`<add thumbprint="` + oldSHA1 + `" name="somebody else"/>` + list("thumbprint", newSHA1), fitsUntil2031},
		"the next is missing": {list("thumbprint", oldSHA1), "web.config:2:1: will fail, WIF10201: " + newMissing + "\n" + untilNewSigns},
		"cleared":             {list("thumbprint", oldSHA1) + "<clear/>" + list("thumbprint", newSHA1), "web.config:2:1: fails now, WIF10201: " + oldMissing + "\n" + oldRefused},
		"removed":             {list("thumbprint", oldSHA1, newSHA1) + `<remove thumbprint="` + strings.ToLower(oldSHA1[:4]+" "+oldSHA1[4:]) + `"/>`, "web.config:2:1: fails now, WIF10201: " + oldMissing + "\n" + oldRefused},
		"and added again":     {list("thumbprint", oldSHA1, newSHA1) + `<remove thumbprint="` + oldSHA1 + `"/>` + list("thumbprint", oldSHA1), fitsUntil2031},
	} {
		want := code.Replace(test.want)
		if got := says(registry(t, configurationBased(test.entries)).Check(served(document(t, "entra.xml")))); got != want {
			t.Errorf("%s:\n%s\nnot\n%s", name, got, want)
		}
	}
	if got := says(registry(t, "<issuerNameRegistry/>").Check(served(document(t, "entra.xml")))); !strings.Contains(got, "1:1: fails now, ID4175: "+oldMissing) {
		t.Errorf("the default type, and nobody is trusted:\n%s", got)
	}
}

func TestTypesOfOnesOwn(t *testing.T) {
	const own = `<issuerNameRegistry type="Contoso.DatabaseIssuerNameRegistry, Contoso"/>`
	r := registry(t, own).Check(served(document(t, "entra.xml")))
	if r.Outcome != pin.Unknown || r.Summary != `inconclusive: the registry is of the type "Contoso.DatabaseIssuerNameRegistry, Contoso", whose keys are not in the file` {
		t.Errorf("%+v", r)
	}
	// Dynamics 365 reads the elements of ValidatingIssuerNameRegistry with a class of its own.
	text := strings.Replace(both(oldSHA1, newSHA1), class, "Microsoft.Dynamics.AX.Security.SharedUtility.AxIssuerNameRegistry,\n Microsoft.Dynamics.AX.Security.SharedUtility", 1)
	if got := says(registry(t, text).Check(served(document(t, "entra.xml")))); got != fitsUntil2031 {
		t.Error(got)
	}
	text = strings.Replace(configurationBased(list("thumbprint", oldSHA1, newSHA1)), based, "Contoso.Registry", 1)
	if got := says(registry(t, text).Check(served(document(t, "entra.xml")))); got != strings.Replace(fitsUntil2031, "WIF10201", "ID4175", 1) {
		t.Error(got)
	}
	if k := registry(t, text); k.Kind != pin.ConfigurationBased || k.Type != "Contoso.Registry" {
		t.Errorf("%+v", k)
	}
}

func TestOtherDocuments(t *testing.T) {
	metadata := document(t, "entra.xml")
	template := parsed(t, []byte(strings.ReplaceAll(read(t, "entra.xml"), tenant, signers.Tenant)))
	unsigned := read(t, "entra.xml")
	unsigned = unsigned[:strings.Index(unsigned, "<Signature")] + unsigned[strings.Index(unsigned, "</Signature>")+len("</Signature>"):]
	broken := strings.Replace(read(t, "entra.xml"), "</RoleDescriptor>", `<KeyDescriptor><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>AAAA</X509Certificate></X509Data></KeyInfo></KeyDescriptor></RoleDescriptor>`, 1)
	adfs := authority("AD FS", []string{oldSHA1, "227A4951324706BA1A2769AF8DA9CE5B88534B94"}, []string{"http://fs.rollover.test/adfs/services/trust"})
	literal := strings.Replace(issuer, tenant, signers.Tenant, 1)
	for name, test := range map[string]struct {
		text     string
		document signers.Document
		want     string
	}{
		"metadata": {both(oldSHA1, newSHA1), metadata, fitsUntil2031},
		"a key set tells no issuer": {both(oldSHA1, newSHA1), document(t, "keys.json"),
			"inconclusive: inconclusive: every certificate is pinned, but the document does not say whose tokens they sign, so the issuers were not compared (federation metadata does)"},
		"which the old registry does not ask for": {configurationBased(list("thumbprint", oldSHA1, newSHA1)), document(t, "keys.json"), strings.Replace(fitsUntil2031, "WIF10201", "ID4175", 1)},
		"nor who signs": {both(oldSHA1), document(t, "keys.json"), "web.config:3:1: will fail, WIF10201: " + newMissing + "\nwill fail: works as long as a pinned certificate signs, fails with WIF10201 at the next roll, when this one signs: 38806FD9..."},
		"and none is pinned": {both(gone), document(t, "keys.json"), "web.config:3:1: fails now, WIF10201: " + strings.Replace(oldMissing, "signs the metadata", "is served", 1) +
			"\nweb.config:3:1: fails now, WIF10201: " + strings.Replace(newMissing, ": its tokens are refused from the day on which it signs", "", 1) +
			"\nfails: fails now with WIF10201: no certificate that is served is accepted"},
		"a certificate":                 {configurationBased(list("thumbprint", newSHA1)), document(t, "old.der"), "web.config:2:1: fails now, ID4175: " + strings.Replace(oldMissing, "signs the metadata", "is the only one that is served", 1) + "\nfails: fails now with ID4175: tokens of DF689F7D..., which is the only one that is served, are refused"},
		"no certificate":                {configurationBased(list("thumbprint", oldSHA1)), parsed(t, []byte(`{"keys":[{"kty":"RSA"}]}`)), "inconclusive: inconclusive: no key of the document comes with a certificate, so there is nothing to compare"},
		"a key that cannot be read":     {both(oldSHA1, newSHA1), parsed(t, []byte(broken)), "inconclusive: inconclusive: what could be read is pinned, but 1 entry of the document could not"},
		"metadata that is not signed":   {both(newSHA1), parsed(t, []byte(unsigned)), "web.config:3:1: will fail, WIF10201: " + strings.Replace(newMissing, newSHA1, oldSHA1, 2) + "\nwill fail: works as long as a pinned certificate signs, fails with WIF10201 at the next roll, when this one signs: DF689F7D..."},
		"an encryption certificate":     {validating(adfs), document(t, "adfs.xml"), "web.config:5:18: warning: 227A4951... signs no tokens: it is served for ApplicationService encryption, SPSSO encryption, IDPSSO encryption (remove it)\nfits: fits: the one certificate that is served is pinned. It fails with WIF10201 when one signs that is not served yet, at the latest on 2124-01-01, when the last of them ends"},
		"all tenants":                   {both(oldSHA1, newSHA1), template, fitsUntil2031},
		"all tenants, none in the file": {validating(authority("x", []string{oldSHA1, newSHA1}, []string{literal})), template, fmt.Sprintf("web.config:8:36: fails now, WIF10201: the issuer %q is the placeholder for every tenant, and tokens name the tenant (one entry for each tenant: %s)\n", literal, issuer) + oldRefused},
		"all tenants, no slash":         {validating(authority("x", []string{oldSHA1, newSHA1}, []string{strings.TrimSuffix(issuer, "/")})), template, fmt.Sprintf("web.config:8:72: fails now, WIF10201: the issuer %q ends without the slash (one entry for each tenant: %s)\n", strings.TrimSuffix(issuer, "/"), issuer) + oldRefused},
	} {
		if got := says(registry(t, test.text).Check(served(test.document))); got != test.want {
			t.Errorf("%s:\n%s\nnot\n%s", name, got, test.want)
		}
	}
}

func TestRows(t *testing.T) {
	r := registry(t, validating(authority("x", []string{gone, oldSHA1}, []string{issuer}), authority("y", []string{oldSHA1}, []string{"urn:y"}))).Check(served(document(t, "entra.xml")))
	var got strings.Builder
	for _, row := range r.Rows {
		fmt.Fprintln(&got, row.Thumbprint[:4], row.PinnedAt, row.Served, row.Accepted, row.Signs, row.NotAfter.Year(), row.Subject)
	}
	const want = "DF68 [5 13] true true true 2124 CN=accounts.rollover.test\n3880 [] true false false 2126 CN=accounts.rollover.test\n9674 [4] false true false 1 \n"
	if got.String() != want {
		t.Errorf("%s", &got)
	}
}
