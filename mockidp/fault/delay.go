package fault

import (
	"net/http"
	"time"
)

// Wire answers late: a cold key endpoint took 2.1 s and outlasted the
// verifier's timeout (upskillzone INC-2026-004). When over is closed it
// answers at once.
func (f Delay) Wire(next http.Handler, over <-chan struct{}) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !pause(r, time.Duration(f.By), over) {
			abort()
		}
		next.ServeHTTP(w, r)
	})
}
