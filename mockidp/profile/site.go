package profile

import (
	"net/url"
	"slices"
	"strings"
)

// Site is where an issuer lives.
type Site struct {
	Base     string // such as http://127.0.0.1:8400, without a slash at its end
	Tenant   string // path segment; Profile's Tenant makes it from the issuer's name
	Audience string // of tokens where a request for one names none
}

// The kinds of documents, as the timeline names them.
const (
	DiscoveryDocument          = "discovery"
	JWKSDocument               = "jwks"
	FederationMetadataDocument = "federationMetadata"
	SAMLMetadataDocument       = "samlMetadata"
)

// Document is one served document.
type Document struct {
	Path        string // begins with a slash
	Query       string // of a variant: served where the request's query has a member of this name
	Kind        string // of the constants above
	ContentType string
	Body        []byte
	Keys        []string // names of the ring's keys in the body
}

// Endpoints are the addresses that an issuer's clients are told.
type Endpoints struct {
	Issuer             string  `json:"issuer"`
	Metadata           string  `json:"metadata"`
	JWKS               string  `json:"jwks"`
	FederationMetadata *string `json:"federationMetadata"`
	SAMLMetadata       *string `json:"samlMetadata"`
	EntityID           *string `json:"entityID"` // the issuer's name in assertions and federation metadata
	WSFed              *string `json:"wsfed"`    // passive requestor endpoint (WS-Federation 1.2 section 13)
	SAML2              *string `json:"saml2"`    // single sign-on service (SAML 2.0 bindings)
}

// Endpoints returns the addresses of the profile's default version.
func (p Profile) Endpoints(site Site) Endpoints {
	v := p.Versions[0]
	at := p.Expander(site, v)
	e := Endpoints{
		Issuer:   at.Expand("{issuer}"),
		Metadata: site.Base + at.Expand(v.Discovery.Paths[0]),
		JWKS:     site.Base + at.Expand(v.JWKS.Path),
	}
	p.Federation.endpoints(&e, at)
	return e
}

// Expander fills in a profile's templates for one tenant and version.
type Expander struct{ replace *strings.Replacer }

// Expander returns what fills in the templates of p's version v at a site.
func (p Profile) Expander(site Site, v Version) Expander {
	tenant := p.Lookup(site.Tenant)
	root := "/" + tenant.Segment
	if len(p.RootSegments) > 0 && site.Tenant == p.DefaultTenant {
		root = ""
	}
	pairs := []string{
		"{base}", site.Base, "{host}", withoutScheme(site.Base), "{root}", root,
		"{tenant}", tenant.Segment, "{issuerTenant}", tenant.Issuer, "{issuerTenantURL}", url.PathEscape(tenant.Issuer), "{tid}", tenant.Token,
	}
	parts := strings.NewReplacer(pairs...)
	pairs = append(slices.Clip(pairs), "{issuer}", parts.Replace(v.Issuer))
	if p.Federation != nil {
		pairs = append(pairs, "{entityID}", parts.Replace(p.Federation.EntityID))
	}
	return Expander{strings.NewReplacer(pairs...)}
}

// Expand fills in one text.
func (e Expander) Expand(text string) string { return e.replace.Replace(text) }
