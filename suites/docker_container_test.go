package suites_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

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
	found, err := container.Open(ctx, func(text string) { GinkgoWriter.Println(text) })
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

var _ = Describe("an app as a container", Label("docker"), func() {
	BeforeEach(func(ctx SpecContext) { needsImages(ctx, issuerImage, sampleImage) })
	Describe("comes to the verdicts that it comes to as a process", Ordered, ContinueOnFailure, func() {
		var table strings.Builder
		AfterAll(func() {
			Expect(os.MkdirAll("../build", 0o755)).To(Succeed())
			Expect(os.WriteFile("../build/containers.md", []byte(table.String()), 0o600)).To(Succeed())
		})
		for _, r := range rehearsed {
			name := r.defect
			if name == "" {
				name = "sound"
			}
			It(fmt.Sprintf("%s, issuers at %s", name, r.at), func(ctx SpecContext) {
				process, err := sampleAs(true, r.defect)
				Expect(err).NotTo(HaveOccurred())
				image, err := sampleAs(false, r.defect)
				Expect(err).NotTo(HaveOccurred())
				if _, err := os.Stat("../bin/rp-sample"); err != nil {
					Skip("../bin/rp-sample is not built (make build)")
				}
				asProcess, err := kind.Of(process.Target, ".", kind.Machine{Environ: os.Environ()})
				Expect(err).NotTo(HaveOccurred())
				c, err := contain(newEngine(ctx), r.at, image.Target)
				Expect(err).NotTo(HaveOccurred())
				c.Scenarios, c.Promise = catalogue(forBearer), image.Promise
				contained, err := suites.Run(ctx, c)
				Expect(err).NotTo(HaveOccurred())
				c.Target, c.Open = asProcess, nil
				processed, err := suites.Run(ctx, c)
				Expect(err).NotTo(HaveOccurred())

				fmt.Fprintf(&table, "\n%s, issuers at %s\n\n| | process | container |\n|---|---|---|\n", name, r.at)
				outcomes := func(of verdicts) map[string]oracle.Outcome {
					all := map[string]oracle.Outcome{}
					for id, v := range of {
						all[id] = v.Outcome
					}
					return all
				}
				for _, id := range ids(forBearer) {
					p, c := processed[id], contained[id]
					fmt.Fprintf(&table, "| %s | %s %s | %s %s |\n", id, p.Outcome, p.Grade, c.Outcome, c.Grade)
				}
				Expect(outcomes(contained)).To(Equal(outcomes(processed)), table.String())
				failed := 0
				for _, outcome := range outcomes(contained) {
					if outcome == oracle.Fail {
						failed++
					}
				}
				Expect(failed).To(Equal(len(failing[name])), "the table could be all passes: %s", table.String())
			}, NodeTimeout(imagePatience))
		}
	})
})

var _ = Describe("an app on Node as a container", Label("docker"), Ordered, ContinueOnFailure, func() {
	BeforeEach(func(ctx SpecContext) { needsImages(ctx, issuerImage, nodeImage) })
	It("faces the core profile, and comes back when its cool-down is over", func(ctx SpecContext) {
		path := filepath.Join("relyingparty", "node", "jose", "rollover.yaml")
		data, err := os.ReadFile(path)
		Expect(err).NotTo(HaveOccurred())
		file, err := spec.DecodeFile(path, data)
		Expect(err).NotTo(HaveOccurred())
		file.Target.Container = &spec.Container{Image: nodeImage, Port: 8080, Env: file.Target.Process.Env}
		file.Target.Process = nil
		c, err := contain(newEngine(ctx), "container", file.Target)
		Expect(err).NotTo(HaveOccurred())
		c.Promise, c.Patience = file.Promise, realPatience
		c.Scenarios = catalogue(func(s spec.Scenario) bool { return s.Profile == "core" && forBearer(s) })
		got, err := suites.Run(ctx, c)
		Expect(err).NotTo(HaveOccurred())
		Expect(got).To(HaveLen(len(c.Scenarios)))
		for _, v := range got {
			Expect(v.Outcome).NotTo(Equal(oracle.Inconclusive), suites.Tell(v))
		}
		Expect(got["A2"]).To(suites.Pass())
		Expect(got["F4"]).To(suites.Pass())
		// jose's cooldownDuration is 30 s, in a container as elsewhere, and its own words are evidence.
		Expect(got["A5"]).To(suites.HaveGrade(oracle.CoolDown))
		Expect(suites.Tell(got["A5"])).To(ContainSubstring("ERR_JWKS_NO_MATCHING_KEY"))
	}, NodeTimeout(imagePatience))
})
