package targettest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// The credentials that App knows. Anything else is rejected.
const (
	Good   = "good"   // 200
	Broken = "broken" // 500
	Away   = "away"   // 302 to a sign-in page
	Cut    = "cut"    // the connection is cut without an answer
	Hang   = "hang"   // no answer until the client goes away
	Say    = "say-"   // say-5 logs "line 1" to "line 5", then 200
)

// App is the app that the contract test expects behind every target: it judges
// credentials by their name.
func App(log func(line string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			return
		}
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		switch {
		case token == Good:
			_, _ = fmt.Fprintln(w, "welcome")
		case token == Broken:
			http.Error(w, "stack trace", http.StatusInternalServerError)
		case token == Away:
			http.Redirect(w, r, "/login", http.StatusFound)
		case token == Cut:
			panic(http.ErrAbortHandler)
		case token == Hang:
			<-r.Context().Done()
		case strings.HasPrefix(token, Say):
			n, _ := strconv.Atoi(strings.TrimPrefix(token, Say))
			for line := 1; line <= n; line++ {
				log("line " + strconv.Itoa(line))
			}
		default:
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token", error_description="IDX10501: no key"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
		}
	})
}
