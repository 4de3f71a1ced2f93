package suites_test

import (
	"context"
	"net/http"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/scenarios"
	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/probe"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target"
	"github.com/rollover-harness/rollover/scenarios/target/inprocess"
	"github.com/rollover-harness/rollover/suites"
	"github.com/rollover-harness/rollover/suites/relyingparty/defective"
)

// failing is the law of the catalogue: which scenarios each sample app must
// fail, worked out from what its defect does. It passes all the others.
var failing = map[string][]string{
	"sound": nil,
	// Never looks again: every new key is unknown for good, and what it knows stays.
	"frozen-key-set": {"A1", "A5", "B1", "B2", "B3", "B4", "D1", "E2"},
	// Looks every 3 s whatever the token says: good tokens of a key published
	// and used at once are rejected until then. The way back alone is fast enough.
	"background-refresh": {"A5", "B1", "B4", "D1"},
	// Keeps its set for an hour, and an unknown kid helps only 15 s after the last fetch.
	"cool-down-15s": {"A1", "A5", "B1", "B2", "B3", "B4", "D1", "E2"},
	// Merges sets: a removed key stays.
	"keeps-removed-keys": {"B1", "B4"},
	// Verifies with keys[0]: only a set of one key, or its first, works.
	"first-key-only": {"A1", "A2", "A3", "A5", "B2", "B3", "B4", "D1", "E2"},
	// A key of an unknown type makes the whole document unusable.
	"odd-key-discards-set": {"D1"},
	"wiped-by-empty-set":   {"E4"},
	"no-unknown-kid-limit": {"B3"},
	// A kid that was asked for too early is never asked for again.
	"caches-misses":    {"B2"},
	"accepts-none":     {"H1"},
	"hmac-confusion":   {"H2"},
	"ignores-nbf":      {"F1"},
	"ignores-exp":      {"F2"},
	"ignores-audience": {"F4"},
	// Decodes without verifying: takes every signature, of whatever key.
	"skips-signature": {"B1", "B2", "B3", "B4", "H3"},
}

// samplePromise is one that the sound sample keeps: its cache lives for 5 s and
// an unknown kid is looked up at most once a second.
func samplePromise() spec.Promise {
	lasting := func(d time.Duration) *clock.Duration { return (*clock.Duration)(&d) }
	perMinute := 120.0
	return spec.Promise{
		Recovery: &spec.Recovery{Within: clock.Duration(3 * time.Second)}, RejectedGood: new(int),
		RevocationLag: lasting(8 * time.Second), Announcement: lasting(6 * time.Second),
		Outage: lasting(4 * time.Second), Leeway: lasting(30 * time.Second), FetchesPerMinute: &perMinute,
	}
}

// samplePatience is longer than the longest pause of a sample app, 15 s.
const samplePatience = 20 * time.Second

// sample is a sample app in this process; an empty defect is the sound one.
func sample(name, defect string) target.Target {
	made, err := inprocess.New(inprocess.Config{
		Name:  name,
		Probe: probe.Bearer{Path: "/api"},
		App: func(_ context.Context, env target.Environment, log func(string)) (http.Handler, func() error, error) {
			app, err := defective.New(defective.Config{Issuer: env.Issuer, JWKSURI: env.JWKS, Audience: env.Audience, Defect: defect, Log: log})
			if err != nil {
				return nil, nil, err
			}
			return app, func() error { app.Close(); return nil }, nil
		},
	})
	Expect(err).NotTo(HaveOccurred())
	return made
}

// catalogue is every scenario that a bearer target faces.
func catalogue() []spec.Scenario {
	all, err := scenarios.All()
	Expect(err).NotTo(HaveOccurred())
	return all
}

func runSample(ctx context.Context, name string) map[string]oracle.Verdict {
	defect := name
	if name == "sound" {
		defect = ""
	}
	verdicts, err := suites.Run(ctx, suites.Config{
		Target: sample(name, defect), Scenarios: catalogue(), Promise: samplePromise(), Patience: samplePatience, Seed: 1,
	})
	Expect(err).NotTo(HaveOccurred())
	return verdicts
}

var _ = Describe("the laws of the catalogue", Label("fast"), func() {
	ids := func() []string {
		all, err := scenarios.All()
		if err != nil {
			panic(err) // the catalogue is embedded: its own tests say more
		}
		names := make([]string, len(all))
		for i, s := range all {
			names[i] = s.ID
		}
		return names
	}()

	It("knows every sample app", func() {
		names := append(defective.Names(), "sound")
		for name := range failing {
			Expect(names).To(ContainElement(name))
		}
		Expect(failing).To(HaveLen(len(names)))
	})

	It("has for each scenario an app that fails it and one that passes it", func() {
		for _, id := range ids {
			failed := 0
			for _, fails := range failing {
				if slices.Contains(fails, id) {
					failed++
				}
			}
			Expect(failed).To(BeNumerically(">", 0), "nobody fails %s", id)
			Expect(failed).To(BeNumerically("<", len(failing)), "nobody passes %s", id)
		}
	})

	for name, fails := range failing {
		Describe(name, Ordered, ContinueOnFailure, func() {
			var verdicts map[string]oracle.Verdict
			BeforeAll(func(ctx SpecContext) { verdicts = runSample(ctx, name) })
			for _, id := range ids {
				want := oracle.Pass
				if slices.Contains(fails, id) {
					want = oracle.Fail
				}
				It(string(want)+"s "+id, Label(id), func() {
					Expect(verdicts).To(HaveKey(id))
					Expect(verdicts[id]).To(suites.HaveOutcome(want))
				})
			}
		})
	}
})
