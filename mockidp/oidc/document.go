// Package oidc renders what an OpenID Connect provider says about its keys, and
// tokens signed by them, from a snapshot of the key ring. It is pure: the same
// snapshot gives the same bytes, and time, ids and further keys are parameters.
package oidc

import (
	"fmt"
	"strings"

	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/profile"
)

// Site is where an issuer lives.
type Site struct {
	Base     string // such as http://127.0.0.1:8400, without a slash at its end
	Tenant   string // path segment; profile.Profile's Tenant makes it from the issuer's name
	Audience string // "aud" where a request for a token names none
}

// The kinds of documents, as the timeline names them.
const (
	Discovery = "discovery"
	JWKS      = "jwks"
)

// Document is one served document.
type Document struct {
	Path        string // begins with a slash
	Kind        string // Discovery or JWKS
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
}

// EndpointsOf returns the addresses of the profile's default version.
func EndpointsOf(p profile.Profile, site Site) Endpoints {
	v := p.Versions[0]
	t := newTemplate(p, site, v)
	return Endpoints{
		Issuer:   t.expand("{issuer}"),
		Metadata: site.Base + t.expand(v.Discovery.Paths[0]),
		JWKS:     site.Base + t.expand(v.JWKS.Path),
	}
}

// Documents renders everything that the issuer serves about its keys under the
// site's tenant. An issuer that answers for several (Entra's common,
// organizations and consumers) has a site for each.
func Documents(p profile.Profile, site Site, s keyring.Snapshot) ([]Document, error) {
	var documents []Document
	for _, v := range p.Versions {
		t := newTemplate(p, site, v)
		discovery, err := t.object(v.Discovery.Members).encode()
		if err != nil {
			return nil, fmt.Errorf("render discovery: %w", err)
		}
		for _, path := range v.Discovery.Paths {
			documents = append(documents, Document{
				Path: t.expand(path), Kind: Discovery, ContentType: v.Discovery.ContentType, Body: discovery,
			})
		}
		set, names, err := keySet(s, v.JWKS, t.expand(v.JWKS.Issuer))
		if err != nil {
			return nil, fmt.Errorf("render jwks: %w", err)
		}
		documents = append(documents, Document{
			Path: t.expand(v.JWKS.Path), Kind: JWKS, ContentType: v.JWKS.ContentType, Body: set, Keys: names,
		})
	}
	return documents, nil
}

// keySet renders the served keys, and the snapshot's extras byte for byte.
func keySet(s keyring.Snapshot, shape profile.JWKS, issuer string) (body []byte, names []string, err error) {
	var before, keys, after []string
	for _, e := range s.Extras {
		if e.First {
			before = append(before, e.JWK)
		} else {
			after = append(after, e.JWK)
		}
	}
	for _, k := range s.Served() {
		o, err := jwk(k, shape, issuer)
		if err != nil {
			return nil, nil, err
		}
		text, err := o.encode()
		if err != nil {
			return nil, nil, err
		}
		keys = append(keys, string(text))
		names = append(names, k.Name)
	}
	all := strings.Join(append(append(before, keys...), after...), ",")
	return []byte(`{"keys":[` + all + `]}`), names, nil
}

// template fills in a profile's templates for one tenant and version.
type template struct{ replace *strings.Replacer }

func newTemplate(p profile.Profile, site Site, v profile.Version) template {
	tenant := p.Lookup(site.Tenant)
	pairs := []string{"{base}", site.Base, "{tenant}", tenant.Segment, "{issuerTenant}", tenant.Issuer, "{tid}", tenant.Token}
	issuer := strings.NewReplacer(pairs...).Replace(v.Issuer)
	return template{strings.NewReplacer(append(pairs, "{issuer}", issuer)...)}
}

func (t template) expand(text string) string { return t.replace.Replace(text) }

func (t template) object(members []profile.Member) object {
	o := make(object, len(members))
	for i, m := range members {
		if text, is := m.Value.(string); is {
			m.Value = t.expand(text)
		}
		o[i] = m
	}
	return o
}
