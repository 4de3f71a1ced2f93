package fault

import (
	"net/http"
	"strconv"
)

// Wire sends cache headers of its own. A long max-age kept kube-apiserver from
// fetching an unknown kid's key (#139769); Okta goes from hours to no-cache
// when a rotation is near.
func (f Cache) Wire(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&headWriter{ResponseWriter: w, change: func(h http.Header) {
			if f.Control != "" {
				h.Set("Cache-Control", f.Control)
			}
			if f.Expires != "" {
				h.Set("Expires", f.Expires)
			}
			if f.Age != 0 {
				h.Set("Age", strconv.Itoa(f.Age))
			}
		}}, r)
	})
}
