// Package serve runs a sample app as a process of its own.
package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"
)

// Run serves the app on a port of host until ctx is done, and returns why it
// could not. No host is 127.0.0.1, port 0 takes a free one; the address is logged
// first. Requests that are under way at the end get 3 s.
func Run(ctx context.Context, app http.Handler, host, port string, logger *log.Logger) error {
	listener, err := net.Listen("tcp", net.JoinHostPort(cmp.Or(host, "127.0.0.1"), port))
	if err != nil {
		return fmt.Errorf("listen on BIND and PORT: %w", err)
	}
	logger.Printf("listening on %s", listener.Addr())

	server := &http.Server{Handler: app, ReadHeaderTimeout: 5 * time.Second, ErrorLog: logger}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	err = server.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}
