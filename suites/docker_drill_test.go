package suites_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// drillFile is an app whose image is built by the run, with a volume: that must
// not be left behind either.
const drillFile = `apiVersion: rollover/v1
target:
  name: drilled
  container:
    build: {context: .}
    port: 8080
    env: {AUTHORITY: "${issuer}", JWKS_URI: "${jwks}", AUDIENCE: "${audience}", PORT: "${port}"}
  ready: {path: /healthz}
  present: {path: /api}
scenarios: {include: [A2, A5, F2]}
`

// drilled is one run of the tool.
type drilled struct {
	tool   *exec.Cmd
	stderr bytes.Buffer
}

func startDrill(dir string) *drilled {
	GinkgoHelper()
	program, err := filepath.Abs("../bin/rollover")
	Expect(err).NotTo(HaveOccurred())
	d := &drilled{}
	d.tool = exec.Command(program, "run", "--patience", "10s")
	d.tool.Dir, d.tool.Stderr = dir, &d.stderr
	Expect(d.tool.Start()).To(Succeed())
	return d
}

// left lists what bears the label of runs, and volumes that nobody had before.
func left(ctx context.Context, before []string) []string {
	GinkgoHelper()
	var all []string
	all = append(all, strings.Fields(docker(ctx, "ps", "--all", "--quiet", "--filter", "label=rollover.run"))...)
	all = append(all, strings.Fields(docker(ctx, "network", "ls", "--quiet", "--filter", "label=rollover.run"))...)
	for _, volume := range strings.Fields(docker(ctx, "volume", "ls", "--quiet")) {
		known := false
		for _, old := range before {
			known = known || old == volume
		}
		if !known {
			all = append(all, volume)
		}
	}
	return all
}

var _ = Describe("runs with containers that are interrupted", Label("docker"), func() {
	BeforeEach(func(ctx SpecContext) {
		needsImages(ctx, issuerImage, sampleImage)
		if _, err := os.Stat("../bin/rollover"); err != nil {
			Skip("../bin/rollover is not built (make build)")
		}
	})

	It("leave nothing behind, or the next run removes it and says so", func(ctx SpecContext) {
		dir := GinkgoT().TempDir()
		for name, text := range map[string]string{"rollover.yaml": drillFile, "Dockerfile": "FROM " + sampleImage + "\nVOLUME /data\n"} {
			Expect(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)).To(Succeed())
		}
		DeferCleanup(func(ctx SpecContext) { docker(ctx, "image", "rm", "--force", "rollover-target:app-drilled") })
		before := strings.Fields(docker(ctx, "volume", "ls", "--quiet"))
		whole := time.Now()
		first := startDrill(dir)
		Expect(first.tool.Wait()).To(Succeed(), "%s", &first.stderr)
		took := time.Since(whole)
		Expect(left(ctx, before)).To(BeEmpty())

		random := rand.New(rand.NewPCG(uint64(GinkgoRandomSeed()), 0))
		swept := 0
		for n := range 9 {
			deserted := len(left(ctx, before))
			d := startDrill(dir)
			what := "to its end"
			if n%2 == 0 { // five of ten, and the last run of all is a whole one
				signal := []syscall.Signal{syscall.SIGINT, syscall.SIGKILL}[n/2%2]
				after := time.Duration(random.Int64N(int64(took)))
				what = fmt.Sprintf("%s after %s", signal, after)
				timer := time.NewTimer(after)
				select {
				case <-timer.C:
				case <-ctx.Done():
				}
				Expect(d.tool.Process.Signal(signal)).To(Or(Succeed(), MatchError(os.ErrProcessDone)))
			}
			err := d.tool.Wait()
			if n%2 == 1 {
				Expect(err).NotTo(HaveOccurred(), "%s", &d.stderr)
			}
			if deserted > 0 && (n%2 == 1) {
				Expect(d.stderr.String()).To(ContainSubstring("removed what a run that did not come to its end left: "))
				swept++
			}
			now := left(ctx, before)
			GinkgoWriter.Printf("run %d: %s: %v; left %v\n", n+2, what, err, now)
			if status := d.tool.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() {
				continue // killed: it could not remove anything
			}
			Expect(now).To(BeEmpty(), "run %d: %s\n%s", n+2, what, &d.stderr)
		}
		last := startDrill(dir)
		Expect(last.tool.Wait()).To(Succeed(), "%s", &last.stderr)
		Expect(left(ctx, before)).To(BeEmpty())
		GinkgoWriter.Printf("%d runs found something to remove\n", swept)
	}, NodeTimeout(imagePatience))
})
