//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// drill is a run of the tool that something happens to: an app and a child of
// it that would outlive everybody, in a scenario that goes on for minutes.
type drill struct {
	*testing.T
	dir            string
	tool           *exec.Cmd
	stdout, stderr bytes.Buffer
}

const drillFile = `apiVersion: rollover/v1
target:
  name: drilled
  process:
    command: [sh, -c, "COMMAND"]
    env: {AUTHORITY: "${issuer}", JWKS_URI: "${jwks}", AUDIENCE: "${audience}", PORT: "${port}"}
  present: {path: /api}
`

const drillScenario = `apiVersion: rollover/v1
id: X1
name: long
title: Minutes in which nothing happens
because: somebody may lose patience
profile: core
issuer: {keys: [{name: old}]}
steps:
  - present: {key: old}
  - wait: {for: patience}
  - present: {key: old}
expect:
  - accepts: {key: old}
`

// start begins a run of the app with a command for its shell.
func start(t *testing.T, command string, env ...string) *drill {
	t.Helper()
	t.Parallel()
	d := &drill{T: t, dir: t.TempDir()}
	d.write("rollover.yaml", strings.Replace(drillFile, "COMMAND", command, 1))
	d.write("long.yaml", drillScenario)
	for _, folder := range []string{"marks", "out"} {
		if err := os.Mkdir(filepath.Join(d.dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	d.tool = exec.Command("rollover", "run", "--include", "./long.yaml", "--json", "out/report.json", "--timelines", "out/kept")
	d.tool.Dir = d.dir
	d.tool.Env = append(append(os.Environ(), "MARKS="+filepath.Join(d.dir, "marks")), env...)
	d.tool.Stdout, d.tool.Stderr = &d.stdout, &d.stderr
	if err := d.tool.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.tool.Process.Kill() })
	return d
}

func (d *drill) write(name, text string) {
	d.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, name), []byte(text), 0o600); err != nil {
		d.Fatal(err)
	}
}

// pid waits for a process's mark and returns its id.
func (d *drill) pid(name string) int {
	d.Helper()
	pid := 0
	until(d.Fatalf, "there is a mark "+name, func() bool {
		text, err := os.ReadFile(filepath.Join(d.dir, "marks", name))
		if err != nil {
			return false
		}
		pid, err = strconv.Atoi(string(text))
		return err == nil
	})
	return pid
}

// underWay waits until the app and its child run and the app was shown a token,
// so that whatever happens next happens to all of them; it returns their ids.
func (d *drill) underWay() (app, child int) {
	d.Helper()
	d.pid("asked")
	return d.pid("app"), d.pid("idle")
}

// end waits for the tool and returns how it ended.
func (d *drill) end() *os.ProcessState {
	d.Helper()
	_ = d.tool.Wait()
	return d.tool.ProcessState
}

func (d *drill) signal(pid int, signal syscall.Signal) {
	d.Helper()
	if err := syscall.Kill(pid, signal); err != nil {
		d.Fatal(err)
	}
}

// gone waits until no process of these runs; a zombie does not.
func (d *drill) gone(pids ...int) {
	d.Helper()
	for _, pid := range pids {
		until(d.Fatalf, "process "+strconv.Itoa(pid)+" is gone", func() bool {
			if syscall.Kill(pid, 0) != nil {
				return true
			}
			stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
			_, state, _ := strings.Cut(string(stat), ") ")
			return err == nil && strings.HasPrefix(state, "Z")
		})
	}
}

// nothingWritten looks for reports, timelines and drafts of them.
func (d *drill) nothingWritten() {
	d.Helper()
	err := filepath.WalkDir(filepath.Join(d.dir, "out"), func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			d.Errorf("%s was written", path)
		}
		return err
	})
	if err != nil {
		d.Error(err)
	}
}

func (d *drill) says(what *bytes.Buffer, pattern string) {
	d.Helper()
	if !regexp.MustCompile(`(?m)` + pattern).MatchString(what.String()) {
		d.Errorf("no %s in\n%s", pattern, what)
	}
}

const family = "idle & exec sample-app"

func TestCtrlCEndsTheRunAndEveryProcess(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			d := start(t, family)
			app, child := d.underWay()
			d.signal(d.tool.Process.Pid, signal)
			if code := d.end().ExitCode(); code != 130 {
				t.Errorf("exit code %d", code)
			}
			d.gone(app, child)
			d.says(&d.stderr, `^rollover: interrupted after 0 of 1 scenarios: every app was ended, no report was written$`)
			d.nothingWritten()
			if d.stdout.Len() > 0 {
				t.Errorf("stdout: %s", &d.stdout)
			}
		})
	}
}

func TestCtrlCWhileTheAppStarts(t *testing.T) {
	d := start(t, "idle")
	app := d.pid("idle")
	d.signal(d.tool.Process.Pid, syscall.SIGINT)
	if code := d.end().ExitCode(); code != 130 {
		t.Errorf("exit code %d", code)
	}
	d.gone(app)
	d.says(&d.stderr, `^rollover: interrupted after 0 of 1 scenarios`)
	d.nothingWritten()
}

func TestASecondCtrlCEndsTheToolAtOnce(t *testing.T) {
	d := start(t, family, "MODE=stubborn")
	app, child := d.underWay()
	d.signal(d.tool.Process.Pid, syscall.SIGINT)
	d.pid("told") // so the first was heard, and the app is being waited for
	d.signal(d.tool.Process.Pid, syscall.SIGINT)
	if state := d.end().Sys().(syscall.WaitStatus); !state.Signaled() || state.Signal() != syscall.SIGINT {
		t.Errorf("%v", d.tool.ProcessState)
	}
	d.gone(app, child)
	d.nothingWritten()
}

func TestTheAppDoesNotOutliveAToolThatIsKilled(t *testing.T) {
	d := start(t, family)
	app, child := d.underWay()
	d.signal(d.tool.Process.Pid, syscall.SIGKILL)
	d.end()
	d.gone(app, child)
	d.nothingWritten()
}

func TestAnAppThatIsKilledDuringAScenarioDidNotSurvive(t *testing.T) {
	d := start(t, family)
	app, child := d.underWay()
	d.signal(app, syscall.SIGKILL)
	if code := d.end().ExitCode(); code != 1 {
		t.Errorf("exit code %d: %s", code, &d.stderr)
	}
	d.gone(child)
	d.says(&d.stdout, `^x X1  long +fail `)
	d.says(&d.stdout, `^    fail survives +the app ended during the scenario: killed \(signal: killed\)`)
	d.says(&d.stdout, `^    again +rollover run --seed [0-9]+ --include long.yaml$`)
	for _, name := range []string{"out/report.json", "out/kept/X1.jsonl"} {
		if _, err := os.Stat(filepath.Join(d.dir, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestAnAppThatIsKilledBeforeItIsReady(t *testing.T) {
	d := start(t, "exec idle")
	d.signal(d.pid("idle"), syscall.SIGKILL)
	if code := d.end().ExitCode(); code != 4 {
		t.Errorf("exit code %d", code)
	}
	d.says(&d.stderr, `killed \(signal: killed\) before it was ready$`)
	d.says(&d.stderr, `^  \| waiting for nothing$`)
	d.nothingWritten()
}

// The verdict is printed all the same, and the other report is written.
func TestAReportFolderThatVanishes(t *testing.T) {
	d := start(t, family)
	app, _ := d.underWay()
	if err := os.RemoveAll(filepath.Join(d.dir, "out")); err != nil {
		t.Fatal(err)
	}
	d.signal(app, syscall.SIGKILL)
	if code := d.end().ExitCode(); code != 4 {
		t.Errorf("exit code %d", code)
	}
	d.says(&d.stderr, `^rollover: write out/report.json: no such file or directory$`)
	d.says(&d.stdout, `^x X1  long +fail `)
}
