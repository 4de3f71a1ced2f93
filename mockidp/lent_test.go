package mockidp_test

import (
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/rollover-harness/rollover/mockidp"
	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// down refuses connections.
func down() fault.Rule { return fault.Rule{ID: "down", Refuse: &fault.Refuse{}} }

// notes returns the book's notes.
func notes(t *testing.T, idp *mockidp.Issuer) []string {
	t.Helper()
	var texts []string
	for _, n := range events[timeline.Note](t, idp) {
		texts = append(texts, n.Text)
	}
	return texts
}

// occupy listens where the server does, which is possible while a fault keeps
// its listener closed.
func occupy(t *testing.T, s *mockidp.Server) net.Listener {
	t.Helper()
	other, err := net.Listen("tcp", strings.TrimPrefix(s.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	return other
}

func TestTheEndOfAnIssuerLeavesTheServersListener(t *testing.T) {
	for _, refusing := range []bool{false, true} {
		s := startServer(t, mockidp.ServerConfig{}, issuer.Spec{Name: "one"})
		one, _ := s.Issuer("one")
		if refusing {
			setFault(t, one, down())
		}
		if err := one.Close(); err != nil {
			t.Fatal(err)
		}
		if answer, _ := get(t, one.Endpoints().JWKS); answer.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("refusing %t: a closed issuer answers %d", refusing, answer.StatusCode)
		}
		two, err := s.Create(t.Context(), issuer.Spec{Name: "two"})
		if err != nil {
			t.Fatal(err)
		}
		get(t, two.Endpoints().JWKS)
		if err := s.Delete("one"); err != nil {
			t.Fatal(err)
		}
		setFault(t, two, down())
		if err := refused(two.Endpoints().JWKS); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("refusing %t: alone after a closed one: %v", refusing, err)
		}
		if said := notes(t, one); said != nil {
			t.Errorf("refusing %t: its end changed what a refusal is: %q", refusing, said)
		}
	}
}

func TestAServerThatIsClosedStaysClosed(t *testing.T) {
	s := startServer(t, mockidp.ServerConfig{}, issuer.Spec{Name: "one"})
	one, _ := s.Issuer("one")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(t.Context(), issuer.Spec{Name: "two"}); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Create: %v", err)
	}
	if err := s.Listen("127.0.0.1:0"); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Listen: %v", err)
	}
	if err := refused(one.Endpoints().JWKS); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("its port: %v", err)
	}
	if err := errors.Join(one.Close(), s.Close()); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

// Everybody who may touch the listener does so at once, as often as it takes
// for the race detector to see it.
func TestTheListenerWhileEverythingEnds(t *testing.T) {
	for range 30 {
		s := startServer(t, mockidp.ServerConfig{}, issuer.Spec{Name: "one"})
		one, _ := s.Issuer("one")
		var group sync.WaitGroup
		for _, work := range []func(){
			func() { _, _ = one.Apply(t.Context(), command.Fault{Rule: down()}) },
			func() { _, _ = one.Apply(t.Context(), command.Clear{}) },
			func() { _, _ = s.Create(t.Context(), issuer.Spec{Name: "two"}) },
			func() { _ = s.Delete("one") },
			func() { _ = one.Close() },
			func() { _ = s.Close() },
		} {
			group.Go(work)
		}
		group.Wait()
		if err := refused(s.URL() + "/one/jwks"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatalf("somebody opened it again: %v", err)
		}
	}
}

func TestTheBookSaysWhatARefusalHasBecome(t *testing.T) {
	s := startServer(t, mockidp.ServerConfig{}, issuer.Spec{Name: "one"})
	one, _ := s.Issuer("one")
	setFault(t, one, down())
	create := func() {
		if _, err := s.Create(t.Context(), issuer.Spec{Name: "two"}); err != nil {
			t.Fatal(err)
		}
	}
	remove := func() {
		if err := s.Delete("two"); err != nil {
			t.Fatal(err)
		}
	}
	create()
	remove()
	want := []string{
		"refuse from now on: reset after accept (another issuer shares the listener)",
		"refuse from now on: listener closed (no other issuer shares it)",
	}
	if said := notes(t, one); !slices.Equal(said, want) {
		t.Errorf("%q", said)
	}
	apply(t, one, command.Clear{})
	setFault(t, one, fault.Rule{ID: "keys", Document: "jwks", Refuse: &fault.Refuse{}}) // a reset in any company
	create()
	remove()
	if said := notes(t, one); !slices.Equal(said, want) {
		t.Errorf("nothing is refused, or nothing else: %q", said)
	}
}

// A listener that cannot be opened costs the newcomer, and is open again as soon as it can be.
func TestAListenerThatCannotBeOpenedForANewcomer(t *testing.T) {
	s := startServer(t, mockidp.ServerConfig{}, issuer.Spec{Name: "one"})
	one, _ := s.Issuer("one")
	setFault(t, one, down())
	other := occupy(t, s)
	if _, err := s.Create(t.Context(), issuer.Spec{Name: "two"}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatalf("%v", err)
	}
	if all := s.Issuers(); len(all) != 1 {
		t.Errorf("%d issuers", len(all))
	}
	if said := notes(t, one); said != nil {
		t.Errorf("nothing has changed: %q", said)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	apply(t, one, command.Clear{})
	get(t, one.Endpoints().JWKS)
}

func TestAListenerThatCannotBeOpenedAfterTheEnd(t *testing.T) {
	s := startServer(t, mockidp.ServerConfig{}, issuer.Spec{Name: "one"})
	one, _ := s.Issuer("one")
	setFault(t, one, down())
	other := occupy(t, s)
	if err := s.Delete("one"); !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatalf("%v", err)
	}
	if said := notes(t, one); len(said) != 1 || !strings.HasPrefix(said[0], "the listener stays closed: ") {
		t.Errorf("%q", said)
	}
	if all := s.Issuers(); len(all) != 0 {
		t.Errorf("it is still there: %d issuers", len(all))
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	two, err := s.Create(t.Context(), issuer.Spec{Name: "two"})
	if err != nil {
		t.Fatal(err)
	}
	get(t, two.Endpoints().JWKS)
}
