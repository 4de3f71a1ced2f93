package signers

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/scenarios/internal/markup"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// Namespaces of metadata.
const (
	nsMetadata  = "urn:oasis:names:tc:SAML:2.0:metadata"
	nsSignature = "http://www.w3.org/2000/09/xmldsig#"
	nsFed       = "http://docs.oasis-open.org/wsfed/federation/200706"
	nsSchema    = "http://www.w3.org/2001/XMLSchema-instance"
)

// metadata reads SAML 2.0 metadata, with the roles of WS-Federation 1.2 or
// without, of one entity or of many.
func metadata(name string, data []byte) (Document, error) {
	document, err := markup.Parse(name, data)
	if err != nil {
		return Document{}, err
	}
	r := &metadataReader{newReader(name, SAMLMetadata), document}
	switch root := document.Root; {
	case root.Is(nsMetadata, "EntityDescriptor"):
		r.entity(root, signature{})
	case root.Is(nsMetadata, "EntitiesDescriptor"):
		r.entities(root, signature{})
	case strings.EqualFold(root.Local, "html"):
		return Document{}, unreadable(name, "an HTML page", "a sign-in or an error page stands where metadata should: open the address in a browser")
	case strings.HasPrefix(root.Local, "configuration"), root.Local == "issuerNameRegistry":
		return Document{}, unreadable(name, "the configuration of an app, not metadata", "rollover thumbprint --check FILE METADATA compares it")
	default:
		line, column := document.Position(root)
		return Document{}, spec.Errors{{
			File: name, Line: line, Column: column, Cause: fmt.Sprintf("XML, but not metadata: the root element is %q", root.Local),
			Hint: "an EntityDescriptor of SAML 2.0 metadata is due",
		}}
	}
	return r.found, nil
}

type metadataReader struct {
	*reader
	document *markup.Document
}

// at is the place of an element, for errors.
func (r *metadataReader) at(e *markup.Element) spec.Error {
	if !r.talkative() {
		return spec.Error{}
	}
	line, column := r.document.Position(e)
	return spec.Error{Line: line, Column: column}
}

// signature is what is told of an enveloped signature.
type signature struct {
	there bool
	by    string // SHA-1 thumbprint of the certificate that it names
}

// signature looks for one directly inside an element. One round many entities
// signs all of them.
func (r *metadataReader) signature(e *markup.Element, outer signature) signature {
	for _, c := range e.Children {
		if !c.Is(nsSignature, "Signature") {
			continue
		}
		found := signature{there: true}
		for _, text := range certificates(c) {
			if one, _, err := fromBase64(text.Text); err == nil {
				found.by = one.SHA1.Hex()
				return found
			}
		}
		return found
	}
	return outer
}

func (r *metadataReader) entities(e *markup.Element, outer signature) {
	s := r.signature(e, outer)
	for _, c := range e.Children {
		switch {
		case c.Is(nsMetadata, "EntitiesDescriptor"):
			r.entities(c, s)
		case c.Is(nsMetadata, "EntityDescriptor"):
			r.entity(c, s)
		}
	}
}

func (r *metadataReader) entity(e *markup.Element, outer signature) {
	s := r.signature(e, outer)
	entity := Entity{Signed: s.there, SignedBy: s.by}
	if id := e.Attr("entityID"); id != nil {
		entity.ID = id.Value
	} else {
		at := r.at(e)
		at.Cause = "an EntityDescriptor without an entityID"
		r.odd(at)
	}
	if until := e.Attr("validUntil"); until != nil {
		t, err := time.Parse(time.RFC3339, strings.TrimSpace(until.Value))
		if err != nil {
			at := r.at(e)
			at.Cause = fmt.Sprintf("validUntil %q is not a time", until.Value)
			r.odd(at)
		}
		entity.ValidUntil = t
	}
	for _, c := range e.Children {
		role, is := r.role(c)
		if !is {
			continue
		}
		if !slices.Contains(entity.Roles, role) {
			entity.Roles = append(entity.Roles, role)
		}
		for _, key := range c.Children {
			if key.Is(nsMetadata, "KeyDescriptor") {
				r.key(key, Place{Entity: entity.ID, Role: role})
			}
		}
	}
	r.found.Entities = append(r.found.Entities, entity)
}

// role is what a role element is called. An element that is none has no keys.
func (r *metadataReader) role(e *markup.Element) (Role, bool) {
	if e.Space != nsMetadata || !strings.HasSuffix(e.Local, "Descriptor") {
		return "", false
	}
	if e.Local != "RoleDescriptor" {
		return Role(strings.TrimSuffix(e.Local, "Descriptor")), true
	}
	kind := e.AttrIn(nsSchema, "type")
	if kind == nil {
		return Role(e.Local), true
	}
	space, local, bound := e.Resolve(kind.Value)
	if !bound {
		// It is what becomes of metadata whose signer strips namespaces that only
		// values use. .NET's reader sees no role then, and no key, and says nothing.
		at := r.at(e)
		at.Cause = fmt.Sprintf("the prefix of xsi:type %q is bound to no namespace", kind.Value)
		at.Hint = ".NET's readers pass over this role and its keys"
		r.wrong(at)
		return Role(kind.Value), true
	}
	if space == nsFed {
		r.found.Kind = FederationMetadata
	}
	return Role(strings.TrimSuffix(local, "Type")), true
}

// key reads a KeyDescriptor.
func (r *metadataReader) key(e *markup.Element, place Place) {
	if use := e.Attr("use"); use != nil {
		place.Use = strings.TrimSpace(use.Value)
	}
	if place.Use != signing && place.Use != encryption && place.Use != "" {
		at := r.at(e)
		at.Cause, at.Hint = fmt.Sprintf("use %q is none", place.Use), "signing or encryption; left out it is both"
		r.odd(at)
	}
	texts := certificates(e)
	if len(texts) == 0 && !r.full() {
		e.Walk(func(c *markup.Element) {
			if c.Is(nsSignature, "KeyName") && place.KeyID == "" {
				place.KeyID = strings.TrimSpace(c.Text)
			}
		})
		r.found.Bare = append(r.found.Bare, Bare{Place: place})
	}
	for _, text := range texts {
		if r.full() {
			return
		}
		c, doubt, err := fromBase64(text.Text)
		if err != nil {
			at := r.at(text)
			at.Cause = fmt.Sprintf("X509Certificate of %s: %v", place.Role, err)
			at.Hint = ".NET's readers refuse the whole document"
			r.wrong(at)
			continue
		}
		r.add(c, place)
		if doubt != nil {
			r.doubt(r.at(text), doubt)
		}
	}
}

// certificates finds the certificates of a KeyInfo inside an element.
func certificates(e *markup.Element) []*markup.Element {
	var found []*markup.Element
	for _, info := range e.Children {
		if !info.Is(nsSignature, "KeyInfo") {
			continue
		}
		for _, data := range info.Children {
			if !data.Is(nsSignature, "X509Data") {
				continue
			}
			for _, c := range data.Children {
				if c.Is(nsSignature, "X509Certificate") {
					found = append(found, c)
				}
			}
		}
	}
	return found
}
