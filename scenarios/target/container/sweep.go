package container

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// removal is how long what is left of a run gets to be removed.
const removal = time.Minute

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
	errs := make([]error, len(what.containers))
	var all sync.WaitGroup
	for n, c := range what.containers {
		all.Go(func() {
			_, err := e.client.ContainerRemove(ctx, c.id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
			errs[n] = unlessGone(err)
		})
	}
	all.Wait()
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

// sweep removes what earlier runs of this machine left. It is housekeeping: what
// cannot be removed, perhaps because another run is just doing so, keeps nobody.
func (e *Engine) sweep(ctx context.Context, say func(string)) {
	found, err := e.find(ctx, labelRun)
	if err == nil {
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
		if err = e.remove(ctx, left); err == nil && len(left.containers)+len(left.networks) > 0 {
			say(fmt.Sprintf("removed what a run that did not come to its end left: %s, %s", count(len(left.containers), "container"), count(len(left.networks), "network")))
		}
	}
	if err != nil {
		say(fmt.Sprintf("warning: what a run that did not come to its end left is not removed: %v", err))
	}
}

// Close removes everything that the run still has at the engine, whatever has
// become of the run. It is safe to call again. Errors wrap ErrEngine.
func (e *Engine) Close(ctx context.Context) error {
	defer e.idle()
	steady, cancel := context.WithTimeout(context.WithoutCancel(ctx), removal)
	defer cancel()
	// Twice: the engine may have been making something when it was first asked.
	var err error
	for range 2 {
		var left belongings
		if left, err = e.find(steady, labelRun+"="+e.owner.run); err == nil {
			err = e.remove(steady, left)
		}
	}
	if err != nil {
		return fmt.Errorf("%w: remove what the run started: %w", ErrEngine, err)
	}
	return nil
}

func count(n int, of string) string {
	if n != 1 {
		of += "s"
	}
	return fmt.Sprintf("%d %s", n, of)
}
