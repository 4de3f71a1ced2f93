package testcontainer

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/testcontainers/testcontainers-go"

	"github.com/rollover-harness/rollover/mockidp/issuer"
)

func TestWhatTheIssuerIsTold(t *testing.T) {
	far := WithIssuers(issuer.Spec{Name: "a"}, issuer.Spec{Name: "b", Base: "https://other:8400"})
	for _, one := range []struct {
		engine string
		opts   []testcontainers.ContainerCustomizer
		want   string // separated by blanks, behind what all are told
	}{
		{"localhost", nil, ""},
		{"127.0.0.1", nil, ""},
		{"::1", nil, ""},
		{"172.17.0.1", nil, ""},
		{"docker", nil, ""},
		{"docker", []testcontainers.ContainerCustomizer{WithBase("http://idp:8400")}, ""},
		{"localhost", []testcontainers.ContainerCustomizer{WithBase("http://idp:8400")}, ""},
		{"localhost", []testcontainers.ContainerCustomizer{WithTLS()}, "--tls"},
		{"172.17.0.1", []testcontainers.ContainerCustomizer{WithTLS()}, "--tls --host 172.17.0.1"},
		{"docker", []testcontainers.ContainerCustomizer{WithTLS()}, "--tls --host docker"},
		{"localhost", []testcontainers.ContainerCustomizer{WithTLS(), WithBase("https://idp:8400")}, "--tls --host idp"},
		{"172.17.0.1", []testcontainers.ContainerCustomizer{WithTLS(), WithBase("https://idp:8400")}, "--tls --host idp"},
		{"docker", []testcontainers.ContainerCustomizer{WithTLS(), WithBase("https://idp:8400")}, "--tls --host idp"},
		{"localhost", []testcontainers.ContainerCustomizer{WithTLS(), far}, "--tls --host other"},
		{"172.17.0.1", []testcontainers.ContainerCustomizer{WithTLS(), far}, "172.17.0.1 and other"},
	} {
		o, err := collect(one.opts)
		if err != nil {
			t.Fatal(err)
		}
		host, err := o.host(engine{one.engine})
		if strings.Contains(one.want, " and ") {
			if !errors.Is(err, errHosts) || !strings.Contains(err.Error(), one.want) {
				t.Errorf("%s: %v, want an error about %s", one.engine, err, one.want)
			}
			continue
		}
		if got, want := o.arguments(host), strings.TrimSpace("--timeline-limit 0 "+one.want); err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %q %v, want %q", one.engine, got, err, want)
		}
	}
}

// The control listener takes no names but its own, and addresses from everybody.
func TestTheControlListenerIsAskedByAddress(t *testing.T) {
	for host, want := range map[string]string{"LocalHost": "127.0.0.1", "172.17.0.1": "172.17.0.1", "::1": "::1"} {
		if got, err := (engine{host}).resolve(t.Context()); err != nil || got != want {
			t.Errorf("%s: %s %v, want %s", host, got, err, want)
		}
	}
	givenUp, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := (engine{"engine.invalid"}).resolve(givenUp); err == nil || !strings.Contains(err.Error(), "TESTCONTAINERS_HOST_OVERRIDE") {
		t.Errorf("%s %v", got, err)
	}
}

func TestOptionsAreCheckedBeforeAnythingStarts(t *testing.T) {
	for _, one := range []struct {
		opts []testcontainers.ContainerCustomizer
		want string
	}{
		{[]testcontainers.ContainerCustomizer{WithBase("idp:8400")}, `issuer "default"`},
		{[]testcontainers.ContainerCustomizer{WithBase("http://idp/path")}, "without a path"},
		{[]testcontainers.ContainerCustomizer{WithIssuers(issuer.Spec{Name: "a"}, issuer.Spec{Name: "b c"})}, `"b c"`},
		{[]testcontainers.ContainerCustomizer{WithTLS(), WithBase("http://idp:8400")}, "not https"},
	} {
		// The image would be an error too: nobody gets as far as that.
		c, err := Run(t.Context(), "", one.opts...)
		if c != nil || err == nil || !strings.HasPrefix(err.Error(), "run mockidp: check issuer ") || !strings.Contains(err.Error(), one.want) {
			t.Errorf("%v, want one about %s", err, one.want)
		}
	}
}

func TestIssuersTakeWhatTheyDoNotSayThemselves(t *testing.T) {
	mine := []issuer.Spec{{Name: "a"}, {Name: "b", Profile: "adfs", Base: "http://b"}}
	o, err := collect([]testcontainers.ContainerCustomizer{
		WithIssuers(mine...), WithProfile("entra"), WithBase("http://idp:8400"), testcontainers.WithName("not ours"), WithIssuers(issuer.Spec{Name: "c"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, spec := range o.issuers {
		got = append(got, spec.Name+" "+spec.Profile+" "+spec.Base)
	}
	if want := []string{"a entra http://idp:8400", "b adfs http://b", "c entra http://idp:8400"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if mine[0].Profile != "" {
		t.Error("the caller's specs were written to")
	}
}
