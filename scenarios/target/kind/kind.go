// Package kind makes the target that a target file describes.
package kind

import (
	"strings"
	"time"

	"github.com/rollover-harness/rollover/scenarios/probe"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target"
	"github.com/rollover-harness/rollover/scenarios/target/container"
	"github.com/rollover-harness/rollover/scenarios/target/process"
	"github.com/rollover-harness/rollover/scenarios/target/remote"
)

// Machine is what targets are started on.
type Machine struct {
	Environ []string          // environment of processes beside their own
	Engine  *container.Engine // of containers; nil where there are none
	Hosts   map[string]string // names that containers can resolve beside those of their network: name -> address
	Say     func(string)      // told of what takes long before the first start; may be nil
}

// Of makes the target. dir is the folder of the file. Nothing is started yet.
func Of(t spec.Target, dir string, on Machine) (target.Target, error) {
	ready := probe.Ready{Path: t.Ready.Path, Timeout: time.Duration(t.Ready.Timeout)}
	ask := probeOf(t)
	switch {
	case t.Process != nil:
		return process.New(process.Config{
			Name: t.Name, Dir: dir, Command: t.Process.Command, Env: t.Process.Env, Environ: on.Environ, Ready: ready, Probe: ask,
		})
	case t.Container != nil:
		c := t.Container
		config := container.Config{
			Engine: on.Engine, Name: t.Name, Dir: dir, Image: c.Image, Port: c.Port, Command: c.Command, Env: c.Env, Files: c.Files,
			Hosts: on.Hosts, Ready: ready, Probe: ask, Say: on.Say,
		}
		if c.Build != nil {
			config.Build = container.Build{Context: c.Build.Context, Dockerfile: c.Build.Dockerfile}
		}
		return container.New(config)
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
