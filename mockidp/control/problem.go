package control

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/keysource"
)

// problem is problem details (RFC 9457) with what to do about it.
type problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail,omitempty"`
	Hint   string `json:"hint,omitempty"`
}

func (p problem) write(w http.ResponseWriter) {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings and a number
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(text, '\n'))
}

// fail answers with the problem that err is. known are the words that could
// have been meant.
func fail(w http.ResponseWriter, err error, known []string) {
	p := problem{Detail: err.Error()}
	var move *keyring.TransitionError
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		p.Status, p.Title, p.Hint = http.StatusRequestEntityTooLarge, "body too large", "1 MiB is the limit"
	case errors.Is(err, issuer.ErrUnknown):
		p.Status, p.Title, p.Hint = http.StatusNotFound, "no such issuer", among("issuers", known)
	case errors.Is(err, keyring.ErrUnknownKey):
		p.Status, p.Title, p.Hint = http.StatusNotFound, "no such key", among("keys", known)
	case errors.Is(err, fault.ErrUnknown):
		p.Status, p.Title, p.Hint = http.StatusNotFound, "no such fault", "clear without an id ends all"
	case errors.As(err, &move):
		p.Status, p.Title, p.Hint = http.StatusConflict, "no such move", "see GET keys for the states; activateBeside, withdraw, reuseKid and duplicateKid are the deliberately illegal moves"
	case errors.Is(err, keyring.ErrWaiting):
		p.Status, p.Title = http.StatusConflict, "another key is next"
	case errors.Is(err, keyring.ErrNameTaken), errors.Is(err, keyring.ErrKIDTaken), errors.Is(err, fault.ErrIDTaken), errors.Is(err, issuer.ErrTaken):
		p.Status, p.Title = http.StatusConflict, "name is taken"
	case errors.Is(err, issuer.ErrClosed):
		p.Status, p.Title = http.StatusConflict, "issuer is closed"
	case errors.Is(err, command.ErrCommand):
		p.Status, p.Title, p.Hint = http.StatusBadRequest, "invalid command", among("verbs", known)
	case errors.Is(err, errBody), errors.Is(err, keyring.ErrNoName), errors.Is(err, credential.ErrRequest),
		errors.Is(err, issuer.ErrSpec), errors.Is(err, fault.ErrRule), errors.Is(err, keysource.ErrAlgorithm):
		p.Status, p.Title, p.Hint = http.StatusBadRequest, "invalid request", "GET /openapi.json has the form"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		p.Status, p.Title = http.StatusServiceUnavailable, "gave up waiting"
	default:
		p.Status, p.Title = http.StatusInternalServerError, "internal error"
	}
	p.write(w)
}

func among(what string, known []string) string {
	if len(known) == 0 {
		return ""
	}
	return "the " + what + " are " + strings.Join(known, ", ")
}

// notFound answers for paths without a route, and for methods that a path does not have.
func notFound(mux *http.ServeMux) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var allowed []string
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
			other := r.Clone(r.Context())
			other.Method = method
			if _, pattern := mux.Handler(other); pattern != "/" {
				allowed = append(allowed, method)
			}
		}
		if allowed != nil {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			problem{Status: http.StatusMethodNotAllowed, Title: "method not allowed", Detail: r.Method + " " + r.URL.Path}.write(w)
			return
		}
		problem{Status: http.StatusNotFound, Title: "nothing is served here", Detail: r.URL.Path, Hint: "GET /openapi.json lists the paths; the protocol's documents are on the other listener"}.write(w)
	}
}
