package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
	"github.com/shirou/gopsutil/v4/process"
)

// What a run starts bears these labels.
const (
	labelRun   = "rollover.run"   // the run's id
	labelOwner = "rollover.owner" // host/process/start: whose it is
)

// owner is the process that a run belongs to. A process number alone comes
// again; with the time of its start it does not.
type owner struct {
	run   string
	host  string
	pid   int
	start int64 // of the process, milliseconds since 1970; 0: not known
}

// self is this process, with a new run.
func self(run string) owner {
	o := owner{run: run, pid: os.Getpid()}
	o.host, _ = os.Hostname() // without a name nothing that it left is ever removed
	o.start, _ = startOf(o.pid)
	return o
}

func startOf(pid int) (int64, bool) {
	p, err := process.NewProcess(int32(pid))
	if err != nil {
		return 0, false
	}
	at, err := p.CreateTime()
	return at, err == nil
}

func (o owner) String() string { return fmt.Sprintf("%s/%d/%d", o.host, o.pid, o.start) }

func (o owner) labels() map[string]string {
	return map[string]string{labelRun: o.run, labelOwner: o.String()}
}

// deserted reports whether what bears this label is of a run on the host of o
// whose process has ended. Of other hosts nobody here can tell.
func (o owner) deserted(label string) bool {
	host, rest, _ := strings.Cut(label, "/")
	number, start, _ := strings.Cut(rest, "/")
	pid, err := strconv.Atoi(number)
	began, errStart := strconv.ParseInt(start, 10, 64)
	if host == "" || host != o.host || err != nil || errStart != nil {
		return false
	}
	now, runs := startOf(pid)
	return !runs || began != 0 && now != began
}

// belongings are containers and networks of runs.
type belongings struct {
	containers, networks []belonging
}

type belonging struct{ id, owner string }

// find lists what bears a label.
func (e *Engine) find(ctx context.Context, label string) (belongings, error) {
	var found belongings
	filter := make(client.Filters).Add("label", label)
	containers, err := e.client.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filter})
	if err != nil {
		return found, err
	}
	for _, c := range containers.Items {
		found.containers = append(found.containers, belonging{c.ID, c.Labels[labelOwner]})
	}
	networks, err := e.client.NetworkList(ctx, client.NetworkListOptions{Filters: filter})
	if err != nil {
		return found, err
	}
	for _, n := range networks.Items {
		found.networks = append(found.networks, belonging{n.ID, n.Labels[labelOwner]})
	}
	return found, nil
}

// remove ends containers and takes them away with their volumes, then networks.
func (e *Engine) remove(ctx context.Context, what belongings) error {
	var errs []error
	for _, c := range what.containers {
		_, err := e.client.ContainerRemove(ctx, c.id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		errs = append(errs, unlessGone(err))
	}
	for _, n := range what.networks {
		_, err := e.client.NetworkRemove(ctx, n.id, client.NetworkRemoveOptions{})
		errs = append(errs, unlessGone(err))
	}
	return errors.Join(errs...)
}

// unlessGone forgives that somebody else, the reaper perhaps, removes it too.
func unlessGone(err error) error {
	if errdefs.IsNotFound(err) || errdefs.IsConflict(err) && strings.Contains(err.Error(), "already in progress") {
		return nil
	}
	return err
}

// sweep removes what earlier runs of this machine left.
func (e *Engine) sweep(ctx context.Context, say func(string)) error {
	found, err := e.find(ctx, labelRun)
	if err != nil {
		return err
	}
	var left belongings
	for _, c := range found.containers {
		if e.owner.deserted(c.owner) {
			left.containers = append(left.containers, c)
		}
	}
	for _, n := range found.networks {
		if e.owner.deserted(n.owner) {
			left.networks = append(left.networks, n)
		}
	}
	if err := e.remove(ctx, left); err != nil {
		return err
	}
	if n, m := len(left.containers), len(left.networks); n+m > 0 && say != nil {
		say(fmt.Sprintf("removed what a run that did not come to its end left: %s, %s", count(n, "container"), count(m, "network")))
	}
	return nil
}

func count(n int, of string) string {
	if n != 1 {
		of += "s"
	}
	return fmt.Sprintf("%d %s", n, of)
}
