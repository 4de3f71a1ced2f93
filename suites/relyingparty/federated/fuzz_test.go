package federated

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
)

// An outsider's bytes are refused, never more. What an issuer makes is the seed;
// the app takes it for an answer to a request that nobody sent.
func FuzzMessage(f *testing.F) {
	bad := func(string) {}
	var apps []*App
	for _, protocol := range []Protocol{WSFederation, SAML} {
		for _, defect := range []string{"", "reads-first-assertion", "reads-outer-assertion", "trusts-keyinfo", "pinned-thumbprint", "accepts-unsigned"} {
			b := newBench(f, protocol, defect)
			b.isDown() // nothing that is trusted
			b.app.log = bad
			apps = append(apps, b.app)
		}
		b := newBench(f, protocol, "")
		for _, forge := range append(credential.SAMLForgeries()[:5], credential.Genuine) {
			if forge != credential.UnsignedAssertion {
				f.Add(b.message(credential.Request{Forge: forge}, request{id: "_1", reply: "http://app.test/signin"}))
			}
		}
	}
	for _, text := range []string{"", "<", "<!DOCTYPE x><x/>", `<Response xmlns="` + nsProtocol + `"/>`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, app := range apps {
			sent := text
			if app.protocol == SAML {
				sent = base64.StdEncoding.EncodeToString([]byte(text))
			}
			name, err := app.authenticate(context.Background(), sent, request{id: "_2", reply: "http://app.test/signin"})
			trusting := app.policy.TrustKeyInfo || app.policy.Pinned || app.policy.Signature != Always
			if err == nil && !trusting {
				t.Errorf("%q is signed in with %q", name, text)
			}
		}
	})
}

// A document that can be used has a certificate, whoever wrote it.
func FuzzMetadata(f *testing.F) {
	b := newBench(f, SAML, "")
	f.Add(b.metadata())
	for _, text := range []string{"", "<", "\ufeff", `<EntityDescriptor xmlns="` + nsMetadata + `"/>`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, protocol := range []Protocol{WSFederation, SAML} {
			got, err := readMetadata(body, b.config.EntityID, protocol, Sound(), time.Now())
			if err == nil && len(got.certificates) == 0 || err != nil && strings.TrimSpace(err.Error()) == "" {
				t.Errorf("%q: %d certificates, %v", body, len(got.certificates), err)
			}
		}
	})
}
