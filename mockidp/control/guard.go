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
	allowed := []string{"localhost"}
	for _, host := range hosts {
		if name := hostName(host); name != "" {
			allowed = append(allowed, name)
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := refusal(r, allowed); p != nil {
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
			Hint: "address the control listener by its IP address, by localhost, or start it with --host and this name",
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
// listener. Rebinding needs a name: an address is what it is, so all of them
// pass (behind a container's port mapping the listener cannot know its own). A
// name without a dot is no safer than others: LLMNR, NetBIOS and a resolver's
// search list let a neighbour answer for it.
func addressable(host string, allowed []string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = hostName(name)
	return net.ParseIP(name) != nil || slices.Contains(allowed, name)
}

// hostName is the one spelling of a host: names know no case (RFC 4343).
func hostName(host string) string {
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}
