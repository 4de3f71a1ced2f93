package profile

import "strings"

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
	return Endpoints{
		Issuer:   at.Expand("{issuer}"),
		Metadata: site.Base + at.Expand(v.Discovery.Paths[0]),
		JWKS:     site.Base + at.Expand(v.JWKS.Path),
	}
}

// Expander fills in a profile's templates for one tenant and version.
type Expander struct{ replace *strings.Replacer }

// Expander returns what fills in the templates of p's version v at a site.
func (p Profile) Expander(site Site, v Version) Expander {
	tenant := p.Lookup(site.Tenant)
	pairs := []string{"{base}", site.Base, "{tenant}", tenant.Segment, "{issuerTenant}", tenant.Issuer, "{tid}", tenant.Token}
	issuer := strings.NewReplacer(pairs...).Replace(v.Issuer)
	return Expander{strings.NewReplacer(append(pairs, "{issuer}", issuer)...)}
}

// Expand fills in one text.
func (e Expander) Expand(text string) string { return e.replace.Replace(text) }
