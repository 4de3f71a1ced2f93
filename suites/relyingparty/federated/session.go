package federated

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// sessionCookie holds the name of who is signed in, under this instance's MAC.
const sessionCookie = "federated_session"

func (a *App) cookie(name string) *http.Cookie {
	value := encode([]byte(name)) + "." + encode(a.mac(name))
	return &http.Cookie{Name: sessionCookie, Value: value, Path: "/", HttpOnly: true}
}

// session returns the name of who is signed in with the browser.
func (a *App) session(r *http.Request) (name string, signedIn bool) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return "", false
	}
	first, second, _ := strings.Cut(cookie.Value, ".")
	text, err := base64.RawURLEncoding.DecodeString(first)
	if err != nil {
		return "", false
	}
	mac, err := base64.RawURLEncoding.DecodeString(second)
	return string(text), err == nil && hmac.Equal(mac, a.mac(string(text)))
}

func (a *App) mac(name string) []byte {
	h := hmac.New(sha256.New, a.secret)
	_, _ = h.Write([]byte(name))
	return h.Sum(nil)
}

func encode(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }
