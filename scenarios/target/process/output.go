package process

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rollover-harness/rollover/scenarios/target/internal/output"
)

// How long output is waited for when the app and its group are dead. Only a
// daemon that left the group can still hold the pipe open then.
const drainWait = 250 * time.Millisecond

// pipe is what an app writes to. stdout and stderr share it, so that the order
// of lines is the order in which the app wrote them.
type pipe struct {
	*output.Output
	read *os.File
}

// capture begins to read. The end for the app has to be closed here as soon as
// the app has been started.
func capture(log func(string)) (*pipe, *os.File, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("capture output: %w", err)
	}
	return &pipe{output.Read(read, log), read}, write, nil
}

// close waits until everything that was written has been read.
func (p *pipe) close() {
	if err := p.read.SetReadDeadline(time.Now().Add(drainWait)); errors.Is(err, os.ErrNoDeadline) {
		_ = p.read.Close() // a pipe that cannot be given up otherwise
	}
	<-p.Done()
	_ = p.read.Close()
}
