//go:build !unix

package process

import "os/exec"

// group stands for the app alone: there are no process groups here. Children of
// the app, and the app itself if this process is killed, are not ended.
type group struct{}

func newGroup() (*group, error) { return &group{}, nil }

func (*group) admit(*exec.Cmd) {}

func (*group) terminate(app *exec.Cmd) { _ = app.Process.Kill() }

func (*group) kill(app *exec.Cmd) { _ = app.Process.Kill() }

func (*group) close() {}
