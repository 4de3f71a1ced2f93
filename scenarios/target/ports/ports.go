// Package ports hands out the ports that apps under test listen on.
package ports

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
)

// The ports that apps get where nothing else is said. They lie below the range
// that Linux (32768), macOS and Windows (49152) take the near ends of outgoing
// connections from: a port from there may be free when it is looked at and in
// use by somebody's connection when the app binds it a second later.
const (
	FirstPort = 15000
	LastPort  = 32000
)

// ErrNone is returned when every port of the range is in use.
var ErrNone = errors.New("no free port")

// Range hands out ports. The zero value hands out
// FirstPort to LastPort. It is safe for concurrent use.
//
// An app binds its port itself, some time after the port was chosen, so the
// choice has to be kept from others meanwhile: from other instances of this
// run and from other runs on the same machine. A bound UDP socket of the same
// number does that. It never collides with the app's TCP listener, only one
// process can hold it, and the system lets go of it however that process ends.
type Range struct {
	First, Last int // inclusive; 0 is FirstPort and LastPort

	used atomic.Uint32 // how many ports have been looked at
}

// Port is a port of 127.0.0.1 that is reserved until it is released.
type Port struct {
	Number int

	hold net.PacketConn
}

// Reserve finds a port that nobody listens on. It goes round the range rather
// than back to its start, so that a port just released is not taken again at
// once by an app that a late client of the former one could reach.
func (r *Range) Reserve() (*Port, error) {
	first, last := r.First, r.Last
	if first == 0 && last == 0 {
		first, last = FirstPort, LastPort
	}
	span := last - first + 1
	for range span {
		// Runs side by side begin at different places: less to skip.
		n := (os.Getpid()*101 + int(r.used.Add(1))) % span
		if port, ok := reserve(first + n); ok {
			return port, nil
		}
	}
	return nil, fmt.Errorf("%w from %d to %d", ErrNone, first, last)
}

// Release lets others have the port.
func (p *Port) Release() { _ = p.hold.Close() }

func reserve(number int) (*Port, bool) {
	port := strconv.Itoa(number)
	hold, err := net.ListenPacket("udp4", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, false
	}
	if !bindable("127.0.0.1", port) || !bindable("::1", port) {
		_ = hold.Close()
		return nil, false
	}
	return &Port{Number: number, hold: hold}, true
}

// bindable says whether an app could listen there. Many apps listen on the
// wildcard address, so somebody on ::1 is in their way; a machine without IPv6
// is not.
func bindable(host, port string) bool {
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return host == "::1" && !errors.Is(err, syscall.EADDRINUSE)
	}
	_ = l.Close()
	return true
}
