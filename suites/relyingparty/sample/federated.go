package sample

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/rollover-harness/rollover/scenarios/probe"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target"
	"github.com/rollover-harness/rollover/scenarios/target/inprocess"
	"github.com/rollover-harness/rollover/suites/relyingparty/federated"
)

// Federated is the sample app to which people sign in over that protocol, with
// that defect, or the sound one where it is empty. The error is an unknown
// protocol's or defect's.
func Federated(name string, protocol federated.Protocol, defect string) (target.Target, error) {
	file, err := FederatedFile(protocol)
	if err != nil {
		return nil, err
	}
	return inprocess.New(inprocess.Config{
		Name: name,
		App: func(_ context.Context, env target.Environment, log func(string)) (http.Handler, func() error, error) {
			config := federated.Config{
				Protocol: protocol, EntityID: env.EntityID, SignIn: env.WSFed, Metadata: env.FederationMetadata, KeySet: env.JWKS,
				Realm: env.Audience, Defect: defect, Log: log,
			}
			if protocol == federated.SAML {
				config.SignIn = env.SAML2
			}
			if len(env.Thumbprints) > 0 {
				config.Thumbprint = env.Thumbprints[0]
			}
			app, err := federated.New(config)
			if err != nil {
				return nil, nil, err
			}
			return app, func() error { app.Close(); return nil }, nil
		},
		Probe: probe.Login{
			Protocol: target.Feature(strings.TrimSuffix(file.Target.Present.As, "-login")),
			Path:     file.Target.Present.Path, Accepted: file.Target.Accepted, Rejected: file.Target.Rejected,
		},
	})
}

// FederatedFile is the target file of the sound app in that protocol; its promise
// is one that the app keeps.
func FederatedFile(protocol federated.Protocol) (spec.File, error) {
	switch protocol {
	case federated.WSFederation:
		return spec.DecodeFile("rollover.yaml", federated.File)
	case federated.SAML:
		return spec.DecodeFile("rollover.saml.yaml", federated.FileSAML)
	}
	return spec.File{}, fmt.Errorf("unknown protocol %q", protocol)
}
