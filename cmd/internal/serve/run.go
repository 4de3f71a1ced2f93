package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"syscall"
	"time"

	"github.com/rollover-harness/rollover/mockidp"
	"github.com/rollover-harness/rollover/mockidp/control"
	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/keysource"
)

// Config is what the flags say.
type Config struct {
	Listen  string // address of the protocol listener
	Control string // address of the control listener
	Profile string // of issuers that name none
	File    string // with the issuers; empty: one named default
	Host    string // in the issuers' URLs; empty: that of Listen
	TLS     bool   // https on the protocol listener

	TimelineLimit uint // entries that each issuer keeps, about; 0: all
}

// timelineLimit keeps a server that runs for weeks from growing, unless the
// flag says otherwise.
const timelineLimit = 100_000

// Run serves until ctx is done. Where the issuers are goes to stdout as soon
// as they answer, warnings go to stderr. Errors are *Error.
func Run(ctx context.Context, c Config, stdout, stderr io.Writer) (err error) {
	specs, err := issuers(c)
	if err != nil {
		return err
	}
	var authority *mockidp.Authority
	var ca []byte
	if c.TLS {
		at, _, _ := net.SplitHostPort(c.Listen)
		if authority, err = mockidp.NewAuthority(at, c.Host); err != nil {
			return &Error{Code: 4, Err: err}
		}
		ca = authority.PEM()
	}
	// One thread more than may sign: signatures are all processor time, and the runtime looks at
	// the network only every 10 ms or so while every thread of its own is busy. The kernel has no
	// such trouble: documents answer in 0.1 ms instead of 30 while tokens are minted.
	gate := mockidp.NewGate()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cap(gate) + 1))
	source := keysource.Shared()
	measured := newMetrics(source)
	server := mockidp.NewServer(mockidp.ServerConfig{
		Profile: c.Profile, Host: c.Host, Source: source, TimelineLimit: int(c.TimelineLimit), Gate: gate, TLS: authority, Observe: measured.observe,
	})
	defer func() { err = errors.Join(err, server.Close()) }()
	for _, spec := range specs {
		if _, err := server.Create(ctx, spec); err != nil {
			return &Error{Code: 2, Err: err}
		}
	}
	if err := server.Listen(c.Listen); err != nil {
		return cannotListen(err, "--listen")
	}
	socket, err := net.Listen("tcp", c.Control)
	if err != nil {
		return cannotListen(err, "--control")
	}
	name, _, _ := net.SplitHostPort(c.Control)
	controlServer := &http.Server{
		Handler:           control.NewHandler(server, control.Options{Hosts: []string{name, c.Host}, CA: ca, Metrics: measured.handler(server)}),
		ReadHeaderTimeout: 10 * time.Second,
	}
	failed := make(chan error, 1)
	go func() { failed <- controlServer.Serve(socket) }()

	fmt.Fprintln(stderr, "mockidp: for tests only: the private keys of these issuers are public")
	warn(stderr, "--listen", c.Listen)
	warn(stderr, "--control", c.Control)
	fmt.Fprintf(stdout, "protocol %s\ncontrol  http://%s\n", server.URL(), socket.Addr())
	for _, i := range server.Issuers() {
		fmt.Fprintf(stdout, "issuer   %s %s %s\n", i.Info().Name, i.Info().Profile, i.URL())
	}
	select {
	case <-ctx.Done():
		closed := controlServer.Close()
		if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
			closed = errors.Join(closed, err)
		}
		return closed
	case err := <-failed:
		return &Error{Code: 4, Err: fmt.Errorf("serve control listener: %w", err)}
	}
}

// issuers reads what is to be served.
func issuers(c Config) ([]issuer.Spec, error) {
	if c.File != "" {
		return readFile(c.File)
	}
	return []issuer.Spec{{Name: "default"}}, nil
}

func cannotListen(err error, flag string) error {
	hint := "choose another address with " + flag
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		hint = "another process has that port, maybe another mockidp: stop it, or choose another port with " + flag + ", port 0 for any free one"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		hint = "no interface of this machine has that address: choose another with " + flag
	case errors.Is(err, syscall.EACCES):
		hint = "ports below 1024 need privileges: choose a higher one with " + flag
	}
	return &Error{Code: 4, Hint: hint, Err: err}
}

// warn speaks up where others than this machine can reach a listener.
func warn(stderr io.Writer, flag, address string) {
	host, _, err := net.SplitHostPort(address)
	if err != nil || host == "localhost" {
		return
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		fmt.Fprintf(stderr, "mockidp: warning: %s %s is not a loopback address: others on the network can reach it\n", flag, address)
	}
}
