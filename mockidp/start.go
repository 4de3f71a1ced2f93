package mockidp

// TB is what Start needs of *testing.T, *testing.B or a Ginkgo GinkgoT().
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Start gives a running issuer on a free port of the loopback interface, and
// stops it with the test.
func Start(t TB, c Config) *Issuer {
	t.Helper()
	i, err := New(c)
	if err != nil {
		t.Fatalf("start issuer: %v", err)
	}
	if err := i.Listen("127.0.0.1:0"); err != nil {
		t.Fatalf("start issuer: %v", err)
	}
	t.Cleanup(func() { _ = i.Close() })
	return i
}
