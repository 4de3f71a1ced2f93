package mockidp_test

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"crypto/x509"

	"github.com/rollover-harness/rollover/mockidp"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

const (
	protocolNS  = "urn:oasis:names:tc:SAML:2.0:protocol"
	assertionNS = "urn:oasis:names:tc:SAML:2.0:assertion"
	entraIssuer = "https://sts.windows.net/11111111-2222-3333-4444-555555555555/"
)

// certificate is that of a key of the ring.
func certificate(t *testing.T, idp *mockidp.Issuer, name string) *x509.Certificate {
	t.Helper()
	set, err := idp.Keys(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range set.Keys {
		if block, _ := pem.Decode([]byte(k.Certificate)); k.Name == name && block != nil {
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
	}
	t.Fatalf("no key %s", name)
	return nil
}

// element reads XML and returns the first element of that name.
func element(t *testing.T, text, name string) *etree.Element {
	t.Helper()
	document := etree.NewDocument()
	if err := document.ReadFromString(text); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if document.Root().Tag == name {
		return document.Root()
	}
	found := document.FindElement("//" + name)
	if found == nil {
		t.Fatalf("no %s: %s", name, text)
	}
	return found
}

// verified checks an enveloped signature with one certificate alone.
func verified(t *testing.T, e *etree.Element, by *x509.Certificate, idAttribute string) error {
	t.Helper()
	context := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{by}})
	context.IdAttribute = idAttribute
	_, err := context.Validate(e)
	return err
}

func wsignin(more ...string) url.Values {
	form := url.Values{"wa": {"wsignin1.0"}, "wtrealm": {"urn:app"}, "wreply": {reply}}
	for i := 0; i+1 < len(more); i += 2 {
		if more[i+1] == "" {
			form.Del(more[i])
		} else {
			form.Set(more[i], more[i+1])
		}
	}
	return form
}

func TestWSFederation(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{Profile: "entra"})
	apply(t, idp, keyring.Publish{Name: "next"}, keyring.Activate{Key: "next"})
	// What an app keeps there comes back byte for byte, whatever it is.
	context := `rm=0&id=passive&ru=%2f<script>alert(1)</script>"' +;é\u003c` + "`"
	b := signedIn(t, idp, credential.Request{Key: "initial", Subject: "ann@rollover.test"})
	answer, page := b.get(*idp.Endpoints().WSFed, wsignin("wctx", context, "wct", "2026-11-22T10:00:00Z", "wfresh", "0", "whr", "urn:home"))
	action, fields := form(t, page)
	if answer.StatusCode != 200 || action != reply || fields.Get("wa") != "wsignin1.0" || fields.Get("wctx") != context || len(fields) != 3 {
		t.Fatalf("%s %v", answer.Status, fields)
	}
	if strings.Contains(page, "<script>alert") || !strings.Contains(page, "<button>") || !strings.Contains(page, "for tests only") {
		t.Errorf("%s", page)
	}
	assertion := element(t, fields.Get("wresult"), "Assertion")
	if err := verified(t, assertion.Copy(), certificate(t, idp, "initial"), "ID"); err != nil {
		t.Error(err)
	}
	if err := verified(t, assertion.Copy(), certificate(t, idp, "next"), "ID"); err == nil {
		t.Error("signed by the wrong key")
	}
	if name := assertion.FindElement(".//NameID"); name.Text() != "ann@rollover.test" {
		t.Errorf("%s", name.Text())
	}
	if audience, issuer := assertion.FindElement(".//Audience"), assertion.FindElement("./Issuer"); audience.Text() != "urn:app" || issuer.Text() != entraIssuer {
		t.Errorf("%s %s", audience.Text(), issuer.Text())
	}
	if strings.Contains(fields.Get("wresult"), "InResponseTo") || strings.Contains(fields.Get("wresult"), "Recipient") {
		t.Error("WIF refuses that (ID4154, ID4157)")
	}

	// The default user, the active key, no context; the app's own choices are the issuer's defaults.
	_, page = newBrowser(t, idp).get(*idp.Endpoints().WSFed, wsignin())
	_, fields = form(t, page)
	assertion = element(t, fields.Get("wresult"), "Assertion")
	if err := verified(t, assertion.Copy(), certificate(t, idp, "next"), "ID"); err != nil || fields.Has("wctx") || assertion.FindElement(".//NameID").Text() != credential.DefaultSubject {
		t.Errorf("%v %v", err, fields)
	}
	minted := events[timeline.Minted](t, idp)
	if len(minted) != 2 || minted[0].Form != "session" || minted[1].Form != "saml20" || minted[1].Key != "next" || minted[1].Audience != "urn:app" {
		t.Errorf("%+v", minted)
	}
}

func TestWSFederationAsTheAdministratorHasIt(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{Profile: "entra", SAML: credential.SAML{Version: "1.1", Trust: "1.3"}})
	_, page := newBrowser(t, idp).post(*idp.Endpoints().WSFed, wsignin())
	_, fields := form(t, page)
	result := element(t, fields.Get("wresult"), "RequestSecurityTokenResponseCollection")
	assertion := result.FindElement(".//Assertion")
	if assertion.SelectAttrValue("MajorVersion", "") != "1" || result.NamespaceURI() != "http://docs.oasis-open.org/ws-sx/ws-trust/200512" {
		t.Errorf("%s", fields.Get("wresult"))
	}
	if err := verified(t, assertion.Copy(), certificate(t, idp, "initial"), "AssertionID"); err != nil {
		t.Error(err)
	}
	if m := events[timeline.Minted](t, idp); len(m) != 1 || m[0].Form != "saml11" {
		t.Errorf("%+v", m)
	}
	// A session's own word counts for more.
	_, page = signedIn(t, idp, credential.Request{SAML: credential.SAML{Version: "2.0"}}).get(*idp.Endpoints().WSFed, wsignin())
	_, fields = form(t, page)
	if v := element(t, fields.Get("wresult"), "Assertion").SelectAttrValue("Version", ""); v != "2.0" {
		t.Errorf("version %q", v)
	}
}

func TestWhatWSFederationRefuses(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{Profile: "entra"})
	at := *idp.Endpoints().WSFed
	b := newBrowser(t, idp)
	for name, test := range map[string]struct {
		form url.Values
		says string
	}{
		"nothing":            {nil, "wa is missing"},
		"another action":     {wsignin("wa", "wattr1.0"), "wa &#34;wattr1.0&#34; is no action"},
		"no realm":           {wsignin("wtrealm", ""), "wtrealm is missing"},
		"no reply":           {wsignin("wreply", ""), "wreply is missing, and no reply address is registered"},
		"javascript":         {wsignin("wreply", "javascript:alert(1)"), "scheme"},
		"javascript at exit": {url.Values{"wa": {"wsignout1.0"}, "wreply": {"javascript:alert(1)"}}, "scheme"},
		"a realm twice":      {url.Values{"wa": {"wsignin1.0"}, "wtrealm": {"a", "b"}}, "2 times"},
		"a broken context":   {wsignin("wctx", "a\r\nb"), "control characters"},
	} {
		answer, page := b.get(at, test.form)
		if answer.StatusCode != 400 || !strings.Contains(page, test.says) || strings.Contains(page, "<form") || !strings.Contains(page, "for tests only") {
			t.Errorf("%s: %s %s", name, answer.Status, page)
		}
	}
	for name, test := range map[string]struct {
		browser *browser
		says    string
	}{
		"unknown session":    {newBrowser(t, idp, credential.SessionCookie, "<b>nobody"), "unknown session &#34;&lt;b&gt;nobody&#34;"},
		"a JWT's forgery":    {signedIn(t, idp, credential.Request{Forge: credential.AlgNone}), "alg-none"},
		"a reply of scripts": {newBrowser(t, idp, credential.ReplyCookie, "javascript:alert(1)"), "the registered reply address"},
	} {
		answer, page := test.browser.get(at, wsignin("wreply", ""))
		if name != "a reply of scripts" {
			answer, page = test.browser.get(at, wsignin())
		}
		if answer.StatusCode != 400 || !strings.Contains(page, test.says) || strings.Contains(page, "<form") {
			t.Errorf("%s: %s %s", name, answer.Status, page)
		}
	}
	if answer, _ := b.do(http.MethodPut, at, nil); answer.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("%s", answer.Status)
	}
}

func TestReplyAddressOfAnAppThatSendsNone(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{Profile: "entra", Reply: reply + "/of-the-config"})
	for want, b := range map[string]*browser{
		reply + "/of-the-config": newBrowser(t, idp),
		reply:                    newBrowser(t, idp, credential.ReplyCookie, reply),
	} {
		_, page := b.get(*idp.Endpoints().WSFed, wsignin("wreply", ""))
		if action, _ := form(t, page); action != want {
			t.Errorf("%s, want %s", action, want)
		}
		_, page = b.get(*idp.Endpoints().SAML2, url.Values{"entityID": {"urn:app"}})
		if action, _ := form(t, page); action != want {
			t.Errorf("%s, want %s", action, want)
		}
	}
}

func TestSigningOutReachesTheAppsOfThisBrowser(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{Profile: "entra"})
	at := *idp.Endpoints().WSFed
	b := signedIn(t, idp, credential.Request{})
	for _, app := range []string{reply, reply + "?app=2", reply} {
		b.get(at, wsignin("wreply", app))
	}
	newBrowser(t, idp).get(at, wsignin("wreply", reply+"/somebody-else"))
	answer, page := b.get(at, url.Values{"wa": {"wsignout1.0"}, "wreply": {reply + "/bye"}})
	images := strings.Count(page, "<img ")
	for _, image := range []string{`src="` + reply + `?wa=wsignoutcleanup1.0"`, `src="` + reply + `?app=2&amp;wa=wsignoutcleanup1.0"`, `<a href="` + reply + `/bye">`} {
		if !strings.Contains(page, image) {
			t.Errorf("no %s in %s", image, page)
		}
	}
	if u, _ := url.Parse(at); answer.StatusCode != 200 || images != 2 || len(b.client.Jar.Cookies(u)) != 0 {
		t.Errorf("%d images, %v: %s", images, b.client.Jar.Cookies(u), page)
	}
	if answer, _ := b.get(at, url.Values{"wa": {"wsignout1.0"}, "wreply": {reply + "/bye"}}); answer.Header.Get("Location") != reply+"/bye" {
		t.Errorf("%s %v", answer.Status, answer.Header)
	}
	b = signedIn(t, idp, credential.Request{})
	if answer, image := b.get(at, url.Values{"wa": {"wsignoutcleanup1.0"}}); answer.Header.Get("Content-Type") != "image/gif" || !strings.HasPrefix(image, "GIF89a") {
		t.Errorf("%s %q", answer.Status, image)
	}
	if u, _ := url.Parse(at); len(b.client.Jar.Cookies(u)) != 0 {
		t.Error("still signed in")
	}
}

// authnRequest is one as apps send it.
func authnRequest(more ...string) string {
	return `<samlp:AuthnRequest xmlns:samlp="` + protocolNS + `" ID="_r1" Version="2.0" IssueInstant="2026-11-22T10:00:00Z" ForceAuthn="true" AssertionConsumerServiceURL="` + reply + `" ` +
		strings.Join(more, " ") + `><saml:Issuer xmlns:saml="` + assertionNS + `"> urn:app </saml:Issuer><samlp:NameIDPolicy AllowCreate="true"/></samlp:AuthnRequest>`
}

func deflated(t *testing.T, text string) string {
	t.Helper()
	var buffer bytes.Buffer
	w, err := flate.NewWriter(&buffer, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(buffer.Bytes())
}

// response is the SAML response of a page's form.
func response(t *testing.T, page string) (action, text, relay string) {
	t.Helper()
	action, fields := form(t, page)
	decoded, err := base64.StdEncoding.DecodeString(fields.Get("SAMLResponse"))
	if err != nil {
		t.Fatal(err)
	}
	return action, string(decoded), fields.Get("RelayState")
}

func TestSAML(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{Profile: "entra"})
	at := *idp.Endpoints().SAML2
	b := signedIn(t, idp, credential.Request{Subject: "ann@rollover.test"})
	redirected, byRedirect := b.get(at, url.Values{"SAMLRequest": {deflated(t, authnRequest())}, "RelayState": {"a<b>&c"}, "Signature": {"not looked at"}, "SigAlg": {"x"}})
	posted, byPost := b.post(at, url.Values{"SAMLRequest": {base64.StdEncoding.EncodeToString([]byte(authnRequest()))}, "RelayState": {"a<b>&c"}})
	for name, page := range map[string]string{redirected.Status + " redirect": byRedirect, posted.Status + " post": byPost} {
		action, text, relay := response(t, page)
		root := element(t, text, "Response")
		if action != reply || relay != "a<b>&c" || root.NamespaceURI() != protocolNS || root.SelectAttrValue("Destination", "") != reply || root.SelectAttrValue("InResponseTo", "") != "_r1" {
			t.Errorf("%s: to %s %s: %s", name, action, relay, text)
		}
		assertion := element(t, text, "Assertion")
		if err := verified(t, assertion.Copy(), certificate(t, idp, "initial"), "ID"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		data := assertion.FindElement(".//SubjectConfirmationData")
		if data.SelectAttrValue("Recipient", "") != reply || data.SelectAttrValue("InResponseTo", "") != "_r1" || assertion.FindElement(".//Audience").Text() != "urn:app" || assertion.FindElement(".//NameID").Text() != "ann@rollover.test" {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestSAMLThatBeginsAtTheIssuer(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{Profile: "entra", Reply: reply, SAML: credential.SAML{Sign: "both"}})
	for _, name := range []string{"entityID", "spentityid", "loginToRp"} {
		_, page := newBrowser(t, idp).get(*idp.Endpoints().SAML2, url.Values{name: {"urn:app"}, "RelayState": {"/start"}})
		action, text, relay := response(t, page)
		root := element(t, text, "Response")
		if action != reply || relay != "/start" || strings.Contains(text, "InResponseTo") || root.FindElement(".//Audience").Text() != "urn:app" {
			t.Errorf("%s: %s %s", name, action, text)
		}
		if err := verified(t, root.Copy(), certificate(t, idp, "initial"), "ID"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSAMLLogout(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{Profile: "entra", Reply: reply, Logout: reply + "/bye"})
	at := *idp.Endpoints().SAML2
	message := `<p:LogoutRequest xmlns:p="` + protocolNS + `" ID="_l1" Version="2.0"><Issuer xmlns="` + assertionNS + `">urn:app</Issuer></p:LogoutRequest>`
	for _, way := range []string{http.MethodGet, http.MethodPost} {
		b := signedIn(t, idp, credential.Request{})
		encoded := deflated(t, message)
		if way == http.MethodPost {
			encoded = base64.StdEncoding.EncodeToString([]byte(message))
		}
		_, page := b.do(way, at, url.Values{"SAMLRequest": {encoded}, "RelayState": {"r"}})
		action, text, relay := response(t, page)
		root := element(t, text, "LogoutResponse")
		if action != reply+"/bye" || relay != "r" || root.SelectAttrValue("InResponseTo", "") != "_l1" || root.SelectAttrValue("Destination", "") != reply+"/bye" || !strings.Contains(text, "status:Success") {
			t.Errorf("%s: %s %s", way, action, text)
		}
		if err := verified(t, root.Copy(), certificate(t, idp, "initial"), "ID"); err != nil {
			t.Errorf("%s: %v", way, err)
		}
		if u, _ := url.Parse(at); len(b.client.Jar.Cookies(u)) != 0 {
			t.Errorf("%s: still signed in", way)
		}
	}
}

func TestWhatSAMLRefuses(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{Profile: "entra"})
	at := *idp.Endpoints().SAML2
	b := newBrowser(t, idp)
	logout := `<p:LogoutRequest xmlns:p="` + protocolNS + `" ID="_l1" Version="2.0"><Issuer xmlns="` + assertionNS + `">urn:app</Issuer></p:LogoutRequest>`
	for name, test := range map[string]struct{ message, says string }{
		"nothing":                {"", "SAMLRequest is missing"},
		"no base64":              {"<xml/>", "is not base64"},
		"not deflated":           {base64.StdEncoding.EncodeToString([]byte(authnRequest())), "cannot be inflated"},
		"too long":               {strings.Repeat("A", 200_000), "131072 bytes are the limit"},
		"a bomb":                 {deflated(t, authnRequest("x=\""+strings.Repeat("a", 10<<20)+"\"")), "too large once it is unpacked"},
		"no XML":                 {deflated(t, "hello"), "is not XML"},
		"two roots":              {deflated(t, "<a/><b/>"), "2 root elements"},
		"broken":                 {deflated(t, "<a>"), "is not XML"},
		"too deep":               {deflated(t, strings.Repeat("<a>", 100)+strings.Repeat("</a>", 100)), "maximum depth"},
		"a DTD":                  {deflated(t, `<!DOCTYPE a [<!ENTITY x "y">]>`+authnRequest()), "document type declaration"},
		"an entity":              {deflated(t, `<a>&x;</a>`), "is not XML"},
		"another message":        {deflated(t, `<p:ArtifactResolve xmlns:p="`+protocolNS+`"/>`), "ArtifactResolve"},
		"of another namespace":   {deflated(t, `<AuthnRequest/>`), "of namespace"},
		"another version":        {deflated(t, `<p:AuthnRequest xmlns:p="`+protocolNS+`" Version="1.1"/>`), "Version &#34;1.1&#34;"},
		"no ID":                  {deflated(t, `<p:AuthnRequest xmlns:p="`+protocolNS+`" Version="2.0"/>`), "has no ID"},
		"no issuer":              {deflated(t, `<p:AuthnRequest xmlns:p="`+protocolNS+`" Version="2.0" ID="_1"/>`), "has no Issuer"},
		"by artifact":            {deflated(t, authnRequest(`ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"`)), "HTTP-Artifact"},
		"by index":               {deflated(t, strings.Replace(authnRequest(), "URL=", "Index=", 1)), "reads no metadata of apps"},
		"javascript":             {deflated(t, strings.Replace(authnRequest(), reply, "javascript:alert(1)", 1)), "scheme"},
		"nowhere to":             {deflated(t, strings.Replace(authnRequest(), `AssertionConsumerServiceURL="`+reply+`"`, "", 1)), "AssertionConsumerServiceURL is missing"},
		"a logout to nowhere":    {deflated(t, logout), "no logout address is registered"},
		"an ID that XML forbids": {deflated(t, strings.Replace(authnRequest(), `"_r1"`, `"`+"\x01"+`"`, 1)), "is not XML"},
	} {
		answer, page := b.get(at, url.Values{"SAMLRequest": {test.message}})
		if answer.StatusCode != 400 || !strings.Contains(page, test.says) || strings.Contains(page, "<form") {
			t.Errorf("%s: %s %s", name, answer.Status, page)
		}
	}
	answer, page := b.post(at, url.Values{"SAMLRequest": {strings.Repeat("A", 2<<20)}})
	if answer.StatusCode != 400 || !strings.Contains(page, "too large") {
		t.Errorf("%s %s", answer.Status, page)
	}
	if len(events[timeline.Minted](t, idp)) != 0 {
		t.Error("something was signed")
	}
}

// AD FS has one address for both protocols.
func TestADFS(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{Profile: "adfs", Reply: reply})
	e := idp.Endpoints()
	b := newBrowser(t, idp)
	_, page := b.get(*e.WSFed, wsignin())
	if _, fields := form(t, page); fields.Get("wa") != "wsignin1.0" {
		t.Errorf("%v", fields)
	}
	_, page = b.get(*e.SAML2, url.Values{"SAMLRequest": {deflated(t, authnRequest())}})
	if _, text, _ := response(t, page); element(t, text, "Response").SelectAttrValue("InResponseTo", "") != "_r1" {
		t.Errorf("%s", text)
	}
	_, page = b.get(strings.TrimSuffix(*e.SAML2, "/"), url.Values{"loginToRp": {"urn:app"}})
	if _, text, _ := response(t, page); strings.Contains(text, "InResponseTo") {
		t.Errorf("%s", text)
	}
	at := discover(t, e.Metadata)
	answer, _ := b.get(at.Authorize, asks())
	code := location(t, answer, "?").Get("code")
	if g := b.redeem(at.Token, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "client_id": {"app"}, "redirect_uri": {reply}}); g.Status != 200 {
		t.Errorf("%+v", g)
	} else {
		id, _ := claims(t, at.JWKS, g.IDToken)
		access, _ := claims(t, at.JWKS, g.AccessToken)
		if id["iss"] != at.Issuer || id["aud"] != "app" || id["upn"] != credential.DefaultSubject || access["iss"] == at.Issuer {
			t.Errorf("%v %v", id, access)
		}
	}
}
