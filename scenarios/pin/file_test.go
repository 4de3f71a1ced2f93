package pin_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/rollover-harness/rollover/scenarios/pin"
	"github.com/rollover-harness/rollover/scenarios/signers"
)

// webConfig is what Visual Studio writes for an app of .NET 4.5: the settings
// stand on line 4, the registry begins on line 5.
func webConfig(settings, registry string) string {
	return `<?xml version="1.0" encoding="utf-8"?>
<configuration><system.identityModel>
<identityConfiguration>
` + settings + "\n" + registry + `
</identityConfiguration></system.identityModel>
<system.identityModel.services><federationConfiguration>
<wsFederation passiveRedirectEnabled="true" issuer="https://login.microsoftonline.com/x/wsfed" realm="https://app.rollover.test/" requireHttps="true" />
</federationConfiguration></system.identityModel.services>
</configuration>
`
}

const (
	none     = `<certificateValidation certificateValidationMode="None" />`
	audience = `<audienceUris><add value="https://app.rollover.test/" /></audienceUris>`
)

func TestSettings(t *testing.T) {
	const works = "\nfits: fits: all 2"
	selfSigned := func(told string) string {
		return told + ", and 2 of 2 served certificates are self-signed: WIF refuses each that is not in the store of the machine (None, as in Microsoft's templates, leaves the decision to the thumbprints; else every new certificate goes into Trusted People before it signs)" + works
	}
	for name, test := range map[string]struct{ settings, want string }{
		"as the template has it":   {none + audience, "fits: fits: all 2"},
		"validation left out":      {audience, selfSigned("web.config:5:1: warning, ID4257: certificateValidationMode is left out, so it is PeerOrChainTrust")},
		"its mode left out":        {audience + `<certificateValidation revocationMode="NoCheck" />`, selfSigned("web.config:4:72: warning, ID4257: certificateValidationMode is left out, so it is PeerOrChainTrust")},
		"chain":                    {audience + `<certificateValidation certificateValidationMode="ChainTrust" />`, selfSigned("web.config:4:122: warning, ID4257: certificateValidationMode is ChainTrust")},
		"a validator of one's own": {audience + `<certificateValidation certificateValidationMode="Custom" />`, "fits: fits: all 2"},
		"another case":             {audience + `<certificateValidation certificateValidationMode="none" />`, "web.config:4:122: fails now, ConfigurationErrorsException: unknown certificateValidationMode \"none\" (None, PeerTrust, ChainTrust, PeerOrChainTrust or Custom; case counts)\nfails: fails now with ConfigurationErrorsException"},
		"no audience":              {none, "web.config:5:1: fails now, ID1032: no audienceUris: WIF refuses every token before it looks at the key (add the realm of the app)\nfails: fails now with ID1032"},
		"an audience taken away":   {none + `<audienceUris><add value="a"/><clear/><add value="b"/><remove value="b"/></audienceUris>`, "web.config:4:59: fails now, ID1032: no audienceUris: WIF refuses every token before it looks at the key (add the realm of the app)\nfails: fails now with ID1032"},
		"any audience":             {none + `<audienceUris mode="Never" />`, "fits: fits: all 2"},
		"a mode that is none":      {none + `<audienceUris mode="never" />`, "web.config:4:79: fails now, ConfigurationErrorsException: unknown mode \"never\" of audienceUris (Always, BearerKeyOnly or Never; case counts)\nfails: fails now with ConfigurationErrorsException"},
		"the host in another case": {none + `<audienceUris mode="Always"><add value="HTTPS://APP.rollover.test" /></audienceUris>`, "fits: fits: all 2"},
		"another audience":         {none + `<audienceUris><add value="urn:app" /></audienceUris>`, "web.config:4:85: warning, ID1038: the realm that the app asks tokens for, https://app.rollover.test/ (line 18), is not among audienceUris (an issuer that puts the realm into its tokens is refused)" + works},
		"another scheme":           {none + `<audienceUris><add value="http://app.rollover.test/" /></audienceUris>`, "web.config:4:85: warning, ID1038: the realm that the app asks tokens for, https://app.rollover.test/ (line 18), is not among audienceUris: \"http://app.rollover.test/\" begins with http and not with https (an issuer that puts the realm into its tokens is refused)" + works},
		"a mark in the audience":   {none + "<audienceUris><add value=\"https://app.rollover.test/\u200e\" /><add value=\"https://app.rollover.test/\" /></audienceUris>", "web.config:4:111: will fail, ID1038: the audience has U+200E (left-to-right mark, as a copy from Windows' certificate dialog brings it along) in it (it equals no audience of a token: type it anew)\nwill fail: "},
	} {
		got := says(registry(t, webConfig(test.settings, both(oldSHA1, newSHA1))).Check(served(document(t, "entra.xml"))))
		if !strings.HasPrefix(got, test.want) {
			t.Errorf("%s:\n%s\nnot\n%s", name, got, test.want)
		}
	}
}

// Modes that look at the chain look at dates too; None does not.
func TestEndedCertificates(t *testing.T) {
	s := served(document(t, "adfs.xml"))
	s.Now = now.AddDate(100, 0, 0) // its certificate ends on 1 January 2124
	text := validating(authority("AD FS", []string{oldSHA1}, []string{s.Entity.ID}))
	for settings, want := range map[string]string{
		none + audience: "fits: fits: the one certificate that is served is pinned. It fails with WIF10201 when one signs that is not served yet, which is overdue: the last of them ended on 2124-01-01",
		audience:        "web.config:5:1: fails now, ID4257: certificateValidationMode is left out, so it is PeerOrChainTrust: DF689F7D..., which signs the metadata, ended on 2124-01-01 (the issuer has to roll; None leaves the decision to the thumbprints)",
	} {
		if got := says(registry(t, webConfig(settings, text)).Check(s)); !strings.HasPrefix(got, want) {
			t.Errorf("%s\nnot\n%s", got, want)
		}
	}
}

// Metadata goes on to list certificates that ended; nobody signs with them.
func TestWhatEndedNeedNotBePinned(t *testing.T) {
	s := served(document(t, "entra.xml"))
	s.Now = now.AddDate(98, 0, 0) // in 2124: the old one ended on 1 January
	s.Entity.SignedBy = newSHA1
	text := both(newSHA1)
	want := "web.config:3:1: warning: " + oldSHA1 + " is served and is not pinned; it ended on 2124-01-01, so nothing should sign with it any more\n" +
		"fits: fits: every certificate that is served and has not ended is pinned. It fails with WIF10201 when one signs that is not served yet, at the latest on 2126-01-01, when the last of them ends"
	if got := says(registry(t, text).Check(s)); got != want {
		t.Errorf("%s\nnot\n%s", got, want)
	}
	s.Entity.SignedBy = oldSHA1 // it signs all the same
	if got := says(registry(t, text).Check(s)); !strings.HasPrefix(got, "web.config:3:1: fails now, WIF10201: "+oldMissing) {
		t.Error(got)
	}
}

// Which registry of a file is in effect, and for what.
func TestFiles(t *testing.T) {
	handlers := func(name, inside string) string {
		return "<securityTokenHandlers" + name + "><securityTokenHandlerConfiguration>" + inside + "</securityTokenHandlerConfiguration></securityTokenHandlers>"
	}
	good, bad := both(oldSHA1, newSHA1), both(gone)
	for name, test := range map[string]struct {
		text string
		want []string // of each registry: where it begins, whose it is, the outcome
	}{
		"the element alone":            {good, []string{"1  fits"}},
		"with a mark":                  {"\xef\xbb\xbf" + good, []string{"1  fits"}},
		"a whole file":                 {webConfig(none+audience, good), []string{"5  fits"}},
		"a commented one":              {webConfig(none+audience, "<!-- "+strings.ReplaceAll(bad, "--", "")+" -->"+good), []string{"14  fits"}},
		"of the handlers":              {webConfig("", handlers("", none+audience+good)), []string{"5  fits"}},
		"theirs goes first":            {webConfig(none+audience+bad, handlers("", good)), []string{"14  fits"}},
		"even when it is bad":          {webConfig(none+audience+good, handlers("", bad)), []string{"15  fails"}},
		"settings of handlers replace": {webConfig(audience, good+handlers("", none)), []string{"5  fits"}},
		"handlers of another use":      {webConfig(none+audience, good+handlers(` name="ActAs"`, audience+bad)), []string{"5  fits", "15 ActAs fails"}},
		"two configurations": {"<system.identityModel><identityConfiguration>" + none + audience + good + `</identityConfiguration>
<identityConfiguration name="admin">` + none + audience + bad + "</identityConfiguration></system.identityModel>", []string{"1  fits", "12 admin fails"}},
		"a location": {`<configuration><location path="admin"><system.identityModel><identityConfiguration>` + none + audience + good + "</identityConfiguration></system.identityModel></location></configuration>", []string{"1 location admin fits"}},
		"WIF 3.5": {`<configuration><microsoft.identityModel><service>` + none + audience + strings.ReplaceAll(configurationBased(list("thumbprint", oldSHA1, newSHA1)), "System.IdentityModel.Tokens", "Microsoft.IdentityModel.Tokens") +
			"</service></microsoft.identityModel></configuration>", []string{"1  fits"}},
		"a namespace": {`<configuration xmlns="http://schemas.microsoft.com/.NetConfiguration/v2.0">` + good + "</configuration>", []string{"1  fits"}},
	} {
		c, err := pin.Read("web.config", []byte(test.text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, g := range c.Registries {
			got = append(got, fmt.Sprintf("%d %s %s", g.Line, g.Of, g.Check(served(document(t, "entra.xml"))).Outcome))
		}
		if strings.Join(got, "|") != strings.Join(test.want, "|") {
			t.Errorf("%s: %q, not %q", name, got, test.want)
		}
	}
}

func TestARegistryThatIsReplacedIsTold(t *testing.T) {
	text := webConfig(none+audience+both(gone), "<securityTokenHandlers><securityTokenHandlerConfiguration>"+both(oldSHA1, newSHA1)+"</securityTokenHandlerConfiguration></securityTokenHandlers>")
	want := "web.config:4:130: warning: not in effect: the registry of the handlers, line 14, replaces it (remove one of them)\n" + fitsUntil2031
	if got := says(registry(t, text).Check(served(document(t, "entra.xml")))); got != want {
		t.Errorf("%s\nnot\n%s", got, want)
	}
}

// PowerShell's > writes UTF-16.
func TestUTF16(t *testing.T) {
	data := []byte("\xff\xfe")
	for _, unit := range utf16.Encode([]rune(both("\u200e"+oldSHA1, newSHA1))) {
		data = append(data, byte(unit), byte(unit>>8))
	}
	if got := says(registry(t, string(data)).Check(served(document(t, "entra.xml")))); !strings.HasPrefix(got, "web.config:4:18: fails now, WIF10201: the thumbprint has U+200E") {
		t.Error(got)
	}
}

func TestFilesThatCannotBeUsed(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"nothing":           {"", "web.config:1:1: no XML element"},
		"not XML":           {"<a>\n<b</a>", "web.config:2:2: not XML: expected attribute name in element"},
		"entities":          {"<!DOCTYPE a []><a/>", "web.config:1:1: a document type declaration (they are not read, because of what entities can do: remove it)"},
		"no registry":       {"<configuration/>", "web.config:1:1: no issuerNameRegistry (without one WIF trusts nobody and says ID4175; is it the web.config of the app?)"},
		"another case":      {"<configuration>\n<IssuerNameRegistry/></configuration>", "web.config:2:1: IssuerNameRegistry where issuerNameRegistry is due (case counts)"},
		"a file of its own": {"<configuration>\n<system.identityModel configSource=\"identity.config\"/></configuration>", "web.config:2:1: no issuerNameRegistry (system.identityModel is in a file of its own: check identity.config)"},
		"encrypted":         {"<configuration>\n<system.identityModel configProtectionProvider=\"DataProtectionConfigurationProvider\"><EncryptedData/></system.identityModel></configuration>", "web.config:2:1: system.identityModel is encrypted (decrypt a copy: aspnet_regiis -pdf system.identityModel FOLDER)"},
		"metadata":          {read(t, "entra.xml"), "web.config:1:1: this is metadata, not the configuration of an app (the app's file comes first: --check web.config METADATA)"},
		"large":             {"<a>" + strings.Repeat(" ", pin.MaxBytes), "web.config:1:1: the file has 4194307 bytes (at most 4194304)"},
	} {
		if _, err := pin.Read("web.config", []byte(test.text)); err == nil || err.Error() != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestElement(t *testing.T) {
	const want = `<!-- https://login.microsoftonline.com/a- -b/federationmetadata/2007-06/federationmetadata.xml
     https://sts.windows.net/11111111-2222-3333-4444-555555555555/, keys of the role SecurityTokenService, as served on 2026-11-25.
     Pins do not follow a roll; rollover thumbprint checks them.
     DF689F7DDEE0E2EE34A997A08B999645CF5C2E6D CN=accounts.rollover.test, 2024-01-01 to 2124-01-01
     38806FD9208E0B7131C1646F24264044089C9529 CN=accounts.rollover.test, 2026-01-01 to 2126-01-01
-->
<issuerNameRegistry type="System.IdentityModel.Tokens.ValidatingIssuerNameRegistry, System.IdentityModel.Tokens.ValidatingIssuerNameRegistry">
  <authority name="https://sts.windows.net/11111111-2222-3333-4444-555555555555/">
    <keys>
      <add thumbprint="DF689F7DDEE0E2EE34A997A08B999645CF5C2E6D" />
      <add thumbprint="38806FD9208E0B7131C1646F24264044089C9529" />
    </keys>
    <validIssuers>
      <add name="https://sts.windows.net/11111111-2222-3333-4444-555555555555/" />
    </validIssuers>
  </authority>
</issuerNameRegistry>
`
	s := served(document(t, "entra.xml"))
	got, err := pin.Element(s, "https://login.microsoftonline.com/a--b/federationmetadata/2007-06/federationmetadata.xml", nil)
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
	if got := says(registry(t, webConfig(none+audience, want)).Check(s)); got != fitsUntil2031 {
		t.Error(got)
	}
}

func TestElementForManyTenants(t *testing.T) {
	s := served(parsed(t, []byte(strings.ReplaceAll(read(t, "entra.xml"), tenant, signers.Tenant))))
	got, err := pin.Element(s, "metadata.xml", []string{tenant, "22222222-2222-3333-4444-555555555555"})
	if err != nil {
		t.Fatal(err)
	}
	const want = "    <validIssuers>\n      <add name=\"" + issuer + "\" />\n      <add name=\"https://sts.windows.net/22222222-2222-3333-4444-555555555555/\" />\n    </validIssuers>\n"
	if !strings.Contains(string(got), want) || strings.Contains(string(got), "stands for every tenant") {
		t.Errorf("%s", got)
	}
	if got, err = pin.Element(s, "metadata.xml", nil); err != nil || !strings.Contains(string(got), "{tenantid} stands for every tenant and matches no token: write one valid issuer for each tenant") {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestElementNeedsAnIssuer(t *testing.T) {
	for name, test := range map[string]struct {
		document string
		tenants  []string
		want     string
	}{
		"a key set":    {"keys.json", nil, "write issuerNameRegistry: no issuer is named (key sets and certificates name none, federation metadata does)"},
		"certificates": {"both.pem", nil, "write issuerNameRegistry: no issuer is named (key sets and certificates name none, federation metadata does)"},
		"a tenant":     {"entra.xml", []string{tenant}, "write issuerNameRegistry: " + issuer + " is one tenant already"},
	} {
		if _, err := pin.Element(served(document(t, test.document)), "x", test.tenants); err == nil || err.Error() != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTenants(t *testing.T) {
	for text, want := range map[string]bool{tenant: true, strings.ToUpper("abcdefab-2222-3333-4444-555555555555"): true, "": false, "contoso.com": false, tenant + "/": false, "{" + tenant + "}": false} {
		if pin.IsTenant(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
