package process

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/scenarios/target"
	"github.com/rollover-harness/rollover/scenarios/target/ports"
)

const (
	grace     = 2 * time.Second  // between SIGTERM and SIGKILL
	deathWait = 10 * time.Second // for a process that was killed
)

// instance is one running app.
type instance struct {
	name    string
	address string
	port    *ports.Port
	app     *exec.Cmd
	group   *group
	output  *pipe
	session target.Session
	grace   time.Duration

	asked atomic.Bool   // Stop was called
	done  chan struct{} // closed by watch
	err   error         // how it ended; written before done is closed
}

// watch waits for the app's end, takes its children with it and lets the last
// line be read before it says so.
func (i *instance) watch() {
	err := i.app.Wait()
	asked := i.asked.Load()
	i.group.close()
	i.output.close()
	if !asked {
		i.err = ended(i.app, err)
	}
	close(i.done)
}

// ended words how an app ended that was not asked to.
func ended(app *exec.Cmd, err error) error {
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return err
	}
	state := app.ProcessState.String()
	if strings.HasPrefix(state, "signal: ") {
		return fmt.Errorf("killed (%s)", state)
	}
	return fmt.Errorf("ended by itself (%s)", state)
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

// PID implements target.Instance.
func (i *instance) PID() int { return i.app.Process.Pid }

// Stop implements target.Instance: SIGTERM, some grace, SIGKILL for what is
// left. The port stays ours until then, even if the app is dead: nobody else
// may answer in its place.
func (i *instance) Stop(ctx context.Context) error {
	defer i.port.Release()
	defer i.session.Close()
	i.asked.Store(true)
	if ctx.Err() == nil {
		i.group.terminate(i.app)
		patience := time.NewTimer(i.grace)
		defer patience.Stop()
		select {
		case <-i.done:
			return nil
		case <-patience.C:
		case <-ctx.Done():
		}
	}
	i.group.kill(i.app)
	dead := time.NewTimer(deathWait)
	defer dead.Stop()
	select {
	case <-i.done:
		return nil
	case <-dead.C:
		return fmt.Errorf("stop %s: process %d does not die", i.name, i.PID())
	}
}
