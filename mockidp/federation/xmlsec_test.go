package federation_test

import (
	"testing"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/federation"
)

// A second opinion on every kind of signed text.
func TestXMLSecAcceptsWhatIsSigned(t *testing.T) {
	for _, name := range []string{"entra", "adfs"} {
		p := byName(t, name)
		s := ring(t, p)
		documents, err := federation.Documents(p, siteOf(p), s)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range documents {
			if err := xmlsec1(t, string(d.Body)); err != nil {
				t.Errorf("%s %s: %v", d.Path, d.Query, err)
			}
		}
		m := minter(t, name, credential.SAML{})
		for _, form := range []credential.Form{credential.SAML11, credential.SAML20} {
			for _, algorithm := range []string{"rsa-sha256", "rsa-sha1"} {
				token, err := m.Mint(m.ring, credential.Request{Form: form, SAML: credential.SAML{Algorithm: algorithm}}, now, "id", nil)
				if err != nil {
					t.Fatal(err)
				}
				if err := xmlsec1(t, token.Text); err != nil {
					t.Errorf("%s %s %s: %v", name, form, algorithm, err)
				}
			}
		}
		for _, version := range []string{"2.0", "1.1"} {
			for _, trust := range []string{"2005", "1.3"} {
				text, _, err := m.WSFed(m.ring, credential.Request{SAML: credential.SAML{Version: version, Trust: trust}}, now, "id", nil, to)
				if err != nil {
					t.Fatal(err)
				}
				if err := xmlsec1(t, text); err != nil {
					t.Errorf("%s %s %s: %v", name, version, trust, err)
				}
			}
		}
		for _, sign := range []string{"assertion", "response", "both"} {
			text, _, err := m.Response(m.ring, credential.Request{SAML: credential.SAML{Sign: sign}}, now, "id", nil, to)
			if err != nil {
				t.Fatal(err)
			}
			if err := xmlsec1(t, text); err != nil {
				t.Errorf("%s %s: %v", name, sign, err)
			}
		}
		text, err := m.LogoutResponse(m.ring, now, "id", to)
		if err != nil {
			t.Fatal(err)
		}
		if err := xmlsec1(t, text); err != nil {
			t.Errorf("%s sign-out: %v", name, err)
		}
	}
}
