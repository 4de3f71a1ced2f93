package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target"
)

// has reports whether the target has a feature.
func (c *Config) has(f target.Feature) bool { return slices.Contains(c.Target.Features(), f) }

// signsIn reports whether people sign in to the target, and not programs.
func (c *Config) signsIn() bool {
	return c.has(target.OIDC) || c.has(target.WSFed) || c.has(target.SAML)
}

// unfit says why the scenario does not apply to what the target is shown: an
// assertion has no header and no kid, and not every forgery is one of everything.
func (c *Config) unfit(s spec.Scenario) []string {
	var reasons []string
	add := func(format string, args ...any) {
		if reason := fmt.Sprintf(format, args...); !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	federated := c.has(target.Federation)
	for _, step := range s.Steps {
		if f, is := step.Do.(command.Fault); is && federated && ofJWTs(f.Document) && !slices.ContainsFunc(s.Needs, aboutAssertions) {
			add("the scenario breaks the document %s, and an app that is shown assertions does not read it", f.Document)
		}
		p, is := step.Do.(spec.Present)
		switch {
		case !is:
		case !federated && p.Forge != credential.Genuine && !slices.Contains(credential.JWTForgeries(), p.Forge):
			add("the scenario forges %s, and this target is shown no assertions", p.Forge)
		case !federated && p.SAML != (credential.SAML{}):
			add("the scenario is about how assertions are signed, and this target is shown none")
		case !federated:
		case p.Forge != credential.Genuine && !slices.Contains(credential.SAMLForgeries(), p.Forge):
			add("the scenario forges %s, and this target is shown assertions, which are not forged so", p.Forge)
		case !c.has(target.SAML) && slices.Contains([]credential.Forgery{credential.UnsignedAssertion, credential.XSW1, credential.XSW2}, p.Forge):
			add("the scenario forges %s, and WS-Federation signs no response", p.Forge)
		case p.RandomKID && p.Forge != credential.StrangerKey:
			add("the scenario signs well under a kid that no key has, and assertions have no kid")
		case len(p.Header) > 0:
			add("the scenario changes the header, and assertions have none")
		case p.Version != "":
			add("the scenario asks for tokens of version %s, and assertions have none", p.Version)
		}
	}
	if federated {
		for _, alg := range algorithms(s) {
			if !strings.HasPrefix(alg, "RS") && !strings.HasPrefix(alg, "PS") {
				add("the scenario has a key of %s, and assertions are signed with RSA keys", alg)
			}
		}
	}
	return reasons
}

// ofJWTs reports whether a document is there for apps that are shown JWTs alone.
func ofJWTs(document string) bool {
	return document == string(timeline.JWKS) || document == string(timeline.Discovery)
}

// aboutAssertions reports whether a scenario that needs this knows what it does
// to the documents of the other protocols.
func aboutAssertions(need string) bool {
	return slices.Contains([]string{string(target.WSFed), string(target.SAML), string(target.Federation)}, need)
}

// algorithms are those of the scenario's keys.
func algorithms(s spec.Scenario) []string {
	var all []string
	for _, k := range s.Issuer.Keys {
		all = append(all, k.Alg)
	}
	for _, step := range s.Steps {
		switch do := step.Do.(type) {
		case keyring.Generate:
			all = append(all, do.Alg)
		case keyring.Publish:
			all = append(all, do.Alg)
		case keyring.Rotate:
			all = append(all, do.Alg)
		case keyring.ReuseKID:
			all = append(all, do.Alg)
		case keyring.DuplicateKID:
			all = append(all, do.Alg)
		}
	}
	return slices.DeleteFunc(all, func(alg string) bool { return alg == "" })
}
