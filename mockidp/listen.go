package mockidp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
)

// listener is an issuer's own listener, which can be closed and opened again
// on the same port.
type listener struct {
	handler http.Handler
	config  *tls.Config // nil: plain
	hold    reservation
	address string

	server *http.Server // nil while closed
	done   chan struct{}
}

// newListener listens at address, and keeps the port while it is closed where
// the system can do that: elsewhere the port can be lost then.
func newListener(address string, handler http.Handler, authority *Authority) (*listener, error) {
	l := &listener{handler: handler, config: authority.serverConfig(), address: address}
	if hold, at, err := reserve(address); err == nil {
		l.hold, l.address = hold, at
	} else if !errors.Is(err, errors.ErrUnsupported) {
		return nil, fmt.Errorf("serve issuer on %s: %w", address, err)
	}
	if err := l.open(); err != nil {
		l.release()
		return nil, err
	}
	return l, nil
}

// Listen gives the issuer a listener of its own at address ("127.0.0.1:0"), so
// that a refused connection is really one. It is called once. The error is the
// network's where the address cannot be listened on.
func (i *Issuer) Listen(address string) error {
	i.mu.Lock()
	if i.own != nil || i.closed {
		i.mu.Unlock()
		return fmt.Errorf("listen: %w", errors.ErrUnsupported)
	}
	own, err := newListener(address, i.Handler(), i.config.TLS)
	if err != nil {
		i.mu.Unlock()
		return err
	}
	i.own = own
	i.mu.Unlock()
	if i.config.Base != "" {
		return nil
	}
	return i.move(baseOf(own.address, i.config.Host, i.config.TLS))
}

// take makes l the listener that faults of the issuer close; nil: there is none.
func (i *Issuer) take(l *listener) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.own = l
	if l != nil && i.state.Load().faults.Refused(i.config.Clock.Now()) {
		l.close()
	}
}

// giveBack takes the listener from the issuer again, and opens it where a fault
// had closed it.
func (i *Issuer) giveBack() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	own := i.own
	i.own = nil
	if own == nil {
		return nil
	}
	return own.open()
}

// open listens, where it does not already.
func (l *listener) open() error {
	if l.server != nil {
		return nil
	}
	socket, err := net.Listen("tcp", l.address)
	if err != nil {
		return fmt.Errorf("serve issuer: %w", err)
	}
	l.address = socket.Addr().String()
	l.server, l.done = serveOn(socket, l.handler, l.config)
	return nil
}

// close refuses connections and cuts those that are open.
func (l *listener) close() {
	if l.server == nil {
		return
	}
	_ = l.server.Close()
	<-l.done
	l.server = nil
}

// release gives the port back.
func (l *listener) release() {
	if l.hold != nil {
		_ = l.hold.Close()
		l.hold = nil
	}
}

// serveOn serves until the server is closed, and closes done then.
func serveOn(socket net.Listener, handler http.Handler, config *tls.Config) (*http.Server, chan struct{}) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: headerPatience}
	if config != nil {
		socket = tls.NewListener(socket, config)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(socket) // always http.ErrServerClosed or the listener's end
	}()
	return server, done
}

// baseOf is the base of URLs for a listener at address.
func baseOf(address, host string, authority *Authority) string {
	scheme := "http"
	if authority != nil {
		scheme = "https"
	}
	at, port, err := net.SplitHostPort(address)
	if err != nil {
		return scheme + "://" + address
	}
	if ip := net.ParseIP(at); host == "" && (ip == nil || !ip.IsUnspecified()) {
		host = at
	}
	if host == "" {
		host = "localhost" // an address that listens everywhere is none to connect to
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}
