package ports

import (
	"errors"
	"net"
	"slices"
	"strconv"
	"testing"
)

func TestPorts(t *testing.T) {
	// A free range of four, wherever this machine has one.
	ports := &Range{}
	var first int
	for first = FirstPort; first < LastPort; first += 4 {
		if !slices.ContainsFunc([]int{0, 1, 2, 3}, func(n int) bool {
			port, ok := reserve(first + n)
			if ok {
				port.Release()
			}
			return !ok
		}) {
			break
		}
	}
	ports.First, ports.Last = first, first+3
	for n, host := range []string{"127.0.0.1", ""} { // one app on the loopback, one on the wildcard address
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(first+n)))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
	}
	other := &Range{First: first, Last: first + 3} // as another run has it
	a, errA := ports.Reserve()
	b, errB := other.Reserve()
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	got := []int{a.Number, b.Number}
	slices.Sort(got)
	if want := []int{first + 2, first + 3}; !slices.Equal(got, want) {
		t.Errorf("reserved %v; want %v, the ports that nobody listens on, each once", got, want)
	}
	if _, err := ports.Reserve(); !errors.Is(err, ErrNone) {
		t.Errorf("a fifth of four: %v", err)
	}
	b.Release()
	again, err := ports.Reserve()
	if err != nil || again.Number != b.Number {
		t.Errorf("after release: %v, %v", again, err)
	}
	again.Release()
	a.Release()
}
