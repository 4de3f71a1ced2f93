package mockidp

import (
	"strings"

	"github.com/rollover-harness/rollover/mockidp/oidc"
	"github.com/rollover-harness/rollover/mockidp/profile"
)

// door is an endpoint at which people, or their apps, sign in or out.
type door struct {
	site    profile.Site
	version string // of the profile
	jwt     *oidc.Minter
	open    func(*visit) error
	methods []string
}

// doors finds the sign-in endpoints of a site, by path without a slash at its end.
// Their addresses are data: those that the profile's documents name.
func doors(p profile.Profile, site profile.Site) map[string]*door {
	found := map[string]*door{}
	jwt := oidc.NewMinter(p, site)
	put := func(address, version string, open func(*visit) error, methods ...string) {
		if path, here := strings.CutPrefix(address, site.Base+"/"); here {
			found["/"+strings.TrimSuffix(path, "/")] = &door{site: site, version: version, jwt: jwt, open: open, methods: methods}
		}
	}
	for _, v := range p.Versions {
		at := p.Expander(site, v)
		for _, m := range v.Discovery.Members {
			address, _ := m.Value.(string)
			switch m.Name {
			case "authorization_endpoint":
				put(at.Expand(address), v.Name, (*visit).authorize, "GET", "POST")
			case "token_endpoint":
				put(at.Expand(address), v.Name, (*visit).token, "POST")
			case "end_session_endpoint":
				put(at.Expand(address), v.Name, (*visit).endSession, "GET", "POST")
			}
		}
	}
	return found
}

// door returns the sign-in endpoint at path, or nil.
func (at place) door(path string) *door { return at.doors[strings.TrimSuffix(path, "/")] }
