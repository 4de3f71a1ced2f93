package suites_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/target"
	"github.com/rollover-harness/rollover/scenarios/target/kind"
	"github.com/rollover-harness/rollover/suites"
	"github.com/rollover-harness/rollover/suites/relyingparty/sample"
)

// BenchmarkScenarios measures the whole catalogue on the sound sample app,
// once in this process and once as a process of its own for each scenario. Its
// cache lives for 5 s, which no run can be faster than. Every run has to come
// to the verdicts of the first: with -benchtime 50x it is the soak test.
func BenchmarkScenarios(b *testing.B) {
	file, err := sample.File()
	if err != nil {
		b.Fatal(err)
	}
	inProcess, err := sample.Target("sound", "")
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	program := filepath.Join(dir, "rp-sample")
	build := exec.CommandContext(b.Context(), "go", "build", "-o", program, "./relyingparty/defective/app")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build sample app: %v\n%s", err, out)
	}
	described := file.Target
	described.Process.Command = []string{program}
	process, err := kind.Of(described, dir, kind.Machine{Environ: os.Environ()})
	if err != nil {
		b.Fatal(err)
	}
	all := catalogue(forBearer)
	for _, app := range []target.Target{inProcess, process} {
		b.Run(app.Kind(), func(b *testing.B) {
			var first map[string]oracle.Outcome
			for b.Loop() {
				verdicts, err := suites.Run(b.Context(), suites.Config{
					Target: app, Scenarios: all, Promise: file.Promise, Audience: file.Target.Audience, Patience: samplePatience, Seed: 1,
				})
				if err != nil {
					b.Fatal(err)
				}
				outcomes := map[string]oracle.Outcome{}
				for id, v := range verdicts {
					outcomes[id] = v.Outcome
					if v.Outcome != oracle.Pass {
						b.Errorf("%s", suites.Tell(v))
					}
				}
				if first == nil {
					first = outcomes
				}
				if !maps.Equal(outcomes, first) {
					b.Fatalf("verdicts differ:\n%v\n%v", first, outcomes)
				}
			}
			b.ReportMetric(float64(len(all)), "scenarios/op")
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/run")
		})
	}
}
