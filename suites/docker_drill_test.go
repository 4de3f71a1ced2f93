package suites_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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

func startDrill(ctx context.Context, dir string) *drilled {
	GinkgoHelper()
	program, err := filepath.Abs("../bin/rollover")
	Expect(err).NotTo(HaveOccurred())
	d := &drilled{tool: exec.CommandContext(ctx, program, "run", "--patience", "10s")}
	d.tool.Dir, d.tool.Stderr = dir, &d.stderr
	Expect(d.tool.Start()).To(Succeed())
	return d
}

// left lists what bears the label of runs, and volumes that nobody had before.
func left(ctx context.Context, before []string) []string {
	GinkgoHelper()
	all := strings.Fields(docker(ctx, "ps", "--all", "--quiet", "--filter", "label=rollover.run"))
	all = append(all, strings.Fields(docker(ctx, "network", "ls", "--quiet", "--filter", "label=rollover.run"))...)
	for _, volume := range strings.Fields(docker(ctx, "volume", "ls", "--quiet")) {
		if !slices.Contains(before, volume) {
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

	// Ten runs, five of them interrupted: three by SIGINT at a random moment, two
	// by SIGKILL at a random moment once there is a container.
	It("leave nothing behind, or the next run removes it and says so", func(ctx SpecContext) {
		dir := GinkgoT().TempDir()
		for name, text := range map[string]string{"rollover.yaml": drillFile, "Dockerfile": "FROM " + sampleImage + "\nVOLUME /data\n"} {
			Expect(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)).To(Succeed())
		}
		DeferCleanup(func(ctx SpecContext) { docker(ctx, "image", "rm", "--force", "rollover-target:app-drilled") })
		before := strings.Fields(docker(ctx, "volume", "ls", "--quiet"))
		random := rand.New(rand.NewPCG(uint64(GinkgoRandomSeed()), 0))
		var took time.Duration
		for n := range 10 {
			deserted := left(ctx, before)
			began := time.Now()
			d := startDrill(ctx, dir)
			what := "to its end"
			var signal syscall.Signal
			switch {
			case n%2 == 0: // a whole one, and the first says how long that takes
			case n%4 == 1:
				signal = syscall.SIGINT
			default:
				signal = syscall.SIGKILL
				Eventually(func() string { return docker(ctx, "ps", "--quiet", "--filter", "label=rollover.run") }).
					WithTimeout(upPatience).WithPolling(20 * time.Millisecond).ShouldNot(BeEmpty())
			}
			if signal != 0 {
				after := time.Duration(random.Int64N(int64(took / time.Duration(1+n%4)))) // of SIGKILL: while it still runs
				what = fmt.Sprintf("%s after %s", signal, after)
				wait(ctx, after)
				Expect(d.tool.Process.Signal(signal)).To(Or(Succeed(), MatchError(os.ErrProcessDone)))
			}
			err := d.tool.Wait()
			now := left(ctx, before)
			GinkgoWriter.Printf("run %d: %s: %v; left %v\n", n+1, what, err, now)
			if len(deserted) > 0 && (signal != syscall.SIGINT || strings.Contains(d.stderr.String(), "removed")) {
				Expect(d.stderr.String()).To(ContainSubstring("removed what a run that did not come to its end left: "))
			}
			switch {
			case signal == syscall.SIGKILL && err != nil:
				Expect(now).NotTo(BeEmpty(), "it was killed while it had containers: the next run would have nothing to show")
			case signal == 0:
				Expect(err).NotTo(HaveOccurred(), "%s", &d.stderr)
				took = cmp.Or(took, time.Since(began))
				Expect(now).To(BeEmpty(), "run %d: %s\n%s", n+1, what, &d.stderr)
			case err != nil && d.tool.ProcessState.ExitCode() >= 0:
				Expect(d.tool.ProcessState.ExitCode()).To(Equal(130), "%s", &d.stderr)
				Expect(now).To(BeEmpty(), "run %d: %s\n%s", n+1, what, &d.stderr)
			}
		}
		last := startDrill(ctx, dir)
		Expect(last.tool.Wait()).To(Succeed(), "%s", &last.stderr)
		Expect(left(ctx, before)).To(BeEmpty())
	}, NodeTimeout(imagePatience))

	It("speak https where the file says so, with the issuers in containers and here", func(ctx SpecContext) {
		dir := GinkgoT().TempDir()
		file := strings.Replace(drillFile, "build: {context: .}", "image: "+sampleImage, 1)
		file = strings.Replace(file, `PORT: "${port}"`, `PORT: "${port}", SSL_CERT_FILE: "${ca}"`, 1) + "issuer: {tls: true}\n"
		Expect(os.WriteFile(filepath.Join(dir, "rollover.yaml"), []byte(file), 0o600)).To(Succeed())
		program, err := filepath.Abs("../bin/rollover")
		Expect(err).NotTo(HaveOccurred())
		for _, at := range []string{"container", "host"} {
			tool := exec.CommandContext(ctx, program, "run", "--patience", "10s", "--issuer-at", at)
			tool.Dir = dir
			said, err := tool.CombinedOutput()
			Expect(err).NotTo(HaveOccurred(), string(said))
			Expect(string(said)).To(ContainSubstring("3 passed, 0 failed"))
		}
	}, NodeTimeout(imagePatience))

	It("end with one error where an image is not to be had, and leave nothing", func(ctx SpecContext) {
		dir := GinkgoT().TempDir()
		program, err := filepath.Abs("../bin/rollover")
		Expect(err).NotTo(HaveOccurred())
		const nowhere = "rollover.invalid/nobody:none"
		file := strings.Replace(drillFile, "build: {context: .}", "image: "+sampleImage, 1)
		Expect(os.WriteFile(filepath.Join(dir, "rollover.yaml"), []byte(file), 0o600)).To(Succeed())
		Expect(os.WriteFile(filepath.Join(dir, "none.yaml"), []byte(strings.Replace(file, sampleImage, nowhere, 1)), 0o600)).To(Succeed())
		for want, args := range map[string][]string{
			"rollover: issuer: image " + nowhere + " is not on this machine and cannot be downloaded: ":                           {"rollover.yaml", "--issuer-image", nowhere},
			"rollover: none.yaml: target does not start: image " + nowhere + " is not on this machine and cannot be downloaded: ": {"none.yaml"},
		} {
			tool := exec.CommandContext(ctx, program, append([]string{"run"}, args...)...)
			tool.Dir = dir
			said, _ := tool.CombinedOutput()
			Expect(tool.ProcessState.ExitCode()).To(Equal(4), string(said))
			Expect(string(said)).To(ContainSubstring(want))
			Expect(strings.Count(string(said), "rollover: ")).To(Equal(1), string(said))
		}
		Expect(docker(ctx, "network", "ls", "--quiet", "--filter", "label=rollover.run")).To(BeEmpty())
	}, NodeTimeout(imagePatience))

	It("sign people in, over the issuer's own name", func(ctx SpecContext) {
		dir := GinkgoT().TempDir()
		program, err := filepath.Abs("../bin/rollover")
		Expect(err).NotTo(HaveOccurred())
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(dir, "app"), "./relyingparty/federated/app")
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
		said, err := build.CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(said))
		Expect(os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\nCOPY app /app\nENTRYPOINT [\"/app\"]\n"), 0o600)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) {
			for _, name := range []string{"rp-federated", "rp-federated-saml"} {
				docker(ctx, "image", "rm", "--force", "rollover-target:app-"+name)
			}
		})
		for _, name := range []string{"rollover.yaml", "rollover.saml.yaml"} {
			file, err := os.ReadFile(filepath.Join("relyingparty", "federated", name))
			Expect(err).NotTo(HaveOccurred())
			text := strings.Replace(string(file), "  process:\n    command: [../../../bin/rp-federated]\n    env:\n", "  container:\n    build: {context: .}\n    port: 8080\n    env:\n      BIND: 0.0.0.0\n", 1)
			Expect(text).NotTo(Equal(string(file)))
			Expect(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)).To(Succeed())
			for _, at := range []string{"container", "host"} {
				tool := exec.CommandContext(ctx, program, "run", name, "--include", "G1,G3,F2", "--patience", "10s", "--issuer-at", at)
				tool.Dir = dir
				said, err := tool.CombinedOutput()
				Expect(err).NotTo(HaveOccurred(), "%s, issuers at %s: %s", name, at, said)
				Expect(string(said)).To(ContainSubstring("3 passed, 0 failed"))
			}
		}
	}, NodeTimeout(imagePatience))
})

// wait lets time pass, and no longer than ctx lets it.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
