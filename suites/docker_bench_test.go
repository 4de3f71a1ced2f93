package suites_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/engine"
	"github.com/rollover-harness/rollover/scenarios/engine/local"
	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target/container"
	"github.com/rollover-harness/rollover/scenarios/target/kind"
	"github.com/rollover-harness/rollover/suites"
)

// BenchmarkContainers measures all scenarios on the sound sample app as a
// container, with the issuers beside it and in this process, and where the time
// goes: until the engine is ready for the run, for an issuer, for an app, and
// until the first verdict. Beside them, in the same run, is what the engine needs
// to start and remove as many containers of the same image that nobody asks
// anything of: no run can be faster. BenchmarkScenarios has the processes.
func BenchmarkContainers(b *testing.B) {
	if missing := hasImages(b.Context(), issuerImage, sampleImage); missing != "" {
		b.Skip("docker: " + missing)
	}
	program := filepath.Join(b.TempDir(), "rp-sample")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", program, "./relyingparty/defective/app").CombinedOutput(); err != nil {
		b.Fatalf("build sample app: %v\n%s", err, out)
	}
	all := catalogue(forBearer)
	for _, at := range []string{"", "host", "container"} {
		file, err := sampleAs(at == "", "")
		if err != nil {
			b.Fatal(err)
		}
		name := "containers, issuers at " + at
		if at == "" {
			name = "processes"
			file.Target.Process.Command = []string{program}
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				measureContainers(b, at, file, all)
			}
		})
	}
	for n, name := range map[int]string{len(all): "apps", 2 * len(all): "apps and issuers"} {
		b.Run("the engine alone, "+name, func(b *testing.B) {
			for b.Loop() {
				startAndRemove(b, n)
			}
		})
	}
}

// measureContainers runs all scenarios with the app as a container, or as a
// process where at is empty.
func measureContainers(b *testing.B, at string, file spec.File, all []spec.Scenario) {
	began := time.Now()
	c, err := suites.Config{Open: local.Opener(local.Config{}), Audience: file.Target.Audience}, error(nil)
	if at == "" {
		c.Target, err = kind.Of(file.Target, ".", kind.Machine{Environ: os.Environ()})
	} else {
		var on *container.Engine
		if on, err = container.Open(b.Context(), "", nil); err != nil {
			b.Fatal(err)
		}
		defer func() {
			if err := on.Close(b.Context()); err != nil {
				b.Error(err)
			}
		}()
		b.ReportMetric(time.Since(began).Seconds(), "s-engine")
		c, err = contain(on, at, file.Target)
	}
	if err != nil {
		b.Fatal(err)
	}
	var mu sync.Mutex
	var issuers, apps []time.Duration
	verdict := time.Duration(0)
	results, err := engine.Run(b.Context(), engine.Config{
		Target: c.Target, Scenarios: all, Promise: file.Promise, Audience: c.Audience, Patience: samplePatience, Seed: 1, Tool: "suites",
		Open: func(ctx context.Context, keys []spec.Key, audience string) (engine.Site, error) {
			began := time.Now()
			site, err := c.Open(ctx, keys, audience)
			mu.Lock()
			defer mu.Unlock()
			issuers = append(issuers, time.Since(began))
			return site, err
		},
		Progress: func(p engine.Progress) {
			if p.Done && verdict == 0 {
				verdict = time.Since(began)
			}
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, r := range results {
		v, err := oracle.Judge(r.Entries)
		if err != nil {
			b.Fatal(err)
		}
		if v.Outcome != oracle.Pass {
			b.Errorf("%s %s", v.ID, v.Outcome)
		}
		for _, e := range r.Entries {
			if started, is := e.Event.(timeline.TargetStarted); is {
				apps = append(apps, time.Duration(started.Took))
			}
		}
	}
	if len(issuers) == 0 || len(apps) == 0 {
		b.Fatalf("%d issuers and %d apps were started", len(issuers), len(apps))
	}
	b.ReportMetric(median(issuers).Seconds(), "s-issuer")
	b.ReportMetric(median(apps).Seconds(), "s-app")
	b.ReportMetric(verdict.Seconds(), "s-first-verdict")
}

// median is that of at least one.
func median(of []time.Duration) time.Duration {
	slices.Sort(of)
	return of[len(of)/2]
}

// startAndRemove starts n containers, as many at a time as a run does, and removes
// them. Those of a benchmark that was interrupted are found by their label.
func startAndRemove(b *testing.B, n int) {
	names := make([]string, n)
	slots := make(chan struct{}, 6)
	var all sync.WaitGroup
	for i := range n {
		names[i] = fmt.Sprintf("rollover-bench-%d-%d", os.Getpid(), i)
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			if out, err := exec.CommandContext(b.Context(), "docker", "run", "--detach", "--publish", "127.0.0.1::8080", "--label", "rollover.bench", "--name", names[i], sampleImage).CombinedOutput(); err != nil {
				b.Errorf("%v: %s", err, out)
			}
		})
	}
	all.Wait()
	remove := exec.CommandContext(context.WithoutCancel(b.Context()), "docker", append([]string{"rm", "--force", "--volumes"}, names...)...)
	if out, err := remove.CombinedOutput(); err != nil {
		b.Errorf("%v: %s", err, out)
	}
}
