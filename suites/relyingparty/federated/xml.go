package federated

import (
	"errors"
	"fmt"
	"slices"

	"github.com/beevik/etree"
)

// The namespaces of what an issuer sends.
const (
	nsMetadata  = "urn:oasis:names:tc:SAML:2.0:metadata"
	nsProtocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsSignature = "http://www.w3.org/2000/09/xmldsig#"
	nsInstance  = "http://www.w3.org/2001/XMLSchema-instance"
)

// trustNamespaces are those of WS-Trust of February 2005 and 1.3.
func trustNamespaces() []string {
	return []string{"http://schemas.xmlsoap.org/ws/2005/02/trust", "http://docs.oasis-open.org/ws-sx/ws-trust/200512"}
}

// parse reads a document that has a root and no DTD: entities are the way to
// expansion and to other people's files.
func parse(data []byte) (*etree.Element, error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(data); err != nil {
		return nil, fmt.Errorf("read XML: %w", err)
	}
	for _, child := range doc.Child {
		if _, is := child.(*etree.Directive); is {
			return nil, errors.New("read XML: it has a DTD")
		}
	}
	if doc.Root() == nil {
		return nil, errors.New("read XML: no element")
	}
	return doc.Root(), nil
}

// is reports whether an element has this name.
func is(e *etree.Element, namespace, tag string) bool {
	return e.Tag == tag && e.NamespaceURI() == namespace
}

// children are the child elements of this name.
func children(e *etree.Element, namespace, tag string) []*etree.Element {
	return slices.DeleteFunc(e.ChildElements(), func(child *etree.Element) bool { return !is(child, namespace, tag) })
}

// only returns the one child of this name.
func only(e *etree.Element, namespace, tag string) (*etree.Element, error) {
	found := children(e, namespace, tag)
	if len(found) != 1 {
		return nil, fmt.Errorf("%s has %d of %s", e.Tag, len(found), tag)
	}
	return found[0], nil
}

// walk goes through an element and all below it, in document order.
func walk(e *etree.Element, visit func(*etree.Element)) {
	visit(e)
	for _, child := range e.ChildElements() {
		walk(child, visit)
	}
}

// find lists the elements of this name at or below e, in document order.
func find(e *etree.Element, namespace, tag string) []*etree.Element {
	var found []*etree.Element
	walk(e, func(below *etree.Element) {
		if is(below, namespace, tag) {
			found = append(found, below)
		}
	})
	return found
}

// repeatedID returns an ID that two elements share: a reference to it can mean
// either.
func repeatedID(root *etree.Element) string {
	seen, repeated := map[string]bool{}, ""
	walk(root, func(e *etree.Element) {
		for _, name := range []string{"ID", "Id", "AssertionID"} {
			id := e.SelectAttrValue(name, "")
			if id != "" && seen[id] {
				repeated = id
			}
			seen[id] = true
		}
	})
	return repeated
}
