package mockidp

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/signin"
)

// visit is one request at a door.
type visit struct {
	issuer     *Issuer
	at         *door
	w          http.ResponseWriter
	r          *http.Request
	form       url.Values // the query of a GET, the body of a POST
	generation uint64     // of the state that answered
}

const (
	maxForm  = 1 << 20 // bytes of a POST's body
	formType = "application/x-www-form-urlencoded"
)

// enter opens the door and returns the generation that answered.
func (i *Issuer) enter(w http.ResponseWriter, r *http.Request, at *door, generation uint64) uint64 {
	v := &visit{issuer: i, at: at, w: w, r: r, generation: generation}
	if err := at.open(v); err != nil {
		v.fail(err)
	}
	return v.generation
}

// readForm reads the parameters: at a GET those of the query, at a POST those of
// the body, as each protocol has it.
func (v *visit) readForm() error {
	if v.r.Method != http.MethodPost {
		// Go reads no query with a bare semicolon, which other servers take for a character.
		form, err := url.ParseQuery(strings.ReplaceAll(v.r.URL.RawQuery, ";", "%3B"))
		if err != nil {
			return &signin.Refusal{What: "the query cannot be read: " + err.Error()}
		}
		v.form = form
		return nil
	}
	// Whoever sends no body shall not hold the connection for ever.
	control := http.NewResponseController(v.w)
	_ = control.SetReadDeadline(clock.System{}.Now().Add(headerPatience)) // a writer without deadlines does not block
	defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	if err := v.r.Context().Err(); err != nil {
		return err // Close came in between, and its deadline was nearer
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxForm)
	if kind, _, _ := mime.ParseMediaType(v.r.Header.Get("Content-Type")); kind != "" && kind != formType {
		return &signin.Refusal{What: fmt.Sprintf("the body is %q", kind), Hint: "it is sent as " + formType}
	}
	if err := v.r.ParseForm(); err != nil {
		return &signin.Refusal{What: "the form cannot be read: " + err.Error(), Hint: fmt.Sprintf("it has %d bytes at most", maxForm)}
	}
	v.form = v.r.PostForm
	return nil
}

// fail answers with a page that says what was wrong.
func (v *visit) fail(err error) {
	status, title, hint := http.StatusInternalServerError, "The mock issuer failed", ""
	var refusal *signin.Refusal
	switch {
	case errors.As(err, &refusal):
		status, title, hint = http.StatusBadRequest, "The app's request is not one to sign in by", refusal.Hint
	case errors.Is(err, errSession), errors.Is(err, credential.ErrRequest):
		status, title, hint = http.StatusBadRequest, "Nobody can be signed in", "see the session in the cookie "+credential.SessionCookie
	case v.r.Context().Err() != nil:
		status, title = http.StatusServiceUnavailable, "Gave up waiting"
	}
	page, err := signin.FailurePage(title, err.Error(), hint)
	v.page(status, page, err)
}

// page writes a page, or the error of making it.
func (v *visit) page(status int, page []byte, err error) {
	if err != nil {
		problem(v.w, http.StatusInternalServerError, "cannot write the page", err.Error(), nil)
		return
	}
	head := v.w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Security-Policy", signin.PagePolicy)
	v.w.WriteHeader(status)
	_, _ = v.w.Write(page)
}

// post has the browser post fields to an address.
func (v *visit) post(action string, fields []signin.Field) error {
	page, err := signin.PostPage(action, fields)
	v.page(http.StatusOK, page, err)
	return nil
}

// redirect sends the browser to an address, which may have to be fetched by GET.
func (v *visit) redirect(address string) error {
	v.w.Header().Set("Location", address)
	v.w.WriteHeader(http.StatusFound)
	return nil
}

// registered is the reply address of an app that sends none.
func (v *visit) registered() string {
	if c, err := v.r.Cookie(credential.ReplyCookie); err == nil && c.Value != "" {
		return c.Value
	}
	return v.issuer.config.Reply
}
