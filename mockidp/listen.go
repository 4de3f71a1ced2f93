package mockidp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// listener is a listener that can be closed and opened again on the same port.
// It is safe for concurrent use: that of a Server ends while its issuers may
// still close and open it.
type listener struct {
	handler http.Handler
	config  *tls.Config // nil: plain

	mu      sync.Mutex // guards what follows
	hold    reservation
	address string
	server  *http.Server // nil while closed
	done    chan struct{}
	ended   bool // it stays closed
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
		l.end()
		return nil, err
	}
	return l, nil
}

// Listen gives the issuer a listener of its own at address ("127.0.0.1:0"), so
// that a refused connection is really one. It is called once. The error is the
// network's where the address cannot be listened on.
func (i *Issuer) Listen(address string) error {
	i.mu.Lock()
	if i.listener != nil || i.closed {
		i.mu.Unlock()
		return fmt.Errorf("listen: %w", errors.ErrUnsupported)
	}
	own, err := newListener(address, i.Handler(), i.config.TLS)
	if err != nil {
		i.mu.Unlock()
		return err
	}
	i.listener = own
	i.mu.Unlock()
	if i.config.Base != "" {
		return nil
	}
	return i.move(baseOf(own.address, i.config.Host, i.config.TLS))
}

// How a refused connection looks, in the words of the book.
const (
	listenerClosed   = "listener closed"
	resetAfterAccept = "reset after accept"
)

// take lends l to the issuer, whose faults close it from now on. It is open
// unless one does already.
func (i *Issuer) take(l *listener) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed || i.listener != nil {
		return l.open()
	}
	if i.refuses() {
		l.close()
		i.write(timeline.Issuer, timeline.Note{Text: "refuse from now on: " + listenerClosed + " (no other issuer shares it)"})
	} else if err := l.open(); err != nil {
		return err
	}
	i.listener, i.lent = l, true
	return nil
}

// giveBack opens a lent listener, where a fault had closed it, for others to
// share. Where it cannot be opened the issuer keeps it: the end of the fault opens it.
func (i *Issuer) giveBack() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.lent {
		return nil
	}
	if err := i.listener.open(); err != nil {
		return err
	}
	i.listener, i.lent = nil, false
	if i.refuses() {
		i.write(timeline.Issuer, timeline.Note{Text: "refuse from now on: " + resetAfterAccept + " (another issuer shares the listener)"})
	}
	return nil
}

// refuses reports whether a fault keeps the listener closed. The caller holds mu.
func (i *Issuer) refuses() bool { return i.state.Load().faults.Refused(i.config.Clock.Now()) }

// open listens, where it does not already and has not ended.
func (l *listener) open() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.server != nil || l.ended {
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
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shut()
}

// shut is close for who holds mu.
func (l *listener) shut() {
	if l.server == nil {
		return
	}
	_ = l.server.Close()
	<-l.done
	l.server = nil
}

// end closes it for good and gives the port back.
func (l *listener) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shut()
	l.ended = true
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
