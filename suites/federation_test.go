package suites_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
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
	cure     string          // what its documentation has against what it loses, for the table
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

// federation describes the apps of one ecosystem. Each ecosystem has a file of its
// own that calls it.
func federation(ecosystem string, apps ...federated) bool {
	mine := make([]*attendance, len(apps))
	for i, app := range apps {
		mine[i] = &attendance{app: app, done: make(chan judged, 1)}
	}
	everybody = append(everybody, mine...)
	return Describe("people sign in: "+ecosystem, Label("real", "federation", "sign-in"), Ordered, ContinueOnFailure, func() {
		BeforeAll(func() {
			begin(mine)
			if nothingElse() {
				begin(everybody)
			}
		})
		for _, v := range mine {
			v.app.describe(func() judged { return <-v.done })
		}
	})
}

// attendance is one app on its way through its scenarios. Most of the time it waits: so
// several are under way at a time, those of other ecosystems too where the run has
// nothing else that they could disturb.
type attendance struct {
	app  federated
	once sync.Once
	done chan judged
}

var (
	everybody       []*attendance
	slots           = make(chan struct{}, 3) // so many at a time: starting a runtime keeps a core busy
	running         sync.WaitGroup
	life, endOfLife = context.WithCancel(context.Background())
)

var _ = AfterSuite(func() {
	endOfLife()
	running.Wait()
	Expect(table.write()).To(Succeed())
})

// nothingElse reports whether the run has been asked for sign-in apps alone.
func nothingElse() bool {
	selects, err := types.ParseLabelFilter(GinkgoLabelFilter())
	return err == nil && selects([]string{"real", "federation", "sign-in"}) && !selects([]string{"real"}) && !selects([]string{"real", "federation"}) && !selects([]string{"samples"})
}

func begin(attendances []*attendance) {
	for _, v := range attendances {
		v.once.Do(func() {
			running.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				v.done <- v.run(life)
			})
		})
	}
}

func (v *attendance) run(ctx context.Context) judged {
	patience := v.app.patience
	if patience == 0 {
		patience = federatedPatience
	}
	result := judged{skip: v.app.missing()}
	if result.skip == "" {
		result = runReal(ctx, v.app.file, patience, chosen)
	}
	table.add(v.app, result)
	return result
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
