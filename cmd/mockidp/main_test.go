package main

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary is mockidp itself where this is set.
const asMain = "MOCKIDP_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// command starts mockidp with args and, after them, free ports. It returns it
// with the URLs of its control listener and of an issuer.
func command(t testing.TB, path string, args ...string) (cmd *exec.Cmd, control, issuer string) {
	t.Helper()
	cmd = exec.Command(path, append(args, "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0")...)
	cmd.Env = append(os.Environ(), asMain+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		switch word := strings.Fields(lines.Text()); word[0] {
		case "control":
			control = word[1]
		case "issuer":
			return cmd, control, word[3]
		}
	}
	_ = cmd.Wait()
	t.Fatal("it never said where its issuer is")
	return nil, "", ""
}

func TestSignalsEndItCleanly(t *testing.T) {
	for signal, code := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 0} {
		cmd, _, url := command(t, os.Args[0])
		answer, err := http.Get(url + "/jwks")
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if got := cmd.ProcessState.ExitCode(); got != code {
			t.Errorf("%s: exit code %d, want %d", signal, got, code)
		}
	}
}

// TestTheLastOfAFlagCounts: an image that says where to listen lets whoever runs
// it say otherwise.
func TestTheLastOfAFlagCounts(t *testing.T) {
	cmd, control, issuer := command(t, os.Args[0], "--listen", "192.0.2.1:8400", "--control", "192.0.2.1:8401")
	if !strings.HasPrefix(control, "http://127.0.0.1:") || !strings.HasPrefix(issuer, "http://127.0.0.1:") {
		t.Errorf("it serves at %s and %s", control, issuer)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
}

func TestAFailureIsTheExitCodeAndOneLine(t *testing.T) {
	cmd := exec.Command(os.Args[0], "--nonsense")
	cmd.Env = append(os.Environ(), asMain+"=1")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 {
		t.Errorf("%v", err)
	}
	if text := stderr.String(); !strings.HasPrefix(text, "mockidp: ") || strings.Count(text, "\n") != 1 {
		t.Errorf("%q", text)
	}
}

// BenchmarkStart: the process's start until discovery answers, beside the start
// of a process that does nothing.
func BenchmarkStart(b *testing.B) {
	path := b.TempDir() + "/mockidp"
	if text, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, text)
	}
	var ready, nothing time.Duration
	b.ResetTimer()
	for range b.N {
		began := time.Now()
		if err := exec.Command(path, "--help").Run(); err != nil {
			b.Fatal(err)
		}
		nothing += time.Since(began)

		began = time.Now()
		cmd, _, url := command(b, path)
		answer, err := http.Get(url + "/.well-known/openid-configuration")
		if err != nil {
			b.Fatal(err)
		}
		ready += time.Since(began)
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			b.Fatal(err)
		}
		_ = cmd.Wait()
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ready.Seconds()*1000/float64(b.N), "ready-ms")
	b.ReportMetric(nothing.Seconds()*1000/float64(b.N), "help-ms")
}
