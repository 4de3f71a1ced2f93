package fault

import (
	"io"
	"net/http"
	"strconv"
	"time"
)

// Wire answers with the status: the outages of every provider's status page,
// and the 429 that a limiter sends to apps which fetch too often.
func (f Status) Wire(http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		body := f.Body
		if body == "" {
			body = http.StatusText(f.Code)
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if f.RetryAfter > 0 {
			// RFC 9110 section 10.2.3 knows whole seconds only; waiting longer harms nobody.
			seconds := (time.Duration(f.RetryAfter) + time.Second - 1) / time.Second
			w.Header().Set("Retry-After", strconv.Itoa(int(seconds)))
		}
		w.WriteHeader(f.Code)
		// 304 has no body (RFC 9110 section 15.4.5).
		if f.Code != http.StatusNotModified {
			_, _ = io.WriteString(w, body)
		}
	})
}
