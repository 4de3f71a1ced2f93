package main

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// askHealth runs mockidp health and returns its exit code and all that it says.
func askHealth(t *testing.T, args ...string) (int, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"health"}, args...)...)
	cmd.Env = append(os.Environ(), asMain+"=1")
	said, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(said)
}

func TestHealthOfOneThatServes(t *testing.T) {
	cmd, control, _ := command(t, os.Args[0])
	address := strings.TrimPrefix(control, "http://")
	_, port, _ := net.SplitHostPort(address)
	for _, at := range []string{address, ":" + port} {
		if code, said := askHealth(t, "--control", at); code != 0 || said != "" {
			t.Errorf("%s: exit code %d: %s", at, code, said)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code, said := askHealth(t, "--control", address); code != 1 || !strings.Contains(said, "connection refused") {
		t.Errorf("after its end: exit code %d: %s", code, said)
	}
}

func TestNoHealthIsOneLineAndTheExitCode(t *testing.T) {
	ill := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	defer ill.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // the kernel takes connections, nobody answers
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"another status": {[]string{"--control", ill.Listener.Addr().String()}, 1, "503"},
		"no answer":      {[]string{"--control", silent.Addr().String(), "--timeout", "50ms"}, 1, "no answer within 50ms"},
		"no address":     {[]string{"--control", "nonsense"}, 2, "HOST:PORT"},
		"an argument":    {[]string{"now"}, 2, "now"},
		"unknown flag":   {[]string{"--listen", ":8400"}, 2, "--listen"},
	} {
		t.Run(name, func(t *testing.T) {
			code, said := askHealth(t, c.args...)
			if code != c.code || !strings.HasPrefix(said, "mockidp: ") || !strings.Contains(said, c.says) || strings.Count(said, "\n") != 1 {
				t.Errorf("exit code %d, want %d: %s", code, c.code, said)
			}
		})
	}
}
