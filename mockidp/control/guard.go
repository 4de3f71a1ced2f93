package control

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// guard keeps browsers' pages away from the API: whoever may send commands may
// have any token signed. A page of another site shows by its Origin or by fetch
// metadata; one that had its own name rebound to this address shows by the Host.
func guard(next http.Handler, hosts []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := refusal(r, hosts); p != nil {
			p.write(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func refusal(r *http.Request, hosts []string) *problem {
	if !addressable(r.Host, hosts) {
		return &problem{
			Status: http.StatusForbidden, Title: "unknown host", Detail: r.Host,
			Hint: "address the control listener by its IP address, by localhost or by a name without a dot",
		}
	}
	foreign := &problem{Status: http.StatusForbidden, Title: "foreign origin", Hint: "the control API is not for web pages"}
	if origin := r.Header.Get("Origin"); origin != "" {
		from, err := url.Parse(origin)
		if err != nil || from.Host != r.Host {
			foreign.Detail = origin
			return foreign
		}
	}
	switch site := r.Header.Get("Sec-Fetch-Site"); site {
	case "", "same-origin", "none":
		return nil
	default:
		foreign.Detail = "Sec-Fetch-Site: " + site
		return foreign
	}
}

// addressable reports whether a request for host can be meant for this
// listener. Rebinding needs a name in the DNS, so addresses and names of a
// machine's or container network's own are harmless.
func addressable(host string, hosts []string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
	return net.ParseIP(name) != nil || !strings.Contains(name, ".") || strings.HasSuffix(name, ".localhost") || slices.Contains(hosts, name)
}
