package fault

import "net/http"

// Wire sends what is due under another media type: static file hosting serves
// key sets as text/plain or application/octet-stream, and strict readers
// refuse them.
func (f ContentType) Wire(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&headWriter{ResponseWriter: w, change: func(h http.Header) {
			h.Set("Content-Type", f.Type)
		}}, r)
	})
}
