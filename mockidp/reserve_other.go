//go:build !linux

package mockidp

import (
	"errors"
	"io"
)

// reservation keeps a port while nobody listens on it.
type reservation io.Closer

// reserve is not known to work here: a closed listener's port is free until it
// is opened again.
func reserve(string) (reservation, string, error) { return nil, "", errors.ErrUnsupported }
