package testcontainer_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/testcontainers/testcontainers-go"

	"github.com/rollover-harness/rollover/docker/testcontainer"
	"github.com/rollover-harness/rollover/mockidp/control"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// discover reads what an app reads first, and checks that the issuer is called
// there what the container calls it.
func discover(t *testing.T, client *http.Client, info issuer.Info) (jwksURI string) {
	t.Helper()
	answer, err := client.Get(info.Metadata)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var document struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&document); err != nil {
		t.Fatal(err)
	}
	if document.Issuer != info.Issuer {
		t.Errorf("discovery speaks of %s, the container of %s", document.Issuer, info.Issuer)
	}
	return document.JWKSURI
}

func TestTheIssuerAndItsMethods(t *testing.T) {
	t.Parallel()
	idp := run(t)
	ctx := t.Context()
	info, err := idp.Info(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if info.Name != "default" || info.Profile != "generic" {
		t.Errorf("%+v", info)
	}
	if at := discover(t, http.DefaultClient, info); at != info.JWKS {
		t.Errorf("key set at %s, discovery says %s", info.JWKS, at)
	}
	if authority, err := idp.Issuer(ctx); err != nil || authority != info.Issuer {
		t.Errorf("%s %v, want %s", authority, err, info.Issuer)
	}

	if _, err := idp.Apply(ctx, keyring.Publish{Name: "next"}, keyring.Activate{Key: "next"}); err != nil {
		t.Fatal(err)
	}
	set, err := idp.Keys(ctx)
	if err != nil || len(set.Keys) != 2 || set.Keys[0].State != keyring.Retired || set.Keys[1].State != keyring.Active {
		t.Errorf("%+v %v", set.Keys, err)
	}
	made, err := idp.Mint(ctx, credential.Request{Subject: "ann"})
	if err != nil || strings.Count(made.Token, ".") != 2 {
		t.Errorf("%+v %v", made, err)
	}
	entries, err := idp.Timeline(ctx, 0, 0)
	if err != nil || len(entries) == 0 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	last := entries[len(entries)-1]
	if _, is := last.Event.(timeline.Minted); !is {
		t.Errorf("the last entry is %+v, not what was minted", last)
	}
	if later, err := idp.Timeline(ctx, last.Seq, time.Millisecond); err != nil || len(later) != 0 {
		t.Errorf("%+v %v", later, err)
	}
	if _, err := idp.CA(ctx); err == nil || !strings.Contains(err.Error(), "WithTLS") {
		t.Errorf("%v does not say how there would be a CA", err)
	}
	var failure *control.Error
	if _, err := idp.Apply(ctx, keyring.Remove{Key: "nobody"}); !errors.As(err, &failure) {
		t.Errorf("%v is no error of the control API", err)
	}
}

func TestPortsAreThisMachinesAlone(t *testing.T) {
	t.Parallel()
	idp := run(t)
	host, err := idp.Host(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		t.Skipf("the engine is at %s", host)
	}
	inspected, err := idp.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for port, bindings := range inspected.NetworkSettings.Ports {
		for _, binding := range bindings {
			count++
			if binding.HostIP.String() != "127.0.0.1" {
				t.Errorf("%s is published on %s", port, binding.HostIP)
			}
		}
	}
	if count != 2 {
		t.Errorf("%d ports are published, want 2", count)
	}
}

func TestIssuersOfAProfile(t *testing.T) {
	t.Parallel()
	idp := run(t, testcontainer.WithProfile("entra"), testcontainer.WithIssuers(
		issuer.Spec{Name: "staff"}, issuer.Spec{Name: "partner", Profile: "adfs"}, issuer.Spec{Name: "shop", Base: "https://idp.test"},
	))
	client, err := idp.Control(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all, err := client.Issuers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 3 {
		t.Fatalf("%d issuers: %+v", len(all), all)
	}
	for i, want := range []struct{ name, profile, base string }{
		{"staff", "entra", "http://"}, {"partner", "adfs", "http://"}, {"shop", "entra", "https://idp.test/"},
	} {
		if got := all[i]; got.Name != want.name || got.Profile != want.profile || !strings.HasPrefix(got.Issuer, want.base) {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	first, err := idp.Info(t.Context())
	if err != nil || first.Name != "staff" || first.WSFed == nil {
		t.Errorf("%+v %v", first, err)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	idp := run(t, testcontainer.WithTLS())
	pem, err := idp.CA(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	info, err := idp.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatalf("%s", pem)
	}
	discover(t, &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}, info)
	if !strings.HasPrefix(info.Issuer, "https://") {
		t.Errorf("%s", info.Issuer)
	}
	if _, err := http.Get(info.Metadata); err == nil {
		t.Error("somebody who does not know the CA trusts it")
	}
}

func TestTheCertificateIsForTheBase(t *testing.T) {
	t.Parallel()
	idp := run(t, testcontainer.WithTLS(), testcontainer.WithBase("https://idp:8400"))
	pem, err := idp.CA(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	at, err := idp.HostAddress(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, fits := range map[string]bool{"idp": true, "other": false} {
		connection, err := tls.Dial("tcp", at, &tls.Config{RootCAs: pool, ServerName: name})
		if (err == nil) != fits {
			t.Errorf("as %s: %v", name, err)
		}
		if err == nil {
			_ = connection.Close()
		}
	}
}

// A restarted container has other ports, and issuers that know them.
func TestARestartMovesTheIssuers(t *testing.T) {
	t.Parallel()
	idp := run(t, testcontainer.WithProfile("entra"))
	if err := idp.Stop(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := idp.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	info, err := idp.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	discover(t, http.DefaultClient, info)
	mapped, err := idp.MappedPort(t.Context(), "8400/tcp")
	if err != nil {
		t.Fatal(err)
	}
	if at, err := url.Parse(info.Metadata); err != nil || at.Port() != mapped.Port() {
		t.Errorf("the issuer is at %s, published is %s", info.Metadata, mapped.Port())
	}
	if info.Profile != "entra" {
		t.Errorf("%+v", info)
	}
}

func TestAContainerThatIsStartedLater(t *testing.T) {
	t.Parallel()
	idp := run(t, testcontainers.WithNoStart())
	if _, err := idp.Issuer(t.Context()); err == nil || !strings.Contains(err.Error(), "find published port") {
		t.Errorf("before the start: %v", err)
	}
	if err := idp.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	info, err := idp.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	discover(t, http.DefaultClient, info)
}

// Whoever uses a container again finds its issuers as they are, and gets those
// that are not there yet.
func TestAContainerThatIsUsedAgain(t *testing.T) {
	t.Parallel()
	name := testcontainers.WithReuseByName(fmt.Sprintf("rollover-used-again-%d", os.Getpid()))
	first := run(t, name)
	if _, err := first.Apply(t.Context(), keyring.Publish{Name: "next"}); err != nil {
		t.Fatal(err)
	}
	again := run(t, name)
	if again.GetContainerID() != first.GetContainerID() {
		t.Fatal("it is another one")
	}
	if set, err := again.Keys(t.Context()); err != nil || len(set.Keys) != 2 {
		t.Errorf("its issuer is another one: %+v %v", set.Keys, err)
	}
	shop := run(t, name, testcontainer.WithIssuers(issuer.Spec{Name: "shop"}))
	info, err := shop.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	discover(t, http.DefaultClient, info)
	if set, err := first.Keys(t.Context()); err != nil || len(set.Keys) != 2 {
		t.Errorf("the first issuer is another one now: %+v %v", set.Keys, err)
	}
	elsewhere := run(t, name, testcontainer.WithBase("http://idp:8400"))
	if authority, err := elsewhere.Issuer(t.Context()); err != nil || authority != "http://idp:8400/default" {
		t.Errorf("%s %v", authority, err)
	}
}

// A base that is the one of the image's own issuer is no reason to take that.
func TestABaseThatTheImageHasToo(t *testing.T) {
	t.Parallel()
	idp := run(t, testcontainer.WithBase("http://localhost:8400"), testcontainer.WithProfile("entra"))
	if info, err := idp.Info(t.Context()); err != nil || info.Profile != "entra" || !strings.HasPrefix(info.Metadata, "http://localhost:8400/") {
		t.Errorf("%+v %v", info, err)
	}
}

func TestTerminateLeavesNothing(t *testing.T) {
	t.Parallel()
	idp := run(t)
	info, err := idp.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := testcontainers.TerminateContainer(idp); err != nil {
		t.Fatal(err)
	}
	if _, err := idp.Inspect(t.Context()); !errdefs.IsNotFound(err) {
		t.Errorf("the engine still has it: %v", err)
	}
	if _, err := http.Get(info.Metadata); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("its port: %v", err)
	}
}

func TestAnIssuerThatCannotBeMade(t *testing.T) {
	t.Parallel()
	needsImage(t)
	idp, err := testcontainer.Run(t.Context(), image, testcontainer.WithProfile("nonsense"))
	testcontainers.CleanupContainer(t, idp)
	if idp == nil {
		t.Fatalf("the container did not come with the error: %v", err)
	}
	if err == nil || !strings.HasPrefix(err.Error(), "run mockidp: ") || !strings.Contains(err.Error(), `create issuer default: `) || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("%v", err)
	}
	if err := testcontainers.TerminateContainer(idp); err != nil {
		t.Error(err)
	}
}

func TestAnImageThatIsNotThere(t *testing.T) {
	t.Parallel()
	needsImage(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	const nowhere = "127.0.0.1:1/rollover/mockidp:none" // no registry listens there
	idp, err := testcontainer.Run(ctx, nowhere)
	testcontainers.CleanupContainer(t, idp)
	if idp != nil || err == nil || !strings.HasPrefix(err.Error(), "run mockidp: ") || !strings.Contains(err.Error(), nowhere) {
		t.Errorf("%v", err)
	}
}

// An engine that is reached by a name, as a remote one is: the control listener
// must be reached all the same, and the ports cannot be on its loopback interface.
func TestAnEngineThatHasAName(t *testing.T) {
	needsImage(t)
	name, err := os.Hostname()
	if err != nil {
		t.Skipf("this machine has no name: %v", err)
	}
	if _, err := net.DefaultResolver.LookupHost(t.Context(), name); err != nil || name == "localhost" {
		t.Skipf("this machine's name leads nowhere: %v", err)
	}
	t.Setenv("TESTCONTAINERS_HOST_OVERRIDE", name)
	for title, one := range map[string]struct {
		opts []testcontainers.ContainerCustomizer
		base string
	}{
		"plain":           {nil, "http://" + name + ":"},
		"TLS":             {[]testcontainers.ContainerCustomizer{testcontainer.WithTLS()}, "https://" + name + ":"},
		"a base":          {[]testcontainers.ContainerCustomizer{testcontainer.WithBase("http://idp:8400")}, "http://idp:8400/"},
		"TLS with a base": {[]testcontainers.ContainerCustomizer{testcontainer.WithTLS(), testcontainer.WithBase("https://idp:8400")}, "https://idp:8400/"},
	} {
		t.Run(title, func(t *testing.T) {
			idp := run(t, one.opts...)
			info, err := idp.Info(t.Context())
			if err != nil || !strings.HasPrefix(info.Issuer, one.base) {
				t.Errorf("%s is not at %s: %v", info.Issuer, one.base, err)
			}
			at, err := idp.HostAddress(t.Context())
			if err != nil || !strings.HasPrefix(at, name+":") {
				t.Errorf("published at %s, the engine is %s: %v", at, name, err)
			}
			discover(t, reaching(t, idp, at, strings.HasPrefix(one.base, "https")), info)
		})
	}
}

// reaching is a client that is led to address whatever host it asks for, and
// trusts the container's authority where it has one.
func reaching(t *testing.T, idp *testcontainer.Container, address string, secure bool) *http.Client {
	t.Helper()
	pool := x509.NewCertPool()
	if secure {
		pem, err := idp.CA(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		pool.AppendCertsFromPEM(pem)
	}
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}}
}
