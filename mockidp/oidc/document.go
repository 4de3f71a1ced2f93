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

// Documents renders everything that the issuer serves about its keys under the
// site's tenant. An issuer that answers for several (Entra's common,
// organizations and consumers) has a site for each.
func Documents(p profile.Profile, site profile.Site, s keyring.Snapshot) ([]profile.Document, error) {
	var documents []profile.Document
	for _, v := range p.Versions {
		at := p.Expander(site, v)
		discovery, err := objectOf(at, v.Discovery.Members).encode()
		if err != nil {
			return nil, fmt.Errorf("render discovery: %w", err)
		}
		for _, path := range v.Discovery.Paths {
			documents = append(documents, profile.Document{
				Path: at.Expand(path), Kind: profile.DiscoveryDocument, ContentType: v.Discovery.ContentType, Body: discovery,
			})
		}
		set, names, err := keySet(s, v.JWKS, at.Expand(v.JWKS.Issuer))
		if err != nil {
			return nil, fmt.Errorf("render jwks: %w", err)
		}
		documents = append(documents, profile.Document{
			Path: at.Expand(v.JWKS.Path), Kind: profile.JWKSDocument, ContentType: v.JWKS.ContentType, Body: set, Keys: names,
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

// objectOf expands the members of a document or of a token's claims.
func objectOf(at profile.Expander, members []profile.Member) object {
	o := make(object, len(members))
	for i, m := range members {
		if text, is := m.Value.(string); is {
			m.Value = at.Expand(text)
		}
		o[i] = m
	}
	return o
}
