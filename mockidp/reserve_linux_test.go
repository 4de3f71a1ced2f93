package mockidp

import (
	"errors"
	"net"
	"syscall"
	"testing"
)

func TestAReservedPortIsRefusedAndListenedOnAgain(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		if probe, err := net.Listen("tcp", address); err != nil {
			t.Logf("this machine has no %s", address)
			continue
		} else if err := probe.Close(); err != nil {
			t.Fatal(err)
		}
		hold, at, err := reserve(address)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := net.Dial("tcp", at); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Fatalf("%s, held: %v", at, err)
			}
			socket, err := net.Listen("tcp", at)
			if err != nil {
				t.Fatalf("%s, held: %v", at, err)
			}
			conn, err := net.Dial("tcp", at)
			if err != nil {
				t.Fatalf("%s, listened on: %v", at, err)
			}
			if err := errors.Join(conn.Close(), socket.Close()); err != nil {
				t.Fatal(err)
			}
		}
		if err := hold.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatCannotBeReserved(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for address, want := range map[string]error{
		taken.Addr().String(): syscall.EADDRINUSE,
		":0":                  errors.ErrUnsupported,
		"0.0.0.0:0":           errors.ErrUnsupported,
		"192.0.2.1:0":         syscall.EADDRNOTAVAIL,
	} {
		if _, _, err := reserve(address); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", address, err, want)
		}
	}
}
