//go:build unix

package process

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/probe"
	"github.com/rollover-harness/rollover/scenarios/target"
	"github.com/rollover-harness/rollover/scenarios/target/internal/output"
	"github.com/rollover-harness/rollover/scenarios/target/ports"
	"github.com/rollover-harness/rollover/scenarios/target/targettest"
)

func noContext() context.Context { return context.Background() }

func newTarget(t *testing.T, c Config) *Target {
	t.Helper()
	tgt, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return tgt
}

// start starts the app in a role, and stops it with the test. Lines are what it
// logged; they may be read after Done or Stop.
func start(t *testing.T, tgt *Target) (*instance, *[]string) {
	t.Helper()
	lines := &[]string{}
	i, err := tgt.Start(t.Context(), targettest.Environment(), func(line string) { *lines = append(*lines, line) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = i.Stop(noContext()) })
	return i.(*instance), lines
}

func TestContract(t *testing.T) {
	targettest.Run(t, targettest.Subject{
		Kind:   "process",
		Target: newTarget(t, config("app")),
		Stuck:  newTarget(t, config("silent")),
	})
}

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"no command":          {func(c *Config) { c.Command = nil }, "no command"},
		"empty program":       {func(c *Config) { c.Command = []string{""} }, "no command"},
		"unknown placeholder": {func(c *Config) { c.Env["A"] = "${isuer}" }, "unknown placeholder ${isuer}"},
		"in the ready path":   {func(c *Config) { c.Ready.Path = "/${who}" }, "unknown placeholder ${who}"},
		"no port":             {func(c *Config) { delete(c.Env, "PORT") }, "nothing tells the app its port"},
		"bad probe":           {func(c *Config) { c.Probe = probe.Bearer{Path: "orders"} }, `path "orders" does not begin with /`},
		"bad ready":           {func(c *Config) { c.Ready.Path = "healthz" }, `ready path "healthz" does not begin with /`},
	} {
		configured := config("app")
		c.change(&configured)
		if _, err := New(configured); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %s", name, err, c.want)
		}
	}
}

func TestPlaceholdersReachTheApp(t *testing.T) {
	c := config("app")
	c.Env["READY"] = "/healthz"
	c.Ready.Path = "/healthz?of=${audience}"
	i, lines := start(t, newTarget(t, c))
	_ = i.Stop(t.Context())
	issuer := targettest.Environment().Issuer
	if want := "--issuer " + issuer + " " + issuer; len(*lines) == 0 || (*lines)[0] != want {
		t.Errorf("the app saw %q; want %q", *lines, want)
	}
	if want := fmt.Sprint("http://127.0.0.1:", i.port.Number); i.Address() != want {
		t.Errorf("address %s; want %s", i.Address(), want)
	}
}

func TestNothingButTheGivenEnvironment(t *testing.T) {
	t.Setenv("ROLLOVER_TEST_SECRET", "leaks")
	c := config("app")
	c.Environ = nil
	c.Command = []string{"/bin/sh", "-c", "env; exit 1"}
	_, err := newTarget(t, c).Start(t.Context(), targettest.Environment(), nil)
	if err == nil || !strings.Contains(err.Error(), "ISSUER=") || strings.Contains(err.Error(), "ROLLOVER_TEST_SECRET") {
		t.Errorf("the app's environment: %v", err)
	}
}

func TestStartFails(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"tool": 0o755, "plain": 0o644} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\nexit 7\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		change func(*Config)
		is     error
		want   []string
	}{
		"exits early": {func(c *Config) { c.Env[role] = "crash" }, target.ErrStart,
			[]string{"--issuer http://127.0.0.1:8400/default: ended by itself (exit status 3) before it was ready\nits last words:\n  | [31mno key set[0m\n  | giving up"}},
		"exits early, leaving a child that holds its output": {func(c *Config) { c.Env[role] = "orphan" }, target.ErrStart,
			[]string{"ended by itself (exit status 0) before it was ready\nits last words:\n  | child "}},
		"not on PATH": {func(c *Config) { c.Command = []string{"no-such-program"} }, fs.ErrNotExist,
			[]string{"start app: target does not start: find command no-such-program: file does not exist: not on PATH (is it installed?)"}},
		"meant the folder": {func(c *Config) { c.Command = []string{"tool"} }, fs.ErrNotExist,
			[]string{"not on PATH (there is one in " + dir + ": write ./tool)"}},
		"not in the folder": {func(c *Config) { c.Command = []string{"./gone"} }, fs.ErrNotExist,
			[]string{"find command ./gone: file does not exist (relative paths start at the target file's folder, " + dir + ")"}},
		"not executable": {func(c *Config) { c.Command = []string{"./plain"} }, fs.ErrPermission,
			[]string{"find command ./plain: permission denied"}},
		"found in the folder": {func(c *Config) { c.Command = []string{"./tool"} }, target.ErrStart,
			[]string{"./tool: ended by itself (exit status 7)", "(it wrote nothing)"}},
		"found on the app's PATH": {func(c *Config) { c.Command = []string{"tool"}; c.Env["PATH"] = "." }, target.ErrStart,
			[]string{"tool: ended by itself (exit status 7)"}},
		"folder is gone": {func(c *Config) { c.Dir = filepath.Join(dir, "gone") }, fs.ErrNotExist,
			[]string{"find folder " + filepath.Join(dir, "gone") + ": file does not exist"}},
		"not ready": {func(c *Config) {
			c.Env[role] = "silent"
			c.Ready = probe.Ready{Path: "/healthz", Timeout: 100 * time.Millisecond}
		}, probe.ErrNotReady, []string{"not ready within 100ms (GET http://127.0.0.1:", "/healthz: connection refused) (it has to listen on port "}},
		"no port": {func(c *Config) { c.Ports = &ports.Range{First: 20, Last: 19} }, ports.ErrNone, []string{"no free port from 20 to 19"}},
	} {
		t.Run(name, func(t *testing.T) {
			targettest.NoLeaks(t)
			configured := config("app")
			configured.Dir = dir
			c.change(&configured)
			i, err := newTarget(t, configured).Start(t.Context(), targettest.Environment(), nil)
			if i != nil || !errors.Is(err, target.ErrStart) || !errors.Is(err, c.is) {
				t.Fatalf("instance %v, error %v; want none, ErrStart and %v", i, err, c.is)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q; want %q in it", err, want)
				}
			}
		})
	}
}

func TestLongLinesAndLastWords(t *testing.T) {
	var text strings.Builder
	for n := range 100 {
		fmt.Fprintln(&text, "line", n)
	}
	text.WriteString(strings.Repeat("x", output.LongestLine) + "tail without an end")
	var lines []string
	c := config("print")
	c.Env["TEXT"] = text.String()
	_, err := newTarget(t, c).Start(t.Context(), targettest.Environment(), func(line string) { lines = append(lines, line) })
	if len(lines) != 102 || len(lines[100]) != output.LongestLine || lines[101] != "tail without an end" {
		t.Errorf("%d lines", len(lines))
	}
	if err == nil || strings.Contains(err.Error(), "line 61\n") || !strings.Contains(err.Error(), "line 62\n") || !strings.Contains(err.Error(), "tail without") {
		t.Errorf("last words: %v", err)
	}
}

func TestKilledFromOutside(t *testing.T) {
	targettest.NoLeaks(t)
	i, lines := start(t, newTarget(t, config("family")))
	if err := syscall.Kill(i.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-i.Done()
	if err := i.Err(); err == nil || err.Error() != "killed (signal: killed)" {
		t.Errorf("Err: %v", err)
	}
	if child := pidOf(t, "child", *lines); running(child) {
		t.Errorf("its child %d is alive", child)
	}
	if o := i.Present(t.Context(), credential.Credential{Token: targettest.Good}); o.Outcome != timeline.Unreachable || !strings.Contains(o.Detail, "connection refused") {
		t.Errorf("answer %+v", o)
	}
	if err := i.Stop(t.Context()); err != nil {
		t.Errorf("stop: %v", err)
	}
	if err := i.Err(); err == nil {
		t.Error("Err is forgotten after Stop")
	}
}

func TestStopEndsTheWholeFamily(t *testing.T) {
	targettest.NoLeaks(t)
	i, lines := start(t, newTarget(t, config("family")))
	began := time.Now()
	if err := i.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The app ends by SIGTERM; its child ignores that and holds the output open.
	if took := time.Since(began); took >= grace {
		t.Errorf("stop took %s", took)
	}
	for name, pid := range map[string]int{"app": i.PID(), "child": pidOf(t, "child", *lines), "guard": i.group.guard.Process.Pid} {
		if running(pid) {
			t.Errorf("%s %d is alive", name, pid)
		}
	}
}

func TestStopOfAnAppThatIgnoresSIGTERM(t *testing.T) {
	targettest.NoLeaks(t)
	tgt := newTarget(t, config("stubborn"))
	tgt.grace = 50 * time.Millisecond
	i, _ := start(t, tgt)
	began := time.Now()
	if err := i.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < tgt.grace || running(i.PID()) {
		t.Errorf("stop took %s, alive: %t", took, running(i.PID()))
	}

	tgt.grace = targettest.Patience // a ctx that is done cuts it short
	i, _ = start(t, tgt)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := i.Stop(ctx); err != nil || running(i.PID()) {
		t.Errorf("stop: %v, alive: %t", err, running(i.PID()))
	}
}

// The tool dies without a chance to do anything, and nothing is left.
func TestToolIsKilled(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			tool := exec.Command(os.Args[0])
			tool.Env = append(os.Environ(), role+"=tool")
			out, err := tool.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := tool.Start(); err != nil {
				t.Fatal(err)
			}
			var lines []string
			for scanner := bufio.NewScanner(out); len(lines) < 3 && scanner.Scan(); {
				lines = append(lines, scanner.Text())
			}
			family := map[string]int{"app": 0, "child": 0, "guard": 0}
			for name := range family {
				family[name] = pidOf(t, name, lines)
				if !running(family[name]) {
					t.Fatalf("%s is not alive while the tool is", name)
				}
			}
			if err := tool.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			_ = tool.Wait()
			for name, pid := range family {
				if !targettest.Eventually(func() bool { return !running(pid) }) {
					_ = syscall.Kill(pid, syscall.SIGKILL)
					t.Errorf("%s %d outlives the tool", name, pid)
				}
			}
		})
	}
}

func TestGateLetsStartsWait(t *testing.T) {
	targettest.NoLeaks(t)
	gate := NewGate(1)
	stuck, sound := config("silent"), config("app")
	stuck.Gate, sound.Gate = gate, gate

	ctx, cancel := context.WithCancel(t.Context())
	launched, over := make(chan struct{}), make(chan error)
	go func() {
		_, err := newTarget(t, stuck).Start(ctx, targettest.Environment(), func(string) { close(launched) })
		over <- err
	}()
	<-launched
	hasty, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	_, err := newTarget(t, sound).Start(hasty, targettest.Environment(), nil)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "wait for other starts") {
		t.Errorf("a second start at a time: %v", err)
	}
	cancel()
	if err := <-over; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "| alive") {
		t.Errorf("the first: %v", err)
	}
	// Free again, and a running app keeps no slot.
	start(t, newTarget(t, sound))
	start(t, newTarget(t, sound))
}

func TestPortIsReleasedByStop(t *testing.T) {
	c := config("app")
	i, _ := start(t, newTarget(t, c))
	only := &ports.Range{First: i.port.Number, Last: i.port.Number}
	if port, err := only.Reserve(); err == nil {
		port.Release()
		t.Error("the port of a running app is free")
	}
	_ = i.Stop(t.Context())
	port, err := only.Reserve()
	if err != nil {
		t.Fatalf("the port of a stopped app is taken: %v", err)
	}
	port.Release()
}

func TestNothingIsLeftOpen(t *testing.T) {
	count := func() int {
		open, err := os.ReadDir("/dev/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(open)
	}
	sound, crash := newTarget(t, config("app")), newTarget(t, config("crash"))
	once := func() {
		i, _ := start(t, sound)
		i.Present(t.Context(), credential.Credential{Token: targettest.Good})
		_ = i.Stop(t.Context())
		_, _ = crash.Start(t.Context(), targettest.Environment(), nil)
	}
	once() // what the runtime opens for itself is open now
	before := count()
	for range 3 {
		once()
	}
	if !targettest.Eventually(func() bool { return count() <= before }) {
		t.Errorf("%d files are open, %d before", count(), before)
	}
}

// pidOf finds "name 123" in lines.
func pidOf(t *testing.T, name string, lines []string) int {
	t.Helper()
	for _, line := range lines {
		if text, ok := strings.CutPrefix(line, name+" "); ok {
			pid, err := strconv.Atoi(text)
			if err == nil {
				return pid
			}
		}
	}
	t.Fatalf("no %s in %q", name, lines)
	return 0
}
