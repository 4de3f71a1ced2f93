package signin_test

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/rollover-harness/rollover/mockidp/signin"
)

const (
	acs   = "https://app.test/acs"
	authn = `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r1" Version="2.0" AssertionConsumerServiceURL="` + acs + `">` +
		`<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">urn:app</saml:Issuer></samlp:AuthnRequest>`
	logout = `<LogoutRequest xmlns="urn:oasis:names:tc:SAML:2.0:protocol" ID="_l1" Version="2.0"><Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">urn:app</Issuer></LogoutRequest>`
)

func deflate(t testing.TB, text string) string {
	t.Helper()
	var buffer bytes.Buffer
	w, err := flate.NewWriter(&buffer, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = w.Write([]byte(text)); err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(buffer.Bytes())
}

func TestReadSAML(t *testing.T) {
	plain := base64.StdEncoding.EncodeToString([]byte(authn))
	broken := plain[:40] + "\r\n" + plain[40:] // as forms that were written for MIME have it
	registered := signin.Registered{Reply: "https://app.test/registered", Logout: "https://app.test/bye"}
	for name, test := range map[string]struct {
		form       url.Values
		deflated   bool
		registered signin.Registered
		want       signin.SAML
	}{
		"redirect":    {url.Values{"SAMLRequest": {deflate(t, authn)}, "RelayState": {""}}, true, registered, signin.SAML{ID: "_r1", Issuer: "urn:app", Reply: acs, RelaySent: true}},
		"post":        {url.Values{"SAMLRequest": {broken}}, false, signin.Registered{}, signin.SAML{ID: "_r1", Issuer: "urn:app", Reply: acs}},
		"no address":  {url.Values{"SAMLRequest": {deflate(t, strings.Replace(authn, `AssertionConsumerServiceURL="`+acs+`"`, "", 1))}}, true, registered, signin.SAML{ID: "_r1", Issuer: "urn:app", Reply: registered.Reply}},
		"an index":    {url.Values{"SAMLRequest": {deflate(t, strings.Replace(authn, `URL="`+acs+`"`, `Index="1"`, 1))}}, true, registered, signin.SAML{ID: "_r1", Issuer: "urn:app", Reply: registered.Reply}},
		"nobody asks": {url.Values{"entityID": {"urn:app"}, "RelayState": {"x"}}, true, registered, signin.SAML{Issuer: "urn:app", Reply: registered.Reply, RelayState: "x", RelaySent: true}},
		"logout":      {url.Values{"SAMLRequest": {deflate(t, logout)}}, true, registered, signin.SAML{Logout: true, ID: "_l1", Issuer: "urn:app", Reply: registered.Logout}},
		"one address": {url.Values{"SAMLRequest": {deflate(t, logout)}}, true, signin.Registered{Reply: acs}, signin.SAML{Logout: true, ID: "_l1", Issuer: "urn:app", Reply: acs}},
	} {
		got, err := signin.ReadSAML(test.form, test.deflated, test.registered)
		if err != nil || got != test.want {
			t.Errorf("%s: %+v %v, want %+v", name, got, err, test.want)
		}
	}
}

func TestSAMLFields(t *testing.T) {
	for relay, want := range map[bool]int{true: 2, false: 1} {
		fields := signin.SAML{RelayState: "r", RelaySent: relay}.Fields("<a/>")
		if len(fields) != want || fields[0] != (signin.Field{Name: "SAMLResponse", Value: "PGEvPg=="}) {
			t.Errorf("%v", fields)
		}
	}
}

// Whatever comes, it is refused in words or has all that an answer needs.
func FuzzReadSAML(f *testing.F) {
	for _, seed := range []string{authn, logout, "<a>" + strings.Repeat("<b>", 40), "<!DOCTYPE a>" + authn, "", "\x00", strings.Repeat(" ", 300_000), "<a/><b/>", authn + "x"} {
		f.Add(deflate(f, seed), true, "relay")
		f.Add(base64.StdEncoding.EncodeToString([]byte(seed)), false, "")
	}
	f.Add("7cExAQAAAMKg9U9tCF8gAAAA", true, "a\x00b")
	f.Fuzz(func(t *testing.T, message string, deflated bool, relay string) {
		form := url.Values{"SAMLRequest": {message}, "RelayState": {relay}}
		got, err := signin.ReadSAML(form, deflated, signin.Registered{Reply: acs})
		var refusal *signin.Refusal
		switch {
		case err != nil && (!errors.As(err, &refusal) || refusal.What == ""):
			t.Errorf("%v is no refusal", err)
		case err == nil && (got.ID == "" || got.Issuer == "" || got.RelayState != relay || !strings.HasPrefix(got.Reply, "http")):
			t.Errorf("%+v", got)
		}
	})
}
