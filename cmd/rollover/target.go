package main

import (
	"os"
	"time"

	"github.com/rollover-harness/rollover/scenarios/probe"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target"
	"github.com/rollover-harness/rollover/scenarios/target/process"
	"github.com/rollover-harness/rollover/scenarios/target/remote"
)

// targetOf makes the target that a file describes. dir is the folder of the file.
func targetOf(t spec.Target, dir string) (target.Target, error) {
	ready := probe.Ready{Path: t.Ready.Path, Timeout: time.Duration(t.Ready.Timeout)}
	bearer := probe.Bearer{
		Path: t.Present.Path, Timeout: time.Duration(t.Present.Timeout), Accepted: t.Accepted, Rejected: t.Rejected,
	}
	var made target.Target
	var err error
	if t.Process != nil {
		made, err = process.New(process.Config{
			Name: t.Name, Dir: dir, Command: t.Process.Command, Env: t.Process.Env, Environ: os.Environ(), Ready: ready, Probe: bearer,
		})
	} else {
		made, err = remote.New(remote.Config{Name: t.Name, URL: t.URL, Ready: ready, Probe: bearer})
	}
	if err != nil {
		return nil, usage("%w", err)
	}
	return made, nil
}
