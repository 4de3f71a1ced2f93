package suites_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keysource"
	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/suites"
	signin "github.com/rollover-harness/rollover/suites/relyingparty/federated"
	"github.com/rollover-harness/rollover/suites/relyingparty/sample"
)

// federatedFailing is the law of the catalogue's federation half: which scenarios
// each sample app must fail, worked out from what its defect does, by protocol and
// app. It passes all the others.
var federatedFailing = map[string][]string{
	"saml/sound":  nil,
	"wsfed/sound": nil,

	// Takes the one certificate that signed when it was configured, and knows it by
	// KeyInfo alone: every other one is unknown for good, and this one stays.
	"saml/pinned-thumbprint":  {"G1", "G2", "G3", "G7", "G8", "G10", "G13"},
	"wsfed/pinned-thumbprint": {"G1", "G2", "G3", "G7", "G8", "G10", "G13"},
	// Has one look at the metadata: what comes later is unknown, what goes stays, and
	// a start in an outage leaves it with nothing.
	"saml/never-refreshes": {"G1", "G2", "G3", "G8", "G10", "G11", "G13"},
	// Verifies with one certificate of two. Where all are replaced by one (G3, G13) that will do.
	"saml/first-certificate-only": {"G1", "G2", "G8", "G10"},
	"saml/last-certificate-only":  {"G1", "G2", "G8", "G10"},
	// Loses what it knew to every document that it refuses.
	"saml/wiped-by-broken-metadata": {"G5", "G6", "G12", "G13"},
	// Takes certificates that somebody else put in.
	"saml/unchecked-metadata-signature": {"G5"},
	"saml/ignores-valid-until":          {"G13"},
	// One of the four oddities of G6 each.
	"saml/obeys-cache-duration":          {"G6"},
	"saml/stumbles-over-byte-order-mark": {"G6"},
	"saml/adopts-entity-id":              {"G6"},
	// Lives by the document of the other protocol.
	"saml/reads-key-set": {"G8"},
	// Without a security token service it has no certificates.
	"saml/wrong-role":  {"G4"},
	"wsfed/wrong-role": {"G4"},
	// Takes whatever certificate comes along: a removed one, a stranger's, one that
	// was put into metadata which it does not read.
	"saml/trusts-keyinfo": {"G3", "G5", "G7", "G13"},
	// The same, and content that nobody signed. It still wants one assertion in the
	// one place, so that no wrapped message passes, and reads the whole of a name.
	"saml/ignores-signature": {"G3", "G5", "G7", "G13", "H3", "H21"},
	"saml/accepts-unsigned":  {"H21"},
	// Verify one element and read another; H14 and H15 are of SAML, H20 is of WS-Federation.
	"saml/reads-first-assertion":  {"H14", "H15"},
	"wsfed/reads-first-assertion": {"H20"},
	"saml/reads-outer-assertion":  {"H14", "H15"},
	"saml/cuts-name-at-comment":   {"H16"},
	"saml/ignores-audience":       {"F4"},
	"saml/ignores-times":          {"F2"},
}

// signInPatience is longer than what the sample apps promise: to be back within 3 s
// and to survive an outage of 2 s.
const signInPatience = 4 * time.Second

// leftOut is why a sample app is not run under the race detector.
const leftOut = "federated sample apps: their defects are a matter of seconds, which the race detector stretches"

// forFederation are the scenarios that the sample apps in a protocol face: those
// that need it, and of the others those that say something of assertions. F1 is
// not among them: an issuer's assertions begin to be valid five minutes before they
// are made, and the token that the book knows does not.
func forFederation(protocol string) func(spec.Scenario) bool {
	return func(s spec.Scenario) bool {
		if forBearer(s) {
			return slices.Contains([]string{"F2", "F4", "H3"}, s.ID)
		}
		return !slices.ContainsFunc(s.Needs, func(need string) bool { return !slices.Contains([]string{protocol, "federation", "restart"}, need) })
	}
}

func runFederated(ctx context.Context, name string) (verdicts, error) {
	protocol, defect, _ := strings.Cut(name, "/")
	if defect == "sound" {
		defect = ""
	}
	app, err := sample.Federated(name, signin.Protocol(protocol), defect)
	if err != nil {
		return nil, err
	}
	file, err := sample.FederatedFile(signin.Protocol(protocol))
	if err != nil {
		return nil, err
	}
	source := keysource.New(keysource.Config{})
	defer source.Close()
	return suites.Run(ctx, suites.Config{
		Target: app, Source: source, Scenarios: catalogue(forFederation(protocol)), Promise: file.Promise, Profile: file.Issuer.Profile,
		Audience: file.Target.Audience, Patience: signInPatience, Seed: 1,
	})
}

var _ = Describe("the laws of the catalogue's federation half", Label("samples", "federation"), Ordered, ContinueOnFailure, func() {
	It("knows every sample app", func() {
		listed := map[string]bool{}
		for name := range federatedFailing {
			_, defect, _ := strings.Cut(name, "/")
			listed[defect] = true
		}
		Expect(slices.Collect(maps.Keys(listed))).To(ConsistOf(append(signin.Names(), "sound")))
	})

	It("has for each scenario an app that fails it and one that passes it", func() {
		for _, protocol := range []string{"saml", "wsfed"} {
			for _, id := range ids(forFederation(protocol)) {
				failed := 0
				for _, fails := range federatedFailing {
					if slices.Contains(fails, id) {
						failed++
					}
				}
				Expect(failed).To(BeNumerically(">", 0), "nobody fails %s", id)
				Expect(federatedFailing[protocol+"/sound"]).NotTo(ContainElement(id), "nobody passes %s", id)
			}
		}
	})

	var wait func(name string) (verdicts, error)
	BeforeAll(func(ctx SpecContext) {
		life, cancel := context.WithCancel(context.WithoutCancel(ctx))
		var running sync.WaitGroup
		DeferCleanup(func() {
			cancel()
			running.Wait()
		})
		names := slices.DeleteFunc(slices.Sorted(maps.Keys(federatedFailing)), func(name string) bool { return !federatedSampled(name) })
		wait = background(life, &running, federatedTogether, names, runFederated)
	})

	for name, fails := range federatedFailing {
		protocol, _, _ := strings.Cut(name, "/")
		Describe(name, Ordered, func() {
			if !federatedSampled(name) {
				It("is left out", func() { Skip(leftOut) })
				return
			}
			var verdicts verdicts
			BeforeAll(func() {
				var err error
				verdicts, err = wait(name)
				Expect(err).NotTo(HaveOccurred())
			})
			for _, id := range ids(forFederation(protocol)) {
				want := oracle.Pass
				if slices.Contains(fails, id) {
					want = oracle.Fail
				}
				It(map[oracle.Outcome]string{oracle.Pass: "passes ", oracle.Fail: "fails "}[want]+id, Label(id), func() {
					Expect(verdicts).To(HaveKey(id))
					Expect(verdicts[id]).To(suites.HaveOutcome(want))
				})
			}
			if name == "saml/sound" {
				It("is graded same-request where a certificate is new", func() {
					for _, id := range []string{"G1", "G2", "G3", "G8"} {
						Expect(verdicts[id]).To(suites.HaveGrade(oracle.SameRequest), id)
					}
				})
			}
		})
	}

	// Each of the eight wrappings must be one that the judge notices.
	It("has for each wrapping an app that falls for it", func() {
		if !federatedSampled("saml/reads-first-assertion") {
			Skip(leftOut)
		}
		var told strings.Builder
		for _, name := range []string{"saml/reads-first-assertion", "saml/reads-outer-assertion"} {
			verdicts, err := wait(name)
			Expect(err).NotTo(HaveOccurred())
			told.WriteString(suites.Tell(verdicts["H14"]))
		}
		for _, forge := range credential.SAMLForgeries() {
			if strings.HasPrefix(string(forge), "xsw") {
				Expect(told.String()).To(MatchRegexp(`fail rejects: forged token \(%s\)`, forge))
			}
		}
	})
})
