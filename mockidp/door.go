package mockidp

import (
	"strings"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/federation"
	"github.com/rollover-harness/rollover/mockidp/oidc"
	"github.com/rollover-harness/rollover/mockidp/profile"
)

// door is an endpoint at which people, or their apps, sign in or out.
type door struct {
	version      string // of the profile
	wsfed, saml2 bool   // which of the two a passive door speaks
	minters
	open    func(*visit) error
	methods []string
}

// minters make what a tenant signs people in by.
type minters struct {
	jwt        *oidc.Minter
	assertions *federation.Minter
}

func mintersOf(p profile.Profile, site profile.Site, defaults credential.SAML) minters {
	return minters{oidc.NewMinter(p, site), federation.NewMinter(p, site, defaults)}
}

// doors finds the sign-in endpoints of a site, by path without a slash at its end.
// Their addresses are data: those that the profile's documents name.
func doors(p profile.Profile, site profile.Site, by minters) map[string]*door {
	found := map[string]*door{}
	put := func(address, version string, open func(*visit) error, methods ...string) *door {
		path := "/" + strings.Trim(strings.TrimPrefix(address, site.Base), "/")
		if found[path] == nil {
			found[path] = &door{version: version, minters: by, open: open, methods: methods}
		}
		return found[path]
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
			case "userinfo_endpoint":
				put(at.Expand(address), v.Name, (*visit).userinfo, "GET", "POST")
			case "end_session_endpoint":
				put(at.Expand(address), v.Name, (*visit).endSession, "GET", "POST")
			}
		}
	}
	e := p.Endpoints(site)
	if e.WSFed != nil {
		put(*e.WSFed, "", (*visit).passive, "GET", "POST").wsfed = true
	}
	if e.SAML2 != nil {
		put(*e.SAML2, "", (*visit).passive, "GET", "POST").saml2 = true
	}
	return found
}

// door returns the sign-in endpoint at path, or nil.
func (at place) door(path string) *door { return at.doors[strings.TrimSuffix(path, "/")] }
