//go:build unix

package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// guardScript waits for the end of its input and then kills its process group,
// itself included. It shrugs off what the group is asked to end by.
const guardScript = `trap "" INT TERM HUP; read _; kill -KILL 0`

// group is a process group for one app and all its children, led by a guard.
//
// The guard's input is a pipe whose other end only this process holds. However
// this process ends, SIGKILL included, the system closes that end and the guard
// kills the group. There is no gap while an app is being started: between fork
// and exec it holds a copy of that end, and it joins the group before it execs.
//
// The guard also keeps the group's id from being given to strangers: until it
// is reaped, dead or alive, the id is taken. So a signal to the group can only
// ever reach our own. (Pdeathsig would be Linux only, reach the app alone, and
// go off when the thread that started it ends.)
//
// A daemon that leaves its group (setsid, setpgid) is out of reach.
type group struct {
	guard *exec.Cmd
	hold  *os.File

	mu     sync.Mutex
	reaped bool
}

func newGroup() (*group, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start guard: %w", err)
	}
	defer read.Close()
	guard := exec.Command("/bin/sh", "-c", guardScript)
	guard.Stdin = read
	guard.Dir = "/"
	guard.Env = []string{}
	guard.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := guard.Start(); err != nil {
		_ = write.Close()
		return nil, fmt.Errorf("start guard: %w", err)
	}
	return &group{guard: guard, hold: write}, nil
}

// admit puts an app that is about to be started into the group.
func (g *group) admit(app *exec.Cmd) {
	app.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: g.guard.Process.Pid}
}

// terminate asks everything in the group to end.
func (g *group) terminate(*exec.Cmd) { g.signal(syscall.SIGTERM) }

// kill ends everything in the group.
func (g *group) kill(*exec.Cmd) { g.signal(syscall.SIGKILL) }

func (g *group) signal(signal syscall.Signal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.reaped {
		_ = syscall.Kill(-g.guard.Process.Pid, signal)
	}
}

// close kills the group, reaps the guard and waits until nobody in the group
// is alive.
func (g *group) close() {
	g.signal(syscall.SIGKILL)
	_ = g.guard.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reaped = true
	_ = g.hold.Close()
	deadline := time.Now().Add(emptyWait)
	for pause := time.Millisecond; alive(g.guard.Process.Pid) && time.Now().Before(deadline); pause = min(2*pause, 50*time.Millisecond) {
		time.Sleep(pause) //nolint:forbidigo // the condition is the kernel's: nothing tells when a foreign process has died
	}
}

// emptyWait is how long the end of killed grandchildren is waited for: even to
// die takes its time on a machine whose cores are all busy.
const emptyWait = 3 * time.Second

// alive says whether a process of the group runs. Zombies do not: whoever
// inherited them (init, or a container's first process) collects them in its
// own time, which can be never. Where there is no /proc as Linux has it they
// cannot be told apart, and count.
func alive(pgid int) bool {
	if errors.Is(syscall.Kill(-pgid, 0), syscall.ESRCH) {
		return false
	}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // gone meanwhile
		}
		// "pid (command) state ppid pgrp ...": the command may hold anything.
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		if len(fields) > 2 && string(fields[2]) == strconv.Itoa(pgid) && fields[0][0] != 'Z' && fields[0][0] != 'X' {
			return true
		}
	}
	return len(stats) == 0
}
