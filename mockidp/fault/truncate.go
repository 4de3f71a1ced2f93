package fault

import "net/http"

// Wire announces the whole body, sends a part of it and cuts the connection: a
// proxy that gives up half way. A reader that ignores Content-Length parses
// half a document.
func (f Truncate) Wire(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := capture(next, r)
		part := f.After
		if part == 0 {
			part = a.body.Len() / 2
		}
		// At least one byte is missing, else nothing was cut.
		part = max(0, min(part, a.body.Len()-1))
		a.begin(w)
		_, _ = w.Write(a.body.Bytes()[:part])
		_ = http.NewResponseController(w).Flush()
		abort()
	})
}
