package testcontainer_test

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"

	"github.com/rollover-harness/rollover/docker/testcontainer"
)

// BenchmarkRun: from Run until the issuer has its address, beside `docker run`
// of the same image until it is healthy. Both in turn, so that what else the
// machine does hits both.
func BenchmarkRun(b *testing.B) {
	needsImage(b)
	docker, err := exec.LookPath("docker")
	if err != nil {
		b.Skip("no docker command to compare with")
	}
	var module, byHand time.Duration
	b.ResetTimer()
	for range b.N {
		began := time.Now()
		idp, err := testcontainer.Run(b.Context(), image)
		module += time.Since(began)
		if err != nil {
			b.Fatal(err)
		}
		if err := testcontainers.TerminateContainer(idp); err != nil {
			b.Fatal(err)
		}
		byHand += startByHand(b, docker)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(module.Seconds()*1000/float64(b.N), "run-ms")
	b.ReportMetric(byHand.Seconds()*1000/float64(b.N), "docker-run-ms")
}

// startByHand measures what a script would do.
func startByHand(b *testing.B, docker string) time.Duration {
	b.Helper()
	command := func(arguments ...string) string {
		text, err := exec.Command(docker, arguments...).CombinedOutput()
		if err != nil {
			b.Fatalf("docker %s: %v: %s", arguments[0], err, text)
		}
		return strings.TrimSpace(string(text))
	}
	began := time.Now()
	id := command("run", "--detach", "--publish", "127.0.0.1::8400", "--publish", "127.0.0.1::8401", image)
	defer command("rm", "--force", id)
	url := "http://" + command("port", id, "8401/tcp") + "/healthz"
	for deadline := began.Add(time.Minute); time.Now().Before(deadline); {
		answer, err := http.Get(url)
		if err == nil {
			_ = answer.Body.Close()
			return time.Since(began)
		}
	}
	b.Fatal("it never was healthy")
	return 0
}
