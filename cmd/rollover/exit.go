package main

import (
	"errors"
	"fmt"

	"github.com/rollover-harness/rollover/cmd/internal/serve"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// The exit codes, which scripts rely on.
const (
	codeFailed       = 1
	codeUsage        = 2
	codeInconclusive = 3
	codeHarness      = 4
	codeInterrupted  = 130
)

// exit is an error with the code that the process ends with.
type exit struct {
	code int
	err  error // nil: everything was said already
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

func usage(format string, args ...any) error {
	return &exit{code: codeUsage, err: fmt.Errorf(format, args...)}
}

func harness(format string, args ...any) error {
	return &exit{code: codeHarness, err: fmt.Errorf(format, args...)}
}

// usageOf leaves errors with positions as they are.
func usageOf(err error) error {
	var files spec.Errors
	if errors.As(err, &files) {
		return err
	}
	return usage("%w", err)
}

// report prints an error once and gives the exit code.
func (sh *shell) report(err error) int {
	if err == nil {
		return 0
	}
	var e *exit
	known := errors.As(err, &e)
	var files spec.Errors
	if errors.As(err, &files) {
		for _, e := range files {
			lead := ""
			if e.Line == 0 {
				lead = "rollover: " // editors take what begins with a file and a line
			}
			fmt.Fprintf(sh.stderr, "%s%v\n", lead, e)
		}
		if known {
			return e.code
		}
		return codeUsage
	}
	var served *serve.Error
	switch {
	case known:
	case errors.As(err, &served):
		e = &exit{code: served.Code, err: served}
	default:
		// What is left are cobra's own errors: unknown commands and the like.
		e = &exit{code: codeUsage, err: err}
	}
	if e.err != nil {
		fmt.Fprintln(sh.stderr, "rollover:", e.err)
	}
	return e.code
}
