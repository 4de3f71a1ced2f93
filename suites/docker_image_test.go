package suites_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	imageLimit    = 13_000_000             // bytes of the issuer's image
	imagePatience = 5 * time.Minute        // for a test with images: building one compiles its program
	upPatience    = time.Minute            // for a container that is to come up or to change
	upPause       = 200 * time.Millisecond // between looks at it: a look is a process, or a line in a log
)

// docker runs the docker command and returns what it prints to stdout.
func docker(ctx context.Context, args ...string) string {
	GinkgoHelper()
	said, err := exec.CommandContext(ctx, "docker", args...).Output()
	Expect(err).NotTo(HaveOccurred(), "docker %s: %s", strings.Join(args, " "), stderrOf(err))
	return strings.TrimSpace(string(said))
}

// stderrOf is what a command said when it failed.
func stderrOf(err error) string {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return strings.TrimSpace(string(exit.Stderr))
	}
	return ""
}

// needsEngine skips where no containers can be run.
func needsEngine(ctx SpecContext) {
	GinkgoHelper()
	if _, err := exec.CommandContext(ctx, "docker", "version", "--format", "{{.Server.Version}}").Output(); err != nil {
		Skip("docker: no engine answers: " + cmp.Or(stderrOf(err), err.Error()))
	}
	if _, err := exec.LookPath("make"); err != nil {
		Skip(fmt.Sprintf("docker: %v", err))
	}
}

// buildImages has make build images under a version of their own, which it
// returns, and removes them at the end.
func buildImages(ctx context.Context, targets map[string]string) (version string) {
	GinkgoHelper()
	version = fmt.Sprintf("test-%d-%d", os.Getpid(), time.Now().UnixNano())
	for target, image := range targets {
		cmd := exec.CommandContext(ctx, "make", "--no-print-directory", target, "VERSION="+version)
		cmd.Dir = ".."
		said, err := cmd.CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(said))
		DeferCleanup(func(ctx SpecContext) { docker(ctx, "image", "rm", image+":"+version) })
	}
	return version
}

var _ = Describe("the issuer's image", Label("docker"), func() {
	BeforeEach(needsEngine) // in each spec, so that each says why it was skipped
	Describe("as it was built", Ordered, ContinueOnFailure, imageSpecs)
})

func imageSpecs() {
	var version, image string
	BeforeAll(func(ctx SpecContext) {
		version = buildImages(ctx, map[string]string{"image": "rollover/mockidp"})
		image = "rollover/mockidp:" + version
	}, NodeTimeout(imagePatience))

	// run starts a container that is removed at the end, and returns its id.
	// options stand before the image, flags after it.
	run := func(ctx context.Context, options []string, flags ...string) string {
		GinkgoHelper()
		id := docker(ctx, append(append([]string{"run", "--detach"}, options...), append([]string{image}, flags...)...)...)
		DeferCleanup(func(ctx SpecContext) { docker(ctx, "rm", "--force", "--volumes", id) })
		return id
	}
	inspect := func(ctx context.Context, id, format string) string {
		GinkgoHelper()
		return docker(ctx, "inspect", "--format", format, id)
	}
	health := func(ctx context.Context, id string) func() string {
		return func() string { return inspect(ctx, id, "{{.State.Status}} {{.State.Health.Status}}") }
	}

	It("is small", func(ctx SpecContext) {
		size, err := strconv.Atoi(inspect(ctx, image, "{{.Size}}"))
		Expect(err).NotTo(HaveOccurred())
		Expect(size).To(And(BeNumerically(">", 1_000_000), BeNumerically("<=", imageLimit)))
	})

	It("says what it is, and runs as nobody", func(ctx SpecContext) {
		Expect(inspect(ctx, image, "{{.Config.User}}")).To(Equal("65532:65532"))
		for label, want := range map[string]string{
			"title": "mockidp", "description": "for tests only", "source": "github.com", "version": version, "licenses": "Apache-2.0",
		} {
			Expect(inspect(ctx, image, `{{index .Config.Labels "org.opencontainers.image.`+label+`"}}`)).To(ContainSubstring(want), label)
		}
	})

	It("becomes healthy on a root that it cannot write to, and serves what is published", func(ctx SpecContext) {
		id := run(ctx, []string{"--read-only", "--publish", "127.0.0.1::8400", "--publish", "127.0.0.1::8401"})
		Eventually(health(ctx, id)).WithTimeout(upPatience).WithPolling(upPause).Should(Equal("running healthy"))
		for port, path := range map[string]string{"8400": "/default/jwks", "8401": "/healthz"} {
			answer, err := http.Get("http://" + docker(ctx, "port", id, port) + path)
			Expect(err).NotTo(HaveOccurred())
			Expect(answer.Body.Close()).To(Succeed())
			Expect(answer.StatusCode).To(Equal(http.StatusOK), path)
		}
	}, NodeTimeout(imagePatience))

	It("is unhealthy where its control listener is not", func(ctx SpecContext) {
		id := run(ctx, nil, "--control", "127.0.0.1:9401")
		Eventually(func() error {
			return exec.CommandContext(ctx, "docker", "exec", id, "/mockidp", "health", "--control", "127.0.0.1:9401").Run()
		}).WithTimeout(upPatience).WithPolling(upPause).Should(Succeed())
		Eventually(health(ctx, id)).WithTimeout(upPatience).WithPolling(upPause).Should(Equal("running unhealthy"))
	}, NodeTimeout(imagePatience))

	It("ends at once when it is asked to", func(ctx SpecContext) {
		id := run(ctx, nil)
		Eventually(func() string { return docker(ctx, "logs", id) }).WithTimeout(upPatience).WithPolling(upPause).Should(ContainSubstring("issuer   default"))
		asked := time.Now()
		docker(ctx, "kill", "--signal", "TERM", id)
		Expect(docker(ctx, "wait", id)).To(Equal("0"))
		Expect(time.Since(asked)).To(BeNumerically("<", 5*time.Second), "docker stop kills after 10 s")
	}, NodeTimeout(imagePatience))

	It("takes further flags, and the last one counts", func(ctx SpecContext) {
		id := run(ctx, nil, "--profile", "entra", "--host", "idp.test", "--listen", "0.0.0.0:9400")
		Eventually(func() string { return docker(ctx, "logs", id) }).WithTimeout(upPatience).WithPolling(upPause).
			Should(And(ContainSubstring("protocol http://idp.test:9400\n"), ContainSubstring("issuer   default entra ")))
	}, NodeTimeout(imagePatience))
}
