package fault

import (
	"io"
	"net/http"
)

// Wire answers with the text, byte for byte, and 200: for documents that no
// other rule makes.
func (f Body) Wire(http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mediaType := f.Type
		if mediaType == "" {
			mediaType = "application/json"
		}
		w.Header().Set("Content-Type", mediaType)
		_, _ = io.WriteString(w, f.Text)
	})
}
