package mockidp

import (
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"
)

// reservation keeps a port while nobody listens on it.
type reservation io.Closer

// reserve binds address without listening and returns it with its port. Linux
// lets a second socket with SO_REUSEADDR bind and listen beside it, refuses
// connections while only this one is there, and gives the port to nobody who
// asks for a free one. Addresses that stand for several (names, wildcards) are
// errors.ErrUnsupported.
func reserve(address string) (reservation, string, error) {
	at, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, "", err
	}
	if at.IP == nil || at.IP.IsUnspecified() || at.Zone != "" {
		return nil, "", errors.ErrUnsupported
	}
	family, name := syscall.AF_INET6, syscall.Sockaddr(&syscall.SockaddrInet6{Port: at.Port, Addr: [16]byte(at.IP.To16())})
	if ip := at.IP.To4(); ip != nil {
		family, name = syscall.AF_INET, &syscall.SockaddrInet4{Port: at.Port, Addr: [4]byte(ip)}
	}
	socket, err := syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, "", os.NewSyscallError("socket", err)
	}
	port, err := bind(socket, name)
	if err != nil {
		_ = syscall.Close(socket)
		return nil, "", err
	}
	return descriptor(socket), net.JoinHostPort(at.IP.String(), strconv.Itoa(port)), nil
}

// bind returns the port that the socket got.
func bind(socket int, name syscall.Sockaddr) (int, error) {
	if err := syscall.SetsockoptInt(socket, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return 0, os.NewSyscallError("setsockopt", err)
	}
	if err := syscall.Bind(socket, name); err != nil {
		return 0, os.NewSyscallError("bind", err)
	}
	bound, err := syscall.Getsockname(socket)
	if err != nil {
		return 0, os.NewSyscallError("getsockname", err)
	}
	if six, is := bound.(*syscall.SockaddrInet6); is {
		return six.Port, nil
	}
	return bound.(*syscall.SockaddrInet4).Port, nil
}

type descriptor int

// Close implements io.Closer.
func (d descriptor) Close() error { return syscall.Close(int(d)) }
