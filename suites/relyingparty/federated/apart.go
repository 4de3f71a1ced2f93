package federated

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/beevik/etree"
)

// authenticateApart is the reader that signature wrapping fools: it is content
// when some signature in the message verifies over something in it, and then
// looks for an assertion by itself.
func (a *App) authenticateApart(ctx context.Context, root *etree.Element, sent request, err error) (string, error) {
	if root == nil {
		return "", err
	}
	assertions := a.policy.Pick(root)
	if len(assertions) == 0 {
		return "", errors.New("no assertion in a message")
	}
	err = fmt.Errorf("message is %w", errUnsigned)
	for _, signature := range find(root, nsSignature, "Signature") {
		if err = a.verifyWherever(ctx, root, signature); err == nil {
			return a.checkAssertion(assertions[0], sent)
		}
	}
	return "", err
}

// verifyWherever verifies a signature over an element that it refers to, wherever
// the two stand. Two elements of one ID are one as good as the other to it.
func (a *App) verifyWherever(ctx context.Context, root, signature *etree.Element) error {
	err := fmt.Errorf("signature refers to nothing in the message: %w", errUnsigned)
	for _, reference := range find(signature, nsSignature, "Reference") {
		id := strings.TrimPrefix(reference.SelectAttrValue("URI", ""), "#")
		walk(root, func(e *etree.Element) {
			if err != nil && id != "" && e.SelectAttrValue("ID", "") == id {
				err = a.verifyAs(ctx, e, signature)
			}
		})
	}
	return err
}

// verifyAs verifies an element as if the signature were its own. Of the signature
// only what is defined for one is kept, whatever somebody put in it.
func (a *App) verifyAs(ctx context.Context, e, signature *etree.Element) error {
	alone, err := detach(e)
	if err != nil {
		return err
	}
	own, err := detach(signature)
	if err != nil {
		return err
	}
	for _, former := range children(alone, nsSignature, "Signature") {
		alone.RemoveChild(former)
	}
	for _, part := range own.ChildElements() {
		if part.Tag != "SignedInfo" && part.Tag != "SignatureValue" {
			own.RemoveChild(part)
		}
	}
	alone.AddChild(own)
	_, err = a.withKeys(ctx, func(trusted []*x509.Certificate) (*etree.Element, error) { return verifyDetached(alone, trusted) })
	return err
}

// anywhere lists assertions in document order: //Assertion.
func anywhere(root *etree.Element) []*etree.Element { return find(root, nsAssertion, "Assertion") }

// outermost lists those where a message has them: /Response/Assertion.
func outermost(root *etree.Element) []*etree.Element {
	holders := []*etree.Element{root}
	for _, namespace := range trustNamespaces() {
		holders = append(holders, find(root, namespace, "RequestedSecurityToken")...)
	}
	var found []*etree.Element
	for _, holder := range holders {
		found = append(found, children(holder, nsAssertion, "Assertion")...)
	}
	return found
}
