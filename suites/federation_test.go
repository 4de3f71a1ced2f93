package suites_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/rollover-harness/rollover/scenarios"
	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/suites"
)

// federated is an app on a real library whose users sign in. It faces what its
// target file chooses.
type federated struct {
	file     string          // its target file, below relyingparty
	needs    []string        // files that have to be there beside its command, absolute or below relyingparty
	patience time.Duration   // default federatedPatience
	says     map[string]says // by scenario; what nobody says anything about is only not to be inconclusive
}

// says is what the library's own documentation, its source or an advisory says
// must come out of a scenario.
type says struct {
	outcome oracle.Outcome // empty: nothing
	grade   oracle.Grade   // Ungraded: nothing
	text    string         // what log or answer must say of a refusal; empty: nothing
	why     string         // where that is written
}

// federatedPatience is longer than what apps take that look for new keys every
// few seconds; of those that never look nothing is learned by waiting longer.
// A promise of minutes is not applicable then, with that reason; grades hold.
const federatedPatience = 20 * time.Second

// federation describes the apps of one ecosystem, two of them at a time. Each
// ecosystem has a file of its own that calls it.
func federation(ecosystem string, apps ...federated) bool {
	return Describe("people sign in: "+ecosystem, Label("real", "federation"), Ordered, ContinueOnFailure, func() {
		results := map[string]chan judged{}
		BeforeAll(func(ctx SpecContext) {
			life, cancel := context.WithCancel(context.WithoutCancel(ctx))
			var running sync.WaitGroup
			DeferCleanup(func() {
				cancel()
				running.Wait()
			})
			slots := make(chan struct{}, 2)
			for _, app := range apps {
				done := make(chan judged, 1)
				results[app.file] = done
				running.Go(func() {
					slots <- struct{}{}
					defer func() { <-slots }()
					patience := app.patience
					if patience == 0 {
						patience = federatedPatience
					}
					if missing := app.missing(); missing != "" {
						done <- judged{skip: missing}
						return
					}
					result := runReal(life, app.file, patience, chosen)
					table.add(app.file, result)
					done <- result
				})
			}
		})
		for _, app := range apps {
			app.describe(func() judged { return <-results[app.file] })
		}
	})
}

// missing says what the app needs and the machine does not have.
func (app federated) missing() string {
	for _, name := range app.needs {
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join("relyingparty", path)
		}
		if _, err := os.Stat(path); err != nil {
			return fmt.Sprintf("no %s (make targets)", name)
		}
	}
	return ""
}

// describe has a spec for each scenario that the app faces. What goes wrong with
// the app is told by its specs: a failed BeforeAll would end the whole table.
func (app federated) describe(wait func() judged) {
	Describe(app.file, Ordered, func() {
		faced, err := app.faces()
		var result judged
		BeforeAll(func() { result = wait() })
		It("faces every scenario that something is said of", func() {
			Expect(err).NotTo(HaveOccurred())
			for id := range app.says {
				Expect(faced).To(ContainElement(id))
			}
		})
		for _, id := range faced {
			It(id, Label(id), func() {
				if result.skip != "" {
					Skip(app.file + ": " + result.skip)
				}
				Expect(result.err).NotTo(HaveOccurred())
				Expect(result.verdicts).To(HaveKey(id))
				app.judge(result.verdicts[id])
			})
		}
	})
}

func (app federated) judge(v oracle.Verdict) {
	Expect(v.Outcome).NotTo(Equal(oracle.Inconclusive), suites.Tell(v))
	said := app.says[v.ID]
	if said.outcome != "" {
		Expect(v.Outcome).To(Equal(said.outcome), "%s\n%s", said.why, suites.Tell(v))
	}
	if said.grade != oracle.Ungraded {
		Expect(v).To(suites.HaveGrade(said.grade), "%s\n%s", said.why, suites.Tell(v))
	}
	Expect(suites.Tell(v)).To(ContainSubstring(said.text), said.why)
}

// faces lists the ids of the scenarios that the app's target file chooses.
func (app federated) faces() ([]string, error) {
	path := filepath.Join("relyingparty", app.file)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	file, err := spec.DecodeFile(path, data)
	if err != nil {
		return nil, err
	}
	all, err := chosen(file, filepath.Dir(path))
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.ID
	}
	return names, err
}

// chosen is faced by an app whose target file says what it must face.
func chosen(file spec.File, dir string) ([]spec.Scenario, error) {
	return scenarios.Select(file.Scenarios, func(path string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, path)) })
}
