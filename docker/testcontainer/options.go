package testcontainer

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/testcontainers/testcontainers-go"

	"github.com/rollover-harness/rollover/mockidp/issuer"
)

// options is what the issuers in a container are told.
type options struct {
	profile string
	base    string
	tls     bool
	issuers []issuer.Spec // at least one after collect
}

// Option is an option of this module. Those of testcontainers-go, such as
// network.WithNetwork, can stand beside it.
type Option func(*options) error

var _ testcontainers.ContainerCustomizer = Option(nil)

// Customize does nothing: Run reads the option itself.
func (Option) Customize(*testcontainers.GenericContainerRequest) error { return nil }

// WithProfile names the provider whose shapes the issuers have that name none:
// generic (the default), entra, adfs.
func WithProfile(profile string) Option {
	return func(o *options) error {
		o.profile = profile
		return nil
	}
}

// WithIssuers makes these issuers in the place of the one named default. The
// methods of the container speak of the first; Control reaches the others.
func WithIssuers(specs ...issuer.Spec) Option {
	return func(o *options) error {
		o.issuers = append(o.issuers, specs...)
		return nil
	}
}

// WithBase is the address, without a path, that apps reach the issuers under,
// such as http://idp:8400 for apps in a network where the container has the
// alias idp. The issuers' addresses and the iss of tokens begin with it. Left
// out, it is the published address of the protocol port. An issuer.Spec with
// a Base keeps its own.
func WithBase(address string) Option {
	return func(o *options) error {
		o.base = address
		return nil
	}
}

// WithTLS serves https on the protocol port, with a certificate for localhost,
// 127.0.0.1 and the host of WithBase. Container.CA is what apps must trust.
func WithTLS() Option {
	return func(o *options) error {
		o.tls = true
		return nil
	}
}

// collect reads the options of this module. What they say is checked before
// anything starts; profiles and keys are the issuer's to check.
func collect(opts []testcontainers.ContainerCustomizer) (options, error) {
	var o options
	for _, opt := range opts {
		if own, is := opt.(Option); is {
			if err := own(&o); err != nil {
				return options{}, err
			}
		}
	}
	if len(o.issuers) == 0 {
		o.issuers = []issuer.Spec{{Name: "default"}}
	}
	for i := range o.issuers {
		spec := &o.issuers[i]
		if spec.Profile == "" {
			spec.Profile = o.profile
		}
		if spec.Base == "" {
			spec.Base = o.base
		}
		if err := spec.Validate(); err != nil {
			return options{}, fmt.Errorf("check issuer %q: %w", spec.Name, err)
		}
		if o.tls && strings.HasPrefix(spec.Base, "http:") {
			return options{}, fmt.Errorf("check issuer %q: base %s is not https (leave WithTLS out, or begin the base with https)", spec.Name, spec.Base)
		}
	}
	return o, nil
}

// errHosts is the limit of the command's flag --host.
var errHosts = errors.New("the issuer can be told one host name")

// host is the name or address that the certificate must be for. Empty where
// there is none, or localhost and 127.0.0.1 do.
func (o options) host(on engine) (string, error) {
	if !o.tls {
		return "", nil
	}
	var hosts []string
	for _, spec := range o.issuers {
		host := on.host
		if at, err := url.Parse(spec.Base); err == nil && spec.Base != "" {
			host = at.Hostname()
		}
		if !isLoopback(host) && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	switch len(hosts) {
	case 0:
		return "", nil
	case 1:
		return hosts[0], nil
	}
	return "", fmt.Errorf("choose host for the certificate: %w, not %s (give all issuers bases of one host)", errHosts, strings.Join(hosts, " and "))
}

// arguments are what the command in the image is told beside its listeners. A
// test looks at the whole of a timeline, and does not run for weeks.
func (o options) arguments(host string) []string {
	arguments := []string{"--timeline-limit", "0"}
	if o.tls {
		arguments = append(arguments, "--tls")
	}
	if host != "" {
		arguments = append(arguments, "--host", host)
	}
	return arguments
}

// address is the base of issuers at host:port.
func (o options) address(hostPort string) string {
	if o.tls {
		return "https://" + hostPort
	}
	return "http://" + hostPort
}
