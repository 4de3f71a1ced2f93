package fault

import (
	"net"
	"net/http"
)

// Wire resets the connection without an answer: what a refused connection
// comes down to where the listener has to stay open for others.
func (Refuse) Wire(http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			// HTTP/2 and recorders cannot be hijacked; cutting is the nearest thing.
			abort()
		}
		under := conn
		if wrapped, is := conn.(interface{ NetConn() net.Conn }); is {
			under = wrapped.NetConn()
		}
		if tcp, is := under.(*net.TCPConn); is {
			// Without lingering the kernel sends RST instead of FIN.
			_ = tcp.SetLinger(0)
		}
		_ = under.Close()
	})
}
