// Package federation renders what a provider says over WS-Federation and SAML:
// metadata, assertions, and the responses that carry them, from a snapshot of the
// key ring. It is pure: the same snapshot gives the same bytes, and time, ids and
// further keys are parameters.
package federation

import (
	"fmt"

	"github.com/beevik/etree"

	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/profile"
)

// Documents renders the metadata that the issuer serves under the site's tenant:
// none where the profile has no federation half. Each is there once more for each
// variant, which differs in its Query.
//
// Every served key's certificate stands in every role. The active key signs; where
// it is none that signs XML (see Algorithms), or is not in what a view shows, the
// first served key that can; where none can, the document is unsigned.
func Documents(p profile.Profile, site profile.Site, s keyring.Snapshot) ([]profile.Document, error) {
	if p.Federation == nil {
		return nil, nil
	}
	at := p.Expander(site, p.Versions[0])
	var names []string
	for _, k := range s.Served() {
		names = append(names, k.Name)
	}
	var documents []profile.Document
	for _, m := range p.Federation.Metadata {
		body, err := metadata(p.Federation, m, at, s)
		if err != nil {
			return nil, fmt.Errorf("render %s: %w", m.Kind, err)
		}
		d := profile.Document{Path: at.Expand(m.Path), Kind: m.Kind, ContentType: m.ContentType, Body: body, Keys: names}
		if s.Bend.ByteOrderMark {
			d.Body = withMark(body)
		}
		documents = append(documents, d)
		for _, v := range m.Variants {
			d.Query, d.Body = v.Query, body
			if v.ByteOrderMark || s.Bend.ByteOrderMark {
				d.Body = withMark(body)
			}
			documents = append(documents, d)
		}
	}
	return documents, nil
}

// withMark is text behind the byte-order mark of UTF-8.
func withMark(text []byte) []byte { return append([]byte("\xef\xbb\xbf"), text...) }

// metadata renders one document, without a byte-order mark.
func metadata(f *profile.Federation, m profile.Metadata, at profile.Expander, s keyring.Snapshot) ([]byte, error) {
	root := etree.NewElement("EntityDescriptor")
	root.CreateAttr("ID", "")
	root.CreateAttr("entityID", at.Expand(f.EntityID))
	root.CreateAttr("xmlns", metadataNS)
	for _, e := range m.Children {
		addShape(root, e, at, s.Served())
	}
	if !s.Bend.Tampered {
		if err := bend(root, s.Bend); err != nil {
			return nil, err
		}
	}
	root.CreateAttr("ID", idOf(serialise(root)))
	if signer := documentSigner(f, s); signer != nil {
		if err := signer.sign(root, "ID", 0); err != nil {
			return nil, err
		}
	}
	if s.Bend.Tampered {
		if err := bend(root, s.Bend); err != nil {
			return nil, err
		}
	}
	if s.Bend.Aggregate {
		root = aggregate(root)
	}
	text := serialise(root)
	if m.Declaration {
		text = append([]byte(`<?xml version="1.0" encoding="utf-8"?>`), text...)
	}
	return text, nil
}

// documentSigner is who signs the metadata; nil: nobody.
func documentSigner(f *profile.Federation, s keyring.Snapshot) *signer {
	sign := func(k keyring.Key) *signer {
		return &signer{material: k.Material, certificate: k.Certificate, prefix: f.Prefix, plainKeyInfo: true}
	}
	if s.Bend.Unsigned {
		return nil
	}
	if s.Bend.Signer != nil {
		return sign(*s.Bend.Signer)
	}
	if k, found := s.Active(); found && signsXML(k.Material) {
		return sign(k)
	}
	for _, k := range s.Served() {
		if signsXML(k.Material) {
			return sign(k)
		}
	}
	return nil
}

// addShape adds what e is the shape of to parent, once for each key where it
// stands for keys.
func addShape(parent *etree.Element, e profile.Element, at profile.Expander, keys []keyring.Key) {
	if !e.PerKey {
		addOne(parent, e, at, nil, keys)
		return
	}
	for i := range keys {
		addOne(parent, e, at, &keys[i], keys)
	}
}

func addOne(parent *etree.Element, e profile.Element, at profile.Expander, key *keyring.Key, keys []keyring.Key) {
	made := parent.CreateElement(e.Name)
	for _, a := range e.Attrs {
		made.CreateAttr(a.Name, at.Expand(a.Value))
	}
	switch e.Text {
	case "":
	case profile.Certificate:
		if key != nil {
			made.SetText(encode(key.Certificate))
		}
	case profile.EncryptionCertificate:
		made.SetText(profile.EncryptionCertificateDER)
	default:
		made.SetText(at.Expand(e.Text))
	}
	for _, child := range e.Children {
		if key != nil {
			addOne(made, child, at, key, keys)
		} else {
			addShape(made, child, at, keys)
		}
	}
}
