package federation_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/rollover-harness/rollover/mockidp/credential"
)

// maskedMessage is a message whose IDs are ID0 (its own) and ID1 (the assertion's),
// without what depends on keys.
func maskedMessage(t testing.TB, text string) string {
	t.Helper()
	root := parse(t, text)
	if id := root.SelectAttrValue("ID", ""); root.Tag != "Assertion" && id != "" {
		text = strings.ReplaceAll(text, id, "ID0")
	}
	if a := root.FindElement("//Assertion"); a != nil {
		text = strings.ReplaceAll(text, a.SelectAttrValue("ID", a.SelectAttrValue("AssertionID", "")), "ID1")
	}
	for _, m := range []struct{ what, by string }{
		{`>[A-Za-z0-9+/]{300,}={0,2}<`, ">BASE64<"}, {`>[A-Za-z0-9+/]{43}=<`, ">DIGEST<"},
	} {
		text = regexp.MustCompile(m.what).ReplaceAllString(text, m.by)
	}
	return text + "\n"
}

// The goldens are what the mock renders, read against the specifications and the
// public messages of the real providers once, so that a change is seen. What holds
// of them apart from that is said by xmlsec1 and by the readers of the other tests.
func TestMessagesStayAsTheyWereRead(t *testing.T) {
	for _, profile := range []string{"entra", "adfs"} {
		m := minter(t, profile, credential.SAML{})
		check := func(file, text string, err error) {
			if err != nil {
				t.Errorf("%s: %v", file, err)
				return
			}
			if got, want := maskedMessage(t, text), string(read(t, file)); got != want {
				t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
			}
		}
		text, _, err := m.WSFed(m.ring, credential.Request{}, now, "id", nil, to)
		check(profile+"-wsfed.golden.xml", text, err)
		text, _, err = m.Response(m.ring, credential.Request{}, now, "id", nil, to)
		check(profile+"-response.golden.xml", text, err)
		if profile != "entra" {
			continue
		}
		text, _, err = m.WSFed(m.ring, credential.Request{SAML: credential.SAML{Trust: "1.3"}}, now, "id", nil, to)
		check("entra-wsfed-1.3.golden.xml", text, err)
		text, _, err = m.Response(m.ring, credential.Request{SAML: credential.SAML{Sign: "both"}}, now, "id", nil, to)
		check("entra-response-both.golden.xml", text, err)
		token, err := m.Mint(m.ring, credential.Request{Form: credential.SAML20}, now, "id", nil)
		check("entra-assertion.golden.xml", token.Text, err)
		text, err = m.LogoutResponse(m.ring, now, "id", to)
		check("entra-logout.golden.xml", text, err)
	}
}
