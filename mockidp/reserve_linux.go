package mockidp

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// reservation keeps a port while nobody listens on it.
type reservation io.Closer

// reserve binds address without listening and returns it with its port. Linux
// lets a second socket with SO_REUSEADDR bind and listen beside it, refuses
// connections while only this one is there, and gives the port to nobody who
// asks for a free one.
func reserve(address string) (reservation, string, error) {
	at, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, "", err
	}
	if at.IP == nil || at.IP.To4() == nil || at.Zone != "" {
		return nil, "", errors.ErrUnsupported // which of both families a name or a wildcard means is the listener's to say
	}
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, "", os.NewSyscallError("socket", err)
	}
	hold := descriptor(socket)
	if err := syscall.SetsockoptInt(socket, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		_ = hold.Close()
		return nil, "", os.NewSyscallError("setsockopt", err)
	}
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Port: at.Port, Addr: [4]byte(at.IP.To4())}); err != nil {
		_ = hold.Close()
		return nil, "", os.NewSyscallError("bind", err)
	}
	name, err := syscall.Getsockname(socket)
	if err != nil {
		_ = hold.Close()
		return nil, "", os.NewSyscallError("getsockname", err)
	}
	at.Port = name.(*syscall.SockaddrInet4).Port
	return hold, at.String(), nil
}

type descriptor int

// Close implements io.Closer.
func (d descriptor) Close() error { return syscall.Close(int(d)) }
