// Package kind makes the target that a target file describes.
package kind

import (
	"strings"
	"time"

	"github.com/rollover-harness/rollover/scenarios/probe"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target"
	"github.com/rollover-harness/rollover/scenarios/target/process"
	"github.com/rollover-harness/rollover/scenarios/target/remote"
)

// Of makes the target. dir is the folder of the file, environ the environment
// that a process is started with beside its own. Nothing is started yet.
func Of(t spec.Target, dir string, environ []string) (target.Target, error) {
	ready := probe.Ready{Path: t.Ready.Path, Timeout: time.Duration(t.Ready.Timeout)}
	ask := probeOf(t)
	if t.Process != nil {
		return process.New(process.Config{
			Name: t.Name, Dir: dir, Command: t.Process.Command, Env: t.Process.Env, Environ: environ, Ready: ready, Probe: ask,
		})
	}
	return remote.New(remote.Config{Name: t.Name, URL: t.URL, Ready: ready, Probe: ask})
}

// probeOf is how the target is asked.
func probeOf(t spec.Target) target.Probe {
	timeout := time.Duration(t.Present.Timeout)
	if !t.Present.Login() {
		return probe.Bearer{Path: t.Present.Path, Timeout: timeout, Accepted: t.Accepted, Rejected: t.Rejected}
	}
	return probe.Login{
		Protocol: target.Feature(strings.TrimSuffix(t.Present.As, "-login")),
		Path:     t.Present.Path, Reply: t.Present.Reply, Start: probe.Start(t.Present.Start),
		Timeout: timeout, Accepted: t.Accepted, Rejected: t.Rejected,
	}
}
