package fault

import (
	"io"
	"net/http"
)

const signInPage = `<!DOCTYPE html>
<html><head><title>Sign in to the network</title></head>
<body><h1>Sign in to the network</h1>
<form method="post" action="/login"><input name="user"><input name="password" type="password"><button>Sign in</button></form>
</body></html>
`

// Wire answers with a sign-in page and 200, as captive portals and outbound
// proxies whose session ran out do: a reader that looks at the status alone
// takes it for the document.
func (HTML) Wire(http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, signInPage)
	})
}
