package suites_test

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/rollover-harness/rollover/mockidp/keysource"
	"github.com/rollover-harness/rollover/scenarios"
	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/suites"
	"github.com/rollover-harness/rollover/suites/relyingparty/defective"
	"github.com/rollover-harness/rollover/suites/relyingparty/sample"
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

// samplePatience is longer than the longest pause of a sample app, 15 s.
const samplePatience = 20 * time.Second

// verdicts are what an app came to, by scenario.
type verdicts = map[string]oracle.Verdict

// background runs sample apps in the background, as part of running, atOnce of
// them at a time; the function that it returns waits for one of them.
func background(ctx context.Context, running *sync.WaitGroup, atOnce int, names []string, run func(ctx context.Context, name string) (verdicts, error)) func(name string) (verdicts, error) {
	type result struct {
		done     chan struct{}
		verdicts verdicts
		err      error
	}
	slots := make(chan struct{}, atOnce)
	results := map[string]*result{}
	for _, name := range names {
		r := &result{done: make(chan struct{})}
		results[name] = r
		running.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			r.verdicts, r.err = run(ctx, name)
			close(r.done)
		})
	}
	return func(name string) (verdicts, error) {
		r := results[name]
		<-r.done
		return r.verdicts, r.err
	}
}

func runSample(ctx context.Context, name string) (verdicts, error) {
	defect := name
	if name == "sound" {
		defect = ""
	}
	app, err := sample.Target(name, defect)
	if err != nil {
		return nil, err
	}
	file, err := sample.File()
	if err != nil {
		return nil, err
	}
	source := keysource.New(keysource.Config{})
	defer source.Close()
	return suites.Run(ctx, suites.Config{Target: app, Source: source, Scenarios: catalogue(forBearer), Promise: file.Promise, Patience: samplePatience, Seed: 1})
}

// catalogue is the part of the catalogue that an app faces, by what its
// scenarios need.
func catalogue(faced func(spec.Scenario) bool) []spec.Scenario {
	all, err := scenarios.All()
	if err != nil {
		panic(err) // the catalogue is embedded: its own tests say more
	}
	return slices.DeleteFunc(all, func(s spec.Scenario) bool { return !faced(s) })
}

// forBearer are the scenarios that an app faces which takes bearer tokens.
func forBearer(s spec.Scenario) bool {
	return !slices.ContainsFunc(s.Needs, func(need string) bool { return slices.Contains([]string{"oidc", "wsfed", "saml", "federation"}, need) })
}

// ids are those of scenarios.
func ids(faced func(spec.Scenario) bool) []string {
	var names []string
	for _, s := range catalogue(faced) {
		names = append(names, s.ID)
	}
	return names
}

var _ = Describe("the laws of the catalogue", Label("samples"), Ordered, ContinueOnFailure, func() {
	It("knows every sample app", func() {
		names := append(defective.Names(), "sound")
		for name := range failing {
			Expect(names).To(ContainElement(name))
		}
		Expect(failing).To(HaveLen(len(names)))
	})

	It("has for each scenario an app that fails it and one that passes it", func() {
		for _, id := range ids(forBearer) {
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

	var wait func(name string) (verdicts, error)
	BeforeAll(func(ctx SpecContext) {
		life, cancel := context.WithCancel(context.WithoutCancel(ctx))
		var running sync.WaitGroup
		DeferCleanup(func() {
			cancel()
			running.Wait()
		})
		wait = background(life, &running, together, slices.DeleteFunc(slices.Collect(maps.Keys(failing)), func(name string) bool { return !sampled(name) }), runSample)
	})

	grades := map[string]oracle.Grade{
		"sound": oracle.SameRequest, "frozen-key-set": oracle.Restart, "background-refresh": oracle.NextRequest, "cool-down-15s": oracle.CoolDown,
	}
	for name, fails := range failing {
		Describe(name, Ordered, func() {
			if !sampled(name) {
				It("is left out", func() { Skip(name + ": its defect is a matter of seconds, which the race detector stretches") })
				return
			}
			var verdicts verdicts
			BeforeAll(func() {
				var err error
				verdicts, err = wait(name)
				Expect(err).NotTo(HaveOccurred())
			})
			for _, id := range ids(forBearer) {
				want := oracle.Pass
				if slices.Contains(fails, id) {
					want = oracle.Fail
				}
				if grade, said := grades[name]; said && id == "A5" {
					It("is graded "+string(grade)+" in A5", Label(id), func() {
						Expect(verdicts[id]).To(suites.HaveGrade(grade))
					})
				}
				It(map[oracle.Outcome]string{oracle.Pass: "passes ", oracle.Fail: "fails "}[want]+id, Label(id), func() {
					Expect(verdicts).To(HaveKey(id))
					Expect(verdicts[id]).To(suites.HaveOutcome(want))
				})
			}
		})
	}
})

var _ = Describe("the examples of steps and rules", Label("samples"), func() {
	It("run on the sound app and pass", func(ctx SpecContext) {
		examples, err := spec.Examples()
		Expect(err).NotTo(HaveOccurred())
		app, err := sample.Target("sound", "")
		Expect(err).NotTo(HaveOccurred())
		file, err := sample.File()
		Expect(err).NotTo(HaveOccurred())
		var all []spec.Scenario
		words := map[string]bool{}
		for _, e := range examples {
			all = append(all, e.Scenario)
			words[e.Word] = true
		}
		for _, v := range spec.Verbs() {
			Expect(words).To(HaveKey(v.Verb()))
		}
		for _, r := range spec.Rules() {
			Expect(words).To(HaveKey(r.Rule()))
		}
		verdicts, err := suites.Run(ctx, suites.Config{Target: app, Scenarios: all, Promise: file.Promise, Patience: samplePatience, Seed: 1})
		Expect(err).NotTo(HaveOccurred())
		for _, s := range all {
			Expect(verdicts[s.ID]).To(suites.Pass())
		}
	})
})
