package mockidp_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp"
	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

func TestFaultsOfSignInAloneSpareTheDocuments(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{Profile: "entra"})
	e := idp.Endpoints()
	at := discover(t, e.Metadata)
	doors := map[string]url.Values{*e.WSFed: wsignin(), *e.SAML2: {"SAMLRequest": {deflated(t, authnRequest())}}, at.Authorize: asks()}
	for name, test := range map[string]struct {
		rule fault.Rule
		want func(*http.Response, string) bool
	}{
		"status": {fault.Rule{Status: &fault.Status{Code: 503}}, func(a *http.Response, _ string) bool { return a.StatusCode == 503 }},
		"html":   {fault.Rule{HTML: &fault.HTML{}}, func(a *http.Response, page string) bool { return strings.Contains(page, "Sign in to the network") }},
		"body":   {fault.Rule{Body: &fault.Body{Text: "x"}}, func(_ *http.Response, page string) bool { return page == "x" }},
		"delay":  {fault.Rule{Delay: &fault.Delay{By: clock.Duration(time.Millisecond)}}, func(a *http.Response, _ string) bool { return a.StatusCode == 200 || a.StatusCode == 302 }},
	} {
		test.rule.ID, test.rule.Document = name, "signIn"
		setFault(t, idp, test.rule)
		for address, ask := range doors {
			if answer, page := newBrowser(t, idp).get(address, ask); !test.want(answer, page) {
				t.Errorf("%s at %s: %s %s", name, address, answer.Status, page)
			}
		}
		if answer, _ := get(t, e.JWKS); answer.StatusCode != 200 {
			t.Errorf("%s hit the key set: %s", name, answer.Status)
		}
		apply(t, idp, command.Clear{Fault: name})
	}
	harmed := 0
	for _, s := range events[timeline.Served](t, idp) {
		if s.Fault != "" {
			harmed++
			if s.Document != timeline.SignIn {
				t.Errorf("%+v", s)
			}
		}
	}
	if harmed != 4*len(doors) {
		t.Errorf("%d answers were harmed", harmed)
	}

	setFault(t, idp, fault.Rule{Document: "signIn", Refuse: &fault.Refuse{}})
	if err := refused(at.Authorize); err == nil {
		t.Error("not refused")
	}
	if answer, _ := get(t, e.JWKS); answer.StatusCode != 200 {
		t.Errorf("%s", answer.Status)
	}
	apply(t, idp, command.Clear{})
	setFault(t, idp, fault.Rule{Refuse: &fault.Refuse{}})
	if err := refused(at.Authorize); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("%v", err)
	}
}

// A key set that lies is no matter of signing in, and does not use the rule up.
func TestLiesAboutKeysLeaveSignInAlone(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	at := discover(t, idp.Endpoints().Metadata)
	setFault(t, idp, fault.Rule{ID: "empty", Count: 1, Empty: &fault.Empty{}})
	if answer, _ := newBrowser(t, idp).get(at.Authorize, asks()); answer.StatusCode != 302 {
		t.Errorf("%s", answer.Status)
	}
	if _, body := get(t, at.JWKS); strings.TrimSpace(string(body)) != `{"keys":[]}` {
		t.Errorf("%s", body)
	}
	_, err := idp.Apply(context.Background(), command.Fault{Rule: fault.Rule{Document: "signIn", Empty: &fault.Empty{}}})
	if !errors.Is(err, fault.ErrRule) || !strings.Contains(err.Error(), "empty changes documents, and signing in is none") {
		t.Errorf("%v", err)
	}
}

func TestASessionIsCheckedWhenItIsMinted(t *testing.T) {
	generic := mockidp.Start(t, mockidp.Config{})
	entra := mockidp.Start(t, mockidp.Config{Profile: "entra"})
	for name, test := range map[string]struct {
		idp     *mockidp.Issuer
		request credential.Request
		is      error
		says    string
	}{
		"unknown key":          {generic, credential.Request{Key: "nobody"}, keyring.ErrUnknownKey, "nobody"},
		"unknown forgery":      {generic, credential.Request{Forge: "xsw9"}, credential.ErrRequest, "xsw9"},
		"forgery of SAML":      {generic, credential.Request{Forge: credential.XSW1}, credential.ErrRequest, "the generic profile signs in by JWT alone"},
		"unknown version":      {generic, credential.Request{Version: "v1"}, credential.ErrRequest, "no version"},
		"unknown knob":         {entra, credential.Request{SAML: credential.SAML{Sign: "none"}}, credential.ErrRequest, "saml.sign"},
		"unknown key in shown": {entra, credential.Request{SAML: credential.SAML{KeyInfo: "nobody"}}, keyring.ErrUnknownKey, "saml.keyInfo"},
	} {
		test.request.Form = credential.Session
		_, err := test.idp.Mint(context.Background(), test.request)
		if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, idp := range []*mockidp.Issuer{generic, entra} {
		if m := events[timeline.Minted](t, idp); m != nil {
			t.Errorf("%+v", m)
		}
	}
	for _, f := range credential.Forgeries() {
		made, err := entra.Mint(context.Background(), credential.Request{Form: credential.Session, Forge: f})
		if err != nil || len(made.Token) < 16 {
			t.Errorf("%s: %+v %v", f, made, err)
		}
	}
	for _, m := range events[timeline.Minted](t, entra) {
		stranger := m.Forge == "stranger-key" || m.Forge == "stranger-certificate"
		if (m.Key == "") != stranger || m.KID == "" {
			t.Errorf("%+v", m)
		}
	}
}

func TestFormsOfAMint(t *testing.T) {
	entra := mockidp.Start(t, mockidp.Config{Profile: "entra"})
	for form, root := range map[credential.Form]string{credential.SAML11: "AssertionID=", credential.SAML20: `Version="2.0"`} {
		made, err := entra.Mint(context.Background(), credential.Request{Form: form, Audience: "urn:app"})
		if err != nil || !strings.Contains(made.Token, root) || !strings.Contains(made.Token, "X509Certificate") || !strings.HasPrefix(made.Token, "<") {
			t.Errorf("%s: %s %v", form, made.Token, err)
		}
	}
	if m := events[timeline.Minted](t, entra); len(m) != 2 || m[0].Form == m[1].Form || m[0].Audience != "urn:app" || m[0].Key != "initial" {
		t.Errorf("%+v", m)
	}
	generic := mockidp.Start(t, mockidp.Config{})
	for _, form := range []credential.Form{credential.SAML11, credential.SAML20} {
		if _, err := generic.Mint(context.Background(), credential.Request{Form: form}); !errors.Is(err, credential.ErrRequest) || !strings.Contains(err.Error(), "generic") {
			t.Errorf("%s: %v", form, err)
		}
	}
}

func TestTheOldestSessionsLeave(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{Keys: []mockidp.Key{{Name: "initial", Alg: "ES256"}}})
	at := discover(t, idp.Endpoints().Metadata)
	oldest, second := signedIn(t, idp, credential.Request{}), signedIn(t, idp, credential.Request{})
	for range 4095 {
		if _, err := idp.Mint(context.Background(), credential.Request{Form: credential.Session}); err != nil {
			t.Fatal(err)
		}
	}
	if answer, page := oldest.get(at.Authorize, asks()); answer.StatusCode != 400 || !strings.Contains(page, "unknown session") || !strings.Contains(page, "4096") {
		t.Errorf("%s %s", answer.Status, page)
	}
	if answer, _ := second.get(at.Authorize, asks()); answer.StatusCode != 302 {
		t.Errorf("%s", answer.Status)
	}
	if err := idp.Reset(context.Background()); err != nil {
		t.Fatal(err)
	}
	if answer, _ := second.get(at.Authorize, asks()); answer.StatusCode != 400 {
		t.Errorf("after a reset: %s", answer.Status)
	}
}

// Each issuer of a server signs in for itself, and so do the tenants of one.
func TestIssuersOfAServerSignInApart(t *testing.T) {
	s := startServer(t, mockidp.ServerConfig{Profile: "entra"},
		issuer.Spec{Name: "default"}, issuer.Spec{Name: "shop", Reply: reply, Logout: reply + "/bye", SAML: credential.SAML{Version: "1.1"}})
	one, _ := s.Issuer("default")
	shop, _ := s.Issuer("shop")
	b := signedIn(t, one, credential.Request{})
	if answer, page := b.get(*shop.Endpoints().WSFed, wsignin()); answer.StatusCode != 400 || !strings.Contains(page, "unknown session") {
		t.Errorf("%s %s", answer.Status, page)
	}
	_, page := newBrowser(t, shop).get(*shop.Endpoints().WSFed, wsignin("wreply", ""))
	action, fields := form(t, page)
	if action != reply || !strings.Contains(fields.Get("wresult"), "AssertionID=") {
		t.Errorf("%s %v", action, fields)
	}
	// Whoever signs in at common is of the tenant.
	_, page = b.get(strings.Replace(*one.Endpoints().WSFed, one.Tenant(), "common", 1), wsignin())
	_, fields = form(t, page)
	if name := element(t, fields.Get("wresult"), "Assertion").FindElement("./Issuer").Text(); name != entraIssuer {
		t.Errorf("%s", name)
	}
	if info := shop.Info(); *info.WSFed != *shop.Endpoints().WSFed || info.SAML2 == nil || *info.EntityID != "https://sts.windows.net/"+shop.Tenant()+"/" {
		t.Errorf("%+v", info)
	}

	for says, spec := range map[string]issuer.Spec{
		`unknown saml.sign "none"`: {Name: "a", SAML: credential.SAML{Sign: "none"}},
		`reply "javascript:x"`:     {Name: "a", Reply: "javascript:x"},
		`logout "/bye"`:            {Name: "a", Logout: "/bye"},
	} {
		if _, err := s.Create(context.Background(), spec); !errors.Is(err, issuer.ErrSpec) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	if _, err := mockidp.New(mockidp.Config{SAML: credential.SAML{Trust: "2"}}); !errors.Is(err, issuer.ErrSpec) {
		t.Errorf("%v", err)
	}
}

// Whoever announces a form and does not send it does not hold Close up for long.
func TestCloseDoesNotWaitForABody(t *testing.T) {
	s := startServer(t, mockidp.ServerConfig{}, issuer.Spec{Name: "one"})
	one, _ := s.Issuer("one")
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /one/token HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\n")
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("%q %v", line, err) // now it reads
	}
	began := time.Now()
	if err := s.Delete("one"); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	if served := events[timeline.Served](t, one); len(served) != 1 || served[0].Document != timeline.SignIn {
		t.Errorf("%+v", served)
	}
}

func TestSinglePageAppsMayFetchTokens(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	at := discover(t, idp.Endpoints().Metadata)
	request, err := http.NewRequest(http.MethodOptions, at.Token, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if h := answer.Header; answer.StatusCode != 204 || h.Get("Access-Control-Allow-Methods") != "POST, OPTIONS" || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") || h.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%s %v", answer.Status, h)
	}
	// A JSON body is no form.
	answer, err = http.Post(at.Token, "application/json", strings.NewReader(`{"grant_type":"client_credentials"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if line, _ := bufio.NewReader(answer.Body).ReadString('\n'); answer.StatusCode != 400 || !strings.Contains(line, "invalid_request") || !strings.Contains(line, "application/json") {
		t.Errorf("%s %s", answer.Status, line)
	}
}

// On a listener that issuers share, so that it is found by its path.
func TestUserInfo(t *testing.T) {
	server := mockidp.NewServer(mockidp.ServerConfig{Profile: "entra"})
	if err := server.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	idp, err := server.Create(t.Context(), issuer.Spec{Name: "contoso"})
	if err != nil {
		t.Fatal(err)
	}
	address := discover(t, idp.Endpoints().Metadata).UserInfo
	made, err := idp.Mint(context.Background(), credential.Request{Subject: "ann@rollover.test"})
	if err != nil {
		t.Fatal(err)
	}
	for bearer, want := range map[string]int{"Bearer " + made.Token: 200, "Bearer x": 401, "": 401, "Basic " + made.Token: 401} {
		request, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", bearer)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		line, _ := bufio.NewReader(answer.Body).ReadString('\n')
		_ = answer.Body.Close()
		if answer.StatusCode != want || (want == 200) != strings.Contains(line, `"sub":"ann@rollover.test"`) || (want == 401) != (answer.Header.Get("WWW-Authenticate") != "") {
			t.Errorf("%q: %s %s", bearer, answer.Status, line)
		}
	}
}
