package pin_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/scenarios/pin"
	"github.com/rollover-harness/rollover/scenarios/signers"
)

// What openssl prints of the certificates in ../signers/testdata. Of old and
// new, which are served, old signs the metadata.
const (
	oldSHA1   = "DF689F7DDEE0E2EE34A997A08B999645CF5C2E6D"
	oldSHA256 = "C9DB33F79DBD8D916AF40906EC2D64038C7F90193AA0492F4A5FDF3E6ED6669B"
	oldX5T    = "32iffd7g4u40qZegi5mWRc9cLm0"
	newSHA1   = "38806FD9208E0B7131C1646F24264044089C9529"
	gone      = "9674E6429137AC682E929A9D9D13545E54F658A3"
	tenant    = "11111111-2222-3333-4444-555555555555"
	issuer    = "https://sts.windows.net/" + tenant + "/"
	class     = "System.IdentityModel.Tokens.ValidatingIssuerNameRegistry, System.IdentityModel.Tokens.ValidatingIssuerNameRegistry"
	based     = "System.IdentityModel.Tokens.ConfigurationBasedIssuerNameRegistry, System.IdentityModel, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089"
)

var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func document(t testing.TB, name string) signers.Document {
	t.Helper()
	data, err := os.ReadFile("../signers/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return parsed(t, data)
}

func parsed(t testing.TB, data []byte) signers.Document {
	t.Helper()
	d, err := signers.Read("metadata", data)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func served(d signers.Document) pin.Served {
	s := pin.Served{Document: d, Now: now}
	if issuers := d.Issuers(); len(issuers) > 0 {
		s.Entity = issuers[0]
	}
	return s
}

// registry reads a file that has one registry.
func registry(t testing.TB, text string) pin.Registry {
	t.Helper()
	c, err := pin.Read("web.config", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Registries) != 1 {
		t.Fatalf("%d registries", len(c.Registries))
	}
	return c.Registries[0]
}

// says writes a report as the command does.
func says(r pin.Report) string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintln(&b, f.Format("web.config"))
	}
	return b.String() + string(r.Outcome) + ": " + r.Summary
}

// list makes <add NAME="VALUE" /> of values, each on a line of its own.
func list(name string, values ...string) string {
	var b strings.Builder
	for _, v := range values {
		fmt.Fprintf(&b, "<add %s=\"%s\" />\n", name, v)
	}
	return b.String()
}

// authority is one whose keys begin two lines and whose issuers begin four lines below the first of it.
func authority(name string, keys, issuers []string) string {
	return fmt.Sprintf("<authority name=%q>\n<keys>\n%s</keys>\n<validIssuers>\n%s</validIssuers>\n</authority>\n", name, list("thumbprint", keys...), list("name", issuers...))
}

// validating is a ValidatingIssuerNameRegistry: its first authority begins on line 2, its first key stands on line 4.
func validating(authorities ...string) string {
	return fmt.Sprintf("<issuerNameRegistry type=%q>\n%s</issuerNameRegistry>", class, strings.Join(authorities, ""))
}

// configurationBased has its first key on line 3.
func configurationBased(entries string) string {
	return fmt.Sprintf("<issuerNameRegistry type=%q>\n<trustedIssuers>\n%s</trustedIssuers>\n</issuerNameRegistry>", based, entries)
}

func both(keys ...string) string { return validating(authority("Entra", keys, []string{issuer})) }

const (
	fitsUntil2031 = "fits: fits: all 2 certificates that are served are pinned. It fails with WIF10201 when one signs that is not served yet, at the latest on 2126-01-01, when the last of them ends"
	newMissing    = newSHA1 + " is served and is not pinned: its tokens are refused from the day on which it signs (add <add thumbprint=\"" + newSHA1 + "\" />)"
	oldMissing    = oldSHA1 + " signs the metadata and is not pinned (add <add thumbprint=\"" + oldSHA1 + "\" />)"
	untilNewSigns = "will fail: works as long as DF689F7D... signs, fails with WIF10201 at the next roll, when this one signs: 38806FD9..."
	oldRefused    = "fails: fails now with WIF10201: tokens of DF689F7D..., which signs the metadata, are refused"
)

func TestThumbprints(t *testing.T) {
	spaced := strings.ToLower("DF 68 9F 7D DE E0 E2 EE 34 A9 97 A0 8B 99 96 45 CF 5C 2E 6D")
	never := func(column int, what string) string {
		return fmt.Sprintf("web.config:4:%d: fails now, WIF10201: the thumbprint %s: it never matches; it is meant for the one that signs the metadata (write %s)\n", column, what, oldSHA1) + oldRefused
	}
	for name, test := range map[string]struct {
		keys []string
		want string
	}{
		"both":                 {[]string{oldSHA1, newSHA1}, fitsUntil2031},
		"in any case":          {[]string{strings.ToLower(oldSHA1), newSHA1}, fitsUntil2031},
		"with spaces":          {[]string{" " + spaced + "  ", newSHA1}, fitsUntil2031},
		"the next is missing":  {[]string{oldSHA1}, "web.config:3:1: will fail, WIF10201: " + newMissing + "\n" + untilNewSigns},
		"the signer is not":    {[]string{newSHA1}, "web.config:3:1: fails now, WIF10201: " + oldMissing + "\n" + oldRefused},
		"one too many":         {[]string{oldSHA1, newSHA1, gone}, "web.config:6:18: warning: 9674E642... is pinned and not served (remove it when nothing signs with it any more: the app accepts every token of that key)\n" + fitsUntil2031},
		"left-to-right mark":   {[]string{"\u200e" + spaced, newSHA1}, never(18, "has U+200E (left-to-right mark, as a copy from Windows' certificate dialog brings it along) in it, which WIF compares too")},
		"right-to-left mark":   {[]string{oldSHA1 + "\u200f", newSHA1}, never(58, "has U+200F (right-to-left mark) in it, which WIF compares too")},
		"byte-order mark":      {[]string{"\ufeff" + oldSHA1, newSHA1}, never(18, "has U+FEFF (byte-order mark) in it, which WIF compares too")},
		"zero width space":     {[]string{oldSHA1[:4] + "\u200b" + oldSHA1[4:], newSHA1}, never(22, "has U+200B (zero width space) in it, which WIF compares too")},
		"no-break space":       {[]string{oldSHA1[:4] + "\u00a0" + oldSHA1[4:], newSHA1}, never(22, "has U+00A0 (no-break space) in it, which WIF compares too")},
		"written as reference": {[]string{"&#x200E;" + oldSHA1, newSHA1}, never(18, "has U+200E (left-to-right mark, as a copy from Windows' certificate dialog brings it along) in it, which WIF compares too")},
		"tab":                  {[]string{oldSHA1 + "&#9;", newSHA1}, never(58, "has U+0009 (tab) in it, which WIF compares too")},
		"line feed":            {[]string{oldSHA1 + "\n", newSHA1}, never(58, "has U+000A (line feed) in it, which WIF compares too")},
		"colons":               {[]string{"DF:68:9F:7D:DE:E0:E2:EE:34:A9:97:A0:8B:99:96:45:CF:5C:2E:6D", newSHA1}, never(20, "has a colon in it, which WIF compares too")},
		"SHA-256":              {[]string{oldSHA256, newSHA1}, never(18, "has 64 digits: it is a SHA-256, and WIF compares SHA-1")},
		"a kid":                {[]string{oldX5T, newSHA1}, never(18, "looks like an x5t or a kid (base64url), not like hex")},
		"a digit too few": {[]string{oldSHA1[1:], newSHA1, oldSHA1},
			"web.config:4:18: will fail, WIF10201: the thumbprint has 39 of 40 digits: it never matches (type it anew)\nwill fail: works as long as DF689F7D... signs, fails with WIF10201 when a certificate is due that line's thumbprint was meant for"},
		"a letter": {[]string{oldSHA1, newSHA1, "O" + gone[1:]},
			"web.config:6:18: will fail, WIF10201: the thumbprint has 'O' in it, which WIF compares too: it never matches (type it anew)\nwill fail: works as long as DF689F7D... signs, fails with WIF10201 when a certificate is due that line's thumbprint was meant for"},
		"a letter that looks like one": {[]string{"\u0410" + oldSHA1, oldSHA1, newSHA1},
			"web.config:4:18: will fail, WIF10201: the thumbprint has U+0410 (\u0410) in it, which WIF compares too: it never matches (write " + oldSHA1 + ")\nwill fail: works as long as DF689F7D... signs, fails with WIF10201 when a certificate is due that line's thumbprint was meant for"},
		"the next one, broken": {[]string{oldSHA1, newSHA1 + "\u200b"},
			"web.config:5:58: will fail, WIF10201: the thumbprint has U+200B (zero width space) in it, which WIF compares too: it never matches; it is meant for a certificate that is served (write " + newSHA1 + ")\n" + untilNewSigns},
		"twice": {[]string{oldSHA1, newSHA1, oldSHA1},
			"web.config:6:18: fails now, WIF10110: the thumbprint of line 4 again (remove one of them: the app does not start)\nfails: fails now with WIF10110: the app does not start with this file"},
		"twice, in another case": {[]string{oldSHA1, newSHA1, strings.ToLower(oldSHA1)},
			"web.config:6:18: fails now, WIF10110: the thumbprint of line 4 again, in other letters, which makes no difference to WIF (remove one of them: the app does not start)\nfails: fails now with WIF10110: the app does not start with this file"},
		"twice, with spaces": {[]string{oldSHA1, newSHA1, spaced},
			"web.config:6:18: fails now, WIF10110: the thumbprint of line 4 again, with other spaces, which makes no difference to WIF (remove one of them: the app does not start)\nfails: fails now with WIF10110: the app does not start with this file"},
	} {
		if got := says(registry(t, both(test.keys...)).Check(served(document(t, "entra.xml")))); got != test.want {
			t.Errorf("%s:\n%s\nnot\n%s", name, got, test.want)
		}
	}
}

func TestIssuers(t *testing.T) {
	refused := func(line, column int, value, what string) string {
		return fmt.Sprintf("web.config:%d:%d: fails now, WIF10201: the issuer %q %s: tokens come from %q, and every character counts (make it equal)\n", line, column, value, what, issuer) + oldRefused
	}
	short := strings.TrimSuffix(issuer, "/")
	for name, test := range map[string]struct {
		issuers []string
		want    string
	}{
		"the same":           {[]string{issuer}, fitsUntil2031},
		"one of some":        {[]string{"http://fs.rollover.test/adfs/services/trust", issuer}, fitsUntil2031},
		"no slash":           {[]string{short}, refused(8, 12+len(short), short, "ends without the slash")},
		"a slash more":       {[]string{issuer + "/"}, refused(8, 12+len(issuer), issuer+"/", "ends with a slash too many")},
		"another case":       {[]string{"https://STS.windows.net/" + tenant + "/"}, refused(8, 20, "https://STS.windows.net/"+tenant+"/", "differs in upper and lower case")},
		"both":               {[]string{"https://STS.windows.net/" + tenant}, refused(8, 20, "https://STS.windows.net/"+tenant, "differs in upper and lower case and ends without the slash")},
		"http":               {[]string{"http" + strings.TrimPrefix(issuer, "https")}, refused(8, 16, "http"+strings.TrimPrefix(issuer, "https"), "begins with http and not with https")},
		"a zero width space": {[]string{issuer + "\u200b"}, refused(8, 12+len(issuer), issuer, "has U+200B (zero width space) in it")},
		"a space":            {[]string{" " + issuer}, refused(8, 12, issuer, "has a space in it")},
		"of OpenID Connect": {[]string{"https://login.microsoftonline.com/" + tenant + "/v2.0"},
			refused(8, 12, "https://login.microsoftonline.com/"+tenant+"/v2.0", "names the same tenant, but not as its WS-Federation and SAML tokens do")},
		"another": {[]string{"https://sts.windows.net/22222222-2222-3333-4444-555555555555/"},
			fmt.Sprintf("web.config:8:12: fails now, WIF10201: %q, from which the tokens come, is no valid issuer (add <add name=\"%s\" /> to validIssuers)\n", issuer, issuer) + oldRefused},
		"twice":                  {[]string{issuer, issuer}, "web.config:9:12: fails now, WIF10110: the issuer of line 8 again (remove one of them: the app does not start)\nfails: fails now with WIF10110: the app does not start with this file"},
		"twice, in another case": {[]string{issuer, strings.ToUpper(issuer)}, fitsUntil2031},
	} {
		text := validating(authority("Entra", []string{oldSHA1, newSHA1}, test.issuers))
		if got := says(registry(t, text).Check(served(document(t, "entra.xml")))); got != test.want {
			t.Errorf("%s:\n%s\nnot\n%s", name, got, test.want)
		}
	}
}

func read(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile("../signers/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
