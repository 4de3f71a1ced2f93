package federation_test

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/rollover-harness/rollover/mockidp/federation"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/profile"
)

// many is from how many siblings of one name on a list is shown as one line, with
// a digest of all that stands in it.
const many = 10

// outline is what two documents of one shape have in common: names with their
// prefixes, attributes and declarations in their order, and all values but hosts,
// GUIDs, certificates, digests and signatures. Neighbours that are alike (a key
// beside another) are one line with a +.
func outline(t testing.TB, text []byte) string {
	t.Helper()
	document := etree.NewDocument()
	if err := document.ReadFromBytes(text); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if slices.ContainsFunc(document.Child, func(c etree.Token) bool { _, is := c.(*etree.ProcInst); return is }) {
		out.WriteString("<?xml?>\n")
	}
	for _, l := range lines(document.Root()) {
		out.WriteString(l + "\n")
	}
	return out.String()
}

func lines(e *etree.Element) []string {
	line := e.FullTag()
	for _, a := range e.Attr {
		line += fmt.Sprintf(" %s=%q", a.FullKey(), masked(a.Value))
	}
	if text := strings.TrimSpace(e.Text()); text != "" {
		line += " | " + masked(text)
	}
	all := []string{line}
	children := e.ChildElements()
	var last string
	for i := 0; i < len(children); {
		run := 1
		for i+run < len(children) && children[i+run].FullTag() == children[i].FullTag() {
			run++
		}
		if run >= many {
			all = append(all, " "+list(children[i:i+run]))
			i += run
			continue
		}
		for _, c := range children[i : i+run] {
			part := lines(c)
			whole := strings.Join(part, "\n")
			if whole == last {
				if n := len(all) - len(part); !strings.HasSuffix(all[n], " +") {
					all[n] += " +"
				}
				continue
			}
			last = whole
			for _, l := range part {
				all = append(all, " "+l)
			}
		}
		i += run
	}
	return all
}

// list is a line for a long list of elements alike.
func list(elements []*etree.Element) string {
	digest := sha256.New()
	for _, e := range elements {
		fmt.Fprintf(digest, "%q\n", lines(e))
	}
	var names []string
	for _, a := range elements[0].Attr {
		names = append(names, a.FullKey())
	}
	for _, c := range elements[0].ChildElements() {
		names = append(names, c.FullTag())
	}
	return fmt.Sprintf("%d %s {%s} sha256 %x", len(elements), elements[0].FullTag(), strings.Join(names, " "), digest.Sum(nil))
}

var masks = []struct {
	what *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`^[A-Za-z0-9+/]{300,}={0,2}$`), "BASE64"}, // certificates and signatures
	{regexp.MustCompile(`^[A-Za-z0-9+/]{43}=$`), "DIGEST"},
	{regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "GUID"},
	{regexp.MustCompile(`login\.microsoftonline\.com|fs\.msidlab\d+\.com|idp\.test`), "HOST"},
}

func masked(value string) string {
	for _, m := range masks {
		value = m.what.ReplaceAllString(value, m.by)
	}
	return value
}

// The outlines are those of real documents, or say what they are made of: see
// testdata/README.md. AD FS's has one signing key, Entra's common endpoint three.
func TestDocumentsHaveTheShapeOfTheRealOnes(t *testing.T) {
	for _, test := range []struct {
		profile, tenant, kind, query string
		outline                      string
	}{
		{"entra", "common", profile.FederationMetadataDocument, "", "entra-common.outline"},
		{"entra", tenant, profile.FederationMetadataDocument, "", "entra-tenant.outline"},
		{"entra", tenant, profile.FederationMetadataDocument, "appid", "entra-tenant.outline"},
		{"entra", tenant, profile.SAMLMetadataDocument, "", "entra-saml.outline"},
		{"entra", tenant, profile.SAMLMetadataDocument, "appid", "entra-saml.outline"},
		{"adfs", "adfs", profile.FederationMetadataDocument, "", "adfs-v4.outline"},
		{"adfs", "adfs", profile.SAMLMetadataDocument, "", "adfs-saml.outline"},
		{"adfs", "contoso", profile.FederationMetadataDocument, "", "adfs-named.outline"},
	} {
		p := byName(t, test.profile)
		s := ring(t, p)
		if test.profile == "adfs" {
			s = s.With([]keyring.Key{key(t, s, "now")})
		}
		documents, err := federation.Documents(p, profile.Site{Base: "https://idp.test", Tenant: test.tenant}, s)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, d := range documents {
			if d.Kind == test.kind && d.Query == test.query {
				found = true
				alike(t, test.outline, outline(t, d.Body))
			}
		}
		if !found {
			t.Errorf("%s %s has no %s ?%s", test.profile, test.tenant, test.kind, test.query)
		}
	}
}

// alike compares line by line: a difference in the whole is hard to find.
func alike(t testing.TB, file, got string) {
	t.Helper()
	want, have := strings.Split(string(read(t, file)), "\n"), strings.Split(got, "\n")
	for i := range max(len(want), len(have)) {
		switch {
		case i >= len(have):
			t.Errorf("%s: ends before line %d: %s", file, i+1, want[i])
			return
		case i >= len(want):
			t.Errorf("%s: line %d is too much: %s", file, i+1, have[i])
			return
		case have[i] != want[i]:
			t.Errorf("%s: line %d is %s", file, i+1, have[i])
			return
		}
	}
}
