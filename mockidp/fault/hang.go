package fault

import "net/http"

// Wire never answers: a provider behind a firewall that drops packets. Clients
// without a timeout of their own wait for ever, with the lock of their cache
// held. The connection is cut when the client leaves or over is closed.
func (Hang) Wire(_ http.Handler, over <-chan struct{}) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-over:
		}
		abort()
	})
}
