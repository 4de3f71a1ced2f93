package profile

import (
	"strings"
	"time"
)

// Federation is the shape of a provider's WS-Federation and SAML half.
type Federation struct {
	EntityID string // the issuer's name in its metadata; a template
	Issuer   string // its name in assertions: another one where a tenant answers for several; a template
	WSFed    string // address of the passive requestor endpoint (WS-Federation 1.2 section 13); a template
	SAML2    string // address of the single sign-on and logout service; a template
	Prefix   string // of the signatures' namespace: "" or "ds"
	Metadata []Metadata
	SAML     Assertion
}

// Metadata is a metadata document (SAML 2.0 metadata; WS-Federation 1.2 section
// 3), whose root is an EntityDescriptor. Its path is served in any letter case,
// as both of Microsoft's products do it.
type Metadata struct {
	Kind        string // FederationMetadataDocument or SAMLMetadataDocument
	Path        string
	ContentType string
	Declaration bool      // begins with an XML declaration
	Children    []Element // of the EntityDescriptor, behind its signature
	Variants    []Variant
}

// Variant is the same document as it is served where the request's query has a
// member of this name.
type Variant struct {
	Query         string
	ByteOrderMark bool // begins with EF BB BF
}

// Assertion is the shape of the provider's assertions.
type Assertion struct {
	Version      string        // in WS-Federation sign-ins where nobody chose: "2.0" or "1.1"
	Early        time.Duration // how long before it was issued an assertion becomes valid
	NameIDFormat string        // SAML 2.0 core section 8.3; empty: none is stated
	Attributes   []Member      // Name is the claim's URI, Value a template or Subject
	Context      string        // AuthnContextClassRef (SAML 2.0), with the session below
	Session      bool          // AuthnStatement has a SessionIndex
	Method       string        // AuthenticationMethod (SAML 1.1)
	Prefix11     string        // of SAML 1.1's namespace
	References   bool          // a response names its assertion by reference too (WS-Trust 2005 section 6.2)
	Consent      string        // of a SAML response; empty: none is stated
}

// MetadataPaths are the paths of the metadata documents at a site.
func (p Profile) MetadataPaths(site Site) []string {
	if p.Federation == nil {
		return nil
	}
	at := p.Expander(site, p.Versions[0])
	paths := make([]string, len(p.Federation.Metadata))
	for i, m := range p.Federation.Metadata {
		paths[i] = at.Expand(m.Path)
	}
	return paths
}

// endpoints fills in the addresses that the half has.
func (f *Federation) endpoints(e *Endpoints, at Expander) {
	if f == nil {
		return
	}
	address := func(template string) *string {
		expanded := at.Expand(template)
		return &expanded
	}
	for _, m := range f.Metadata {
		where := address("{base}" + m.Path)
		switch m.Kind {
		case FederationMetadataDocument:
			e.FederationMetadata = where
		case SAMLMetadataDocument:
			e.SAMLMetadata = where
		}
	}
	e.EntityID, e.WSFed, e.SAML2 = address(f.EntityID), address(f.WSFed), address(f.SAML2)
}

// withoutScheme is an address as far as AD FS repeats it under http.
func withoutScheme(base string) string {
	_, rest, found := strings.Cut(base, "://")
	if !found {
		return base
	}
	return rest
}
