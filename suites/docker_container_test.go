package suites_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/rollover-harness/rollover/scenarios/engine/contained"
	"github.com/rollover-harness/rollover/scenarios/engine/local"
	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target/container"
	"github.com/rollover-harness/rollover/scenarios/target/kind"
	"github.com/rollover-harness/rollover/suites"
	"github.com/rollover-harness/rollover/suites/relyingparty/sample"
)

// The images that make images builds.
const (
	issuerImage = "rollover/mockidp:dev"
	sampleImage = "rollover/sample:dev"
	nodeImage   = "rollover/node-jose:dev"
)

// hasImages says what of them is not there, and how to get it; empty: all are.
func hasImages(ctx context.Context, images ...string) (missing string) {
	for _, image := range images {
		if exec.CommandContext(ctx, "docker", "image", "inspect", image).Run() != nil {
			return "there is no image " + image + " (make images)"
		}
	}
	return ""
}

// needsImages skips where images were not built.
func needsImages(ctx SpecContext, images ...string) {
	GinkgoHelper()
	needsEngine(ctx)
	if missing := hasImages(ctx, images...); missing != "" {
		Skip("docker: " + missing)
	}
}

// newEngine is the container engine as one run uses it.
func newEngine(ctx context.Context) *container.Engine {
	GinkgoHelper()
	found, err := container.Open(ctx, "", func(text string) { GinkgoWriter.Println(text) })
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx SpecContext) { Expect(found.Close(ctx)).To(Succeed()) })
	return found
}

// contain makes an app of an image, with its issuers in containers beside it or,
// at "host", in this process.
func contain(on *container.Engine, at string, t spec.Target) (suites.Config, error) {
	machine := kind.Machine{Engine: on}
	open := contained.Opener(contained.Config{Engine: on, Image: issuerImage})
	if at == "host" {
		const name = "issuer.rollover.test"
		open = local.Opener(local.Config{Address: on.Gateway() + ":0", Host: name})
		machine.Hosts = map[string]string{name: on.Gateway()}
	}
	app, err := kind.Of(t, ".", machine)
	return suites.Config{Target: app, Open: open, Audience: t.Audience, Patience: samplePatience, Seed: 1}, err
}

// sampleAs is the sample app with a defect as a process, or as a container of its image.
func sampleAs(process bool, defect string) (spec.File, error) {
	file, err := sample.File()
	if err != nil {
		return file, err
	}
	env := map[string]string{"DEFECT": defect}
	for name, value := range file.Target.Process.Env {
		env[name] = value
	}
	if process {
		file.Target.Process = &spec.Process{Command: []string{"../bin/rp-sample"}, Env: env}
	} else {
		file.Target.Process, file.Target.Container = nil, &spec.Container{Image: sampleImage, Port: 8080, Env: env}
	}
	return file, nil
}

// rehearsed is a sample app that is run each way, and how its issuers are: as
// containers, or in this process.
var rehearsed = []struct{ defect, at string }{
	{"", "container"}, {"", "host"}, {"frozen-key-set", "container"}, {"keeps-removed-keys", "container"}, {"accepts-none", "container"},
}

// containedPatience is longer than any pause of these sample apps.
const containedPatience = 10 * time.Second

// outcomes are verdicts without the rest.
func outcomes(of verdicts) map[string]oracle.Outcome {
	all := map[string]oracle.Outcome{}
	for id, v := range of {
		all[id] = v.Outcome
	}
	return all
}

var _ = Describe("an app as a container", Label("docker"), func() {
	BeforeEach(func(ctx SpecContext) { needsImages(ctx, issuerImage, sampleImage) })
	Describe("of the images as they were built", Ordered, ContinueOnFailure, func() {
		// The app on Node has to sit out cool-downs: most of its time it waits.
		node := make(chan judged, 1)
		var table strings.Builder
		BeforeAll(func(ctx SpecContext) {
			life, cancel := context.WithCancel(context.WithoutCancel(ctx))
			var running sync.WaitGroup
			DeferCleanup(func() {
				cancel()
				running.Wait()
			})
			if missing := hasImages(ctx, nodeImage); missing != "" {
				node <- judged{skip: missing}
				return
			}
			on := newEngine(ctx)
			running.Go(func() { node <- runNode(life, on) })
		})
		AfterAll(func() {
			Expect(os.MkdirAll("../build", 0o755)).To(Succeed())
			Expect(os.WriteFile("../build/containers.md", []byte(table.String()), 0o600)).To(Succeed())
		})

		for _, r := range rehearsed {
			name := cmp.Or(r.defect, "sound")
			It(fmt.Sprintf("comes to the verdicts of the process: %s, issuers at %s", name, r.at), func(ctx SpecContext) {
				if _, err := os.Stat("../bin/rp-sample"); err != nil {
					Skip("../bin/rp-sample is not built (make build)")
				}
				contained, processed := runBoth(ctx, r.defect, r.at)
				fmt.Fprintf(&table, "\n%s, issuers at %s\n\n| | process | container |\n|---|---|---|\n", name, r.at)
				failed := 0
				for _, id := range ids(forBearer) {
					p, c := processed[id], contained[id]
					fmt.Fprintf(&table, "| %s | %s %s | %s %s |\n", id, p.Outcome, p.Grade, c.Outcome, c.Grade)
					if c.Outcome == oracle.Fail {
						failed++
					}
				}
				Expect(outcomes(contained)).To(Equal(outcomes(processed)), table.String())
				Expect(failed).To(Equal(len(failing[name])), "it is known what this defect fails: %s", table.String())
			}, NodeTimeout(imagePatience))
		}

		It("on Node faces the core profile, and comes back when its cool-down is over", func(ctx SpecContext) {
			got := <-node
			if got.skip != "" {
				Skip("docker: " + got.skip)
			}
			Expect(got.err).NotTo(HaveOccurred())
			Expect(got.verdicts).To(HaveLen(len(catalogue(forCore))))
			for _, v := range got.verdicts {
				Expect(v.Outcome).NotTo(Equal(oracle.Inconclusive), suites.Tell(v))
			}
			Expect(got.verdicts["A2"]).To(suites.Pass())
			Expect(got.verdicts["F4"]).To(suites.Pass())
			// jose's cooldownDuration is 30 s, in a container as elsewhere, and its own words are evidence.
			Expect(got.verdicts["A5"]).To(suites.HaveGrade(oracle.CoolDown))
			Expect(suites.Tell(got.verdicts["A5"])).To(ContainSubstring("ERR_JWKS_NO_MATCHING_KEY"))
		}, NodeTimeout(imagePatience))
	})
})

// runBoth runs the sample app with a defect as a container and as a process.
func runBoth(ctx context.Context, defect, at string) (contained, processed verdicts) {
	GinkgoHelper()
	image, err := sampleAs(false, defect)
	Expect(err).NotTo(HaveOccurred())
	c, err := contain(newEngine(ctx), at, image.Target)
	Expect(err).NotTo(HaveOccurred())
	c.Scenarios, c.Promise, c.Patience = catalogue(forBearer), image.Promise, containedPatience
	contained, err = suites.Run(ctx, c)
	Expect(err).NotTo(HaveOccurred())
	process, err := sampleAs(true, defect)
	Expect(err).NotTo(HaveOccurred())
	c.Open = nil
	c.Target, err = kind.Of(process.Target, ".", kind.Machine{Environ: os.Environ()})
	Expect(err).NotTo(HaveOccurred())
	processed, err = suites.Run(ctx, c)
	Expect(err).NotTo(HaveOccurred())
	return contained, processed
}

// forCore are the scenarios of the core profile that an app faces which takes bearer tokens.
func forCore(s spec.Scenario) bool { return s.Profile == "core" && forBearer(s) }

// runNode runs the app on Node and jose through the core profile.
func runNode(ctx context.Context, on *container.Engine) judged {
	path := filepath.Join("relyingparty", "node", "jose", "rollover.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		return judged{err: err}
	}
	file, err := spec.DecodeFile(path, data)
	if err != nil {
		return judged{err: err}
	}
	file.Target.Container = &spec.Container{Image: nodeImage, Port: 8080, Env: file.Target.Process.Env}
	file.Target.Process = nil
	c, err := contain(on, "container", file.Target)
	if err != nil {
		return judged{err: err}
	}
	c.Promise, c.Patience, c.Scenarios = file.Promise, realPatience, catalogue(forCore)
	got, err := suites.Run(ctx, c)
	return judged{verdicts: got, err: err}
}
