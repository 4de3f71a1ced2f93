package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/scenarios/target"
	"github.com/rollover-harness/rollover/scenarios/target/internal/output"
	"github.com/rollover-harness/rollover/scenarios/target/ports"
)

const (
	grace     = 2 * time.Second  // between SIGTERM and SIGKILL
	deathWait = 10 * time.Second // for a container that was killed
	drainWait = 5 * time.Second  // for the last words of one that has ended
)

// instance is one running container.
type instance struct {
	name      string
	address   string
	port      *ports.Port
	engine    *Engine
	container testcontainers.Container
	output    *output.Output
	session   target.Session

	asked atomic.Bool   // Stop was called
	done  chan struct{} // closed by watch
	err   error         // how it ended; written before done is closed

	once    sync.Once // removes it
	removed error
}

// follow reads what the container writes, from its first line on, and waits for
// its end.
func (i *instance) follow(ctx context.Context, log func(string)) error {
	// The life of the instance is not tied to its start.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	id := i.container.GetContainerID()
	logs, err := i.engine.client.ContainerLogs(life, id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Follow: true})
	if err != nil {
		end()
		return fmt.Errorf("read what it writes: %w", err)
	}
	lines, write := io.Pipe()
	i.output = output.Read(lines, log)
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		// stdout and stderr come in one stream, so that the order of lines is
		// the order in which the engine got them.
		_, err := stdcopy.StdCopy(write, write, logs)
		_ = write.CloseWithError(err)
	}()
	ended := i.engine.client.ContainerWait(life, id, client.ContainerWaitOptions{Condition: container.WaitConditionNotRunning})
	go func() {
		defer end()
		var how error
		select {
		case r := <-ended.Result:
			how = i.ending(life, r.StatusCode)
		case err := <-ended.Error:
			how = fmt.Errorf("lost to the container engine: %w", err)
		}
		late := time.AfterFunc(drainWait, func() { _ = logs.Close() }) // an engine that forgets to end them
		<-i.output.Done()
		late.Stop()
		_ = logs.Close()
		<-copied
		if !i.asked.Load() {
			i.err = how
		}
		close(i.done)
	}()
	return nil
}

// ending words how a container ended that was not asked to.
func (i *instance) ending(ctx context.Context, code int64) error {
	seen, err := i.engine.client.ContainerInspect(ctx, i.container.GetContainerID(), client.ContainerInspectOptions{})
	switch {
	case err == nil && seen.Container.State != nil && seen.Container.State.OOMKilled:
		return errors.New("killed (it had no memory left)")
	case code > 128 && code < 128+65:
		return fmt.Errorf("killed (exit status %d: signal %d)", code, code-128)
	}
	return fmt.Errorf("ended by itself (exit status %d)", code)
}

// Present implements target.Instance.
func (i *instance) Present(ctx context.Context, c credential.Credential) target.Observation {
	return i.session.Present(ctx, c)
}

// Done implements target.Instance.
func (i *instance) Done() <-chan struct{} { return i.done }

// Err implements target.Instance.
func (i *instance) Err() error {
	select {
	case <-i.done:
		return i.err
	default:
		return nil
	}
}

// Address implements target.Instance.
func (i *instance) Address() string { return i.address }

// PID implements target.Instance: the container's processes are the engine's affair.
func (i *instance) PID() int { return 0 }

// Stop implements target.Instance: SIGTERM, some grace, SIGKILL, and the
// container is removed with its volumes.
func (i *instance) Stop(ctx context.Context) error {
	i.once.Do(func() { i.removed = i.stop(ctx) })
	return i.removed
}

func (i *instance) stop(ctx context.Context) error {
	defer i.engine.idle()
	defer i.port.Release()
	defer i.session.Close()
	i.asked.Store(true)
	// Whatever has become of the run, the engine is asked; but not for ever.
	steady, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace+deathWait)
	defer cancel()
	select {
	case <-i.done:
	default:
		if ctx.Err() == nil {
			i.terminate(ctx, steady)
		}
	}
	// What is still alive dies now.
	err := remove(steady, i.container)
	select {
	case <-i.done:
		return err
	case <-steady.Done():
		return errors.Join(err, fmt.Errorf("stop %s: container %.12s does not die", i.name, i.container.GetContainerID()))
	}
}

// terminate asks the container to end, by the signal that its image names, for as
// long as it is owed grace and nobody loses patience.
func (i *instance) terminate(ctx, steady context.Context) {
	gracious, cancel := context.WithCancel(steady)
	defer cancel()
	stop := context.AfterFunc(ctx, cancel)
	defer stop()
	seconds := int(grace / time.Second)
	// Where that fails what follows is less gentle.
	_, _ = i.engine.client.ContainerStop(gracious, i.container.GetContainerID(), client.ContainerStopOptions{Timeout: &seconds})
}

// remove ends a container at once, where it still runs, and takes it away with
// its volumes. It does so too when ctx is done.
func remove(ctx context.Context, c testcontainers.Container) error {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), deathWait)
	defer cancel()
	if err := c.Terminate(limited, testcontainers.StopTimeout(0)); err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("remove container %.12s: %w", c.GetContainerID(), err)
	}
	return nil
}
