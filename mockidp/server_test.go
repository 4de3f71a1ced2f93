package mockidp_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/rollover-harness/rollover/mockidp"
	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/keysource"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

func startServer(t *testing.T, c mockidp.ServerConfig, specs ...issuer.Spec) *mockidp.Server {
	t.Helper()
	s := mockidp.NewServer(c)
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	for _, spec := range specs {
		if _, err := s.Create(context.Background(), spec); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestThePathTellsIssuersApart(t *testing.T) {
	s := startServer(t, mockidp.ServerConfig{},
		issuer.Spec{Name: "one"}, issuer.Spec{Name: "two"}, issuer.Spec{Name: "default", Profile: "entra"}, issuer.Spec{Name: "shop", Profile: "entra"})
	shop, _ := s.Issuer("shop")
	for path, want := range map[string]string{
		"/one/.well-known/openid-configuration":                                       s.URL() + "/one",
		"/two/.well-known/openid-configuration":                                       s.URL() + "/two",
		"/.well-known/oauth-authorization-server/two":                                 s.URL() + "/two",
		"/11111111-2222-3333-4444-555555555555/v2.0/.well-known/openid-configuration": s.URL() + "/11111111-2222-3333-4444-555555555555/v2.0",
		"/common/v2.0/.well-known/openid-configuration":                               s.URL() + "/{tenantid}/v2.0",
		"/organizations/v2.0/.well-known/openid-configuration":                        s.URL() + "/{tenantid}/v2.0",
		"/consumers/v2.0/.well-known/openid-configuration":                            s.URL() + "/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
		"/" + shop.Tenant() + "/v2.0/.well-known/openid-configuration":                shop.URL(),
		"/11111111-2222-3333-4444-555555555555/.well-known/openid-configuration":      "https://sts.windows.net/11111111-2222-3333-4444-555555555555/",
	} {
		answer, body := get(t, s.URL()+path)
		var document struct{ Issuer string }
		if err := json.Unmarshal(body, &document); err != nil || answer.StatusCode != 200 || document.Issuer != want {
			t.Errorf("%s: %d, issuer %q, want %q", path, answer.StatusCode, document.Issuer, want)
		}
	}
	if tenant := shop.Tenant(); len(tenant) != 36 || tenant[14] != '5' {
		t.Errorf("tenant %q is no name-based UUID", tenant)
	}
}

func TestCommonHasTheKeysOfTheDefaultTenant(t *testing.T) {
	s := startServer(t, mockidp.ServerConfig{Profile: "entra"}, issuer.Spec{Name: "default"})
	idp, _ := s.Issuer("default")
	set, err := idp.Keys(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	_, body := get(t, s.URL()+"/common/discovery/v2.0/keys")
	if !strings.Contains(string(body), set.Keys[0].KID) {
		t.Errorf("%s", body)
	}
}

func TestTheIssuersOwnAddressSaysWhereItsDocumentsAre(t *testing.T) {
	s := startServer(t, mockidp.ServerConfig{Profile: "entra"}, issuer.Spec{Name: "default"})
	idp, _ := s.Issuer("default")
	_, body := get(t, s.URL()+"/"+idp.Tenant())
	var found struct{ Issuer, Metadata, JWKS, Warning string }
	if err := json.Unmarshal(body, &found); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	if e := idp.Endpoints(); found.Issuer != e.Issuer || found.Metadata != e.Metadata || found.JWKS != e.JWKS || found.Warning != mockidp.Warning {
		t.Errorf("%s", body)
	}
}

func TestOwnListenersOfEveryKind(t *testing.T) {
	for address, base := range map[string]string{"localhost:0": "http://", "0.0.0.0:0": "http://localhost:", ":0": "http://localhost:"} {
		idp, err := mockidp.New(mockidp.Config{})
		if err != nil {
			t.Fatal(err)
		}
		if err := idp.Listen(address); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(idp.URL(), base) {
			t.Errorf("%s: %s", address, idp.URL())
		}
		url := idp.Endpoints().JWKS
		setFault(t, idp, fault.Rule{ID: "down", Refuse: &fault.Refuse{}})
		if err := refused(url); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%s: %v", address, err)
		}
		apply(t, idp, command.Clear{})
		get(t, url)
		if err := idp.Listen(address); err == nil {
			t.Errorf("%s: it listens twice", address)
		}
		if err := idp.Close(); err != nil {
			t.Fatal(err)
		}
		if err := refused(url); err == nil {
			t.Errorf("%s: it answers after Close", address)
		}
	}
}

func TestNobodysPath(t *testing.T) {
	s := startServer(t, mockidp.ServerConfig{}, issuer.Spec{Name: "one"})
	answer, body := get(t, s.URL()+"/two/jwks")
	if answer.StatusCode != 404 || !strings.Contains(string(body), `"/one/jwks"`) || answer.Header.Get("Rollover-Warning") == "" {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
}

func TestIssuersComeAndGo(t *testing.T) {
	s := startServer(t, mockidp.ServerConfig{}, issuer.Spec{Name: "one"}, issuer.Spec{Name: "two"})
	if _, err := s.Create(context.Background(), issuer.Spec{Name: "one"}); !errors.Is(err, issuer.ErrTaken) {
		t.Errorf("a second of that name: %v", err)
	}
	if _, err := s.Create(context.Background(), issuer.Spec{Name: "../x"}); !errors.Is(err, issuer.ErrSpec) {
		t.Errorf("a path for a name: %v", err)
	}
	if err := s.Delete("one"); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete("one"); !errors.Is(err, issuer.ErrUnknown) {
		t.Errorf("deleted twice: %v", err)
	}
	if answer, _ := get(t, s.URL()+"/one/jwks"); answer.StatusCode != 404 {
		t.Errorf("a deleted issuer answers %d", answer.StatusCode)
	}
	if all := s.Issuers(); len(all) != 1 || all[0].Name() != "two" {
		t.Errorf("%v", all)
	}
	if _, err := s.Create(context.Background(), issuer.Spec{Name: "one"}); err != nil {
		t.Errorf("the name is free again: %v", err)
	}
	if _, err := s.Create(context.Background(), issuer.Spec{Name: "e", Profile: "entra"}); err != nil {
		t.Fatal(err)
	}
	e, _ := s.Issuer("e")
	if _, err := s.Create(context.Background(), issuer.Spec{Name: e.Tenant(), Profile: "entra"}); !errors.Is(err, issuer.ErrTaken) {
		t.Errorf("a tenant twice: %v", err)
	}
}

func TestIssuersMadeBeforeListenMove(t *testing.T) {
	s := mockidp.NewServer(mockidp.ServerConfig{Host: "idp.test"})
	t.Cleanup(func() { _ = s.Close() })
	idp, err := s.Create(context.Background(), issuer.Spec{Name: "one"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(idp.URL(), "http://idp.test:") || idp.URL() != s.URL()+"/one" {
		t.Errorf("%s of %s", idp.URL(), s.URL())
	}
	if err := s.Listen("127.0.0.1:0"); err == nil {
		t.Error("it listens twice")
	}
	other := mockidp.NewServer(mockidp.ServerConfig{})
	if err := other.Listen(strings.Replace(strings.TrimPrefix(s.URL(), "http://"), "idp.test", "127.0.0.1", 1)); err == nil {
		t.Error("two listen on one port")
	}
}

func TestBaseNamesIssuersBehindAnotherServer(t *testing.T) {
	outer := httptest.NewUnstartedServer(nil)
	base := "http://" + outer.Listener.Addr().String()
	idp, err := mockidp.New(mockidp.Config{Base: base, Tenant: "t"})
	if err != nil {
		t.Fatal(err)
	}
	outer.Config.Handler = idp.Handler()
	outer.Start()
	defer outer.Close()
	if idp.URL() != base+"/t" {
		t.Errorf("%s", idp.URL())
	}
	made, err := idp.Mint(context.Background(), credential.Request{})
	if err != nil {
		t.Fatal(err)
	}
	if claims, err := verify(t, idp, made.Token); err != nil || claims.Issuer != base+"/t" {
		t.Errorf("%+v %v", claims, err)
	}
}

func TestIssuersOfASourceNeverShareAKey(t *testing.T) {
	source := keysource.New(keysource.Config{})
	t.Cleanup(source.Close)
	s := startServer(t, mockidp.ServerConfig{Source: source}, issuer.Spec{Name: "one"}, issuer.Spec{Name: "two"})
	seen := map[string]bool{}
	for _, i := range s.Issuers() {
		set, err := i.Keys(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		seen[set.Keys[0].Thumbprint] = true
	}
	if len(seen) != 2 || source.Stats().Pool != 2 {
		t.Errorf("%v %+v", seen, source.Stats())
	}
}

func TestTLS(t *testing.T) {
	authority, err := mockidp.NewAuthority("idp.test", "10.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	s := startServer(t, mockidp.ServerConfig{TLS: authority}, issuer.Spec{Name: "one"})
	own := mockidp.Start(t, mockidp.Config{TLS: authority})
	for _, url := range []string{s.URL() + "/one/jwks", own.Endpoints().JWKS} {
		if !strings.HasPrefix(url, "https://127.0.0.1:") {
			t.Fatalf("%s", url)
		}
		for _, name := range []string{"", "localhost", "idp.test"} {
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority.Pool(), ServerName: name}}}
			answer, err := client.Get(url)
			if err != nil {
				t.Fatalf("%s as %q: %v", url, name, err)
			}
			body, err := io.ReadAll(answer.Body)
			_ = answer.Body.Close()
			client.CloseIdleConnections()
			if err != nil || keyCount(t, body) != 1 {
				t.Errorf("%s: %s %v", url, body, err)
			}
		}
	}
	if !strings.HasPrefix(string(authority.PEM()), "-----BEGIN CERTIFICATE-----") {
		t.Errorf("%s", authority.PEM())
	}
}

// An issuer that shares its listener with nobody really refuses, and goes on to
// do so as well as it can when others come.
func TestRefusalOfAnIssuerThatIsAloneOnItsListener(t *testing.T) {
	s := startServer(t, mockidp.ServerConfig{}, issuer.Spec{Name: "one"})
	one, _ := s.Issuer("one")
	jwks := one.Endpoints().JWKS
	setFault(t, one, fault.Rule{ID: "down", Refuse: &fault.Refuse{}})
	if err := refused(jwks); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("alone: %v", err)
	}
	if sets := events[timeline.FaultSet](t, one); sets[0].Detail != "listener closed" {
		t.Errorf("%+v", sets)
	}
	if _, err := s.Create(context.Background(), issuer.Spec{Name: "two"}); err != nil {
		t.Fatal(err)
	}
	two, _ := s.Issuer("two")
	if err := refused(jwks); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("in company: %v", err)
	}
	if err := refused(two.Endpoints().JWKS); err != nil {
		t.Errorf("the neighbour: %v", err)
	}
	if err := s.Delete("two"); err != nil {
		t.Fatal(err)
	}
	if err := refused(jwks); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("alone again: %v", err)
	}
	if err := s.Delete("one"); err != nil {
		t.Fatal(err)
	}
	if err := refused(jwks); err != nil {
		t.Errorf("nobody is left who refuses: %v", err)
	}
}

func TestIssuersWithABaseOfTheirOwn(t *testing.T) {
	s := mockidp.NewServer(mockidp.ServerConfig{})
	t.Cleanup(func() { _ = s.Close() })
	for name, base := range map[string]string{"early": "http://idp.test:8400", "plain": ""} {
		if _, err := s.Create(context.Background(), issuer.Spec{Name: name, Base: base}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(context.Background(), issuer.Spec{Name: "late", Base: "https://idp.test/"}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"early": "http://idp.test:8400/early", "late": "https://idp.test/late", "plain": s.URL() + "/plain"} {
		i, _ := s.Issuer(name)
		if i.URL() != want {
			t.Errorf("%s is at %s, want %s", name, i.URL(), want)
		}
		if answer, body := get(t, s.URL()+"/"+name+"/.well-known/openid-configuration"); answer.StatusCode != 200 || !strings.Contains(string(body), want+"/jwks") {
			t.Errorf("%s: %d %s", name, answer.StatusCode, body)
		}
	}
	for _, bad := range []string{"idp.test:8400", "ftp://idp.test", "http://", "http://idp.test/path", "http://idp.test?x", "http://u@idp.test", "http://idp.test#f", "://"} {
		if err := (issuer.Spec{Name: "bad", Base: bad}).Validate(); !errors.Is(err, issuer.ErrSpec) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
