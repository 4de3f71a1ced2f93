package federated

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/beevik/etree"
)

// message is what the issuer sent through the browser, with the parts that a
// signature may cover.
type message struct {
	root      *etree.Element // Response; in WS-Federation what WS-Trust puts round the assertion
	response  *etree.Element // root where it is a SAML 2.0 Response, else nil
	assertion *etree.Element
}

// readMessage finds the one assertion in the one place where it belongs. What
// has another anywhere, or two elements of one ID, is refused as a whole: a
// wrapped message (XSW) always needs a second place to put something. The
// structure is not yet vouched for by anybody.
func readMessage(protocol Protocol, text string) (message, error) {
	data := []byte(text)
	if protocol == SAML {
		var err error
		if data, err = base64.StdEncoding.DecodeString(text); err != nil {
			return message{}, fmt.Errorf("read SAMLResponse: %w", err)
		}
	}
	root, err := parse(data)
	if err != nil {
		return message{}, err
	}
	m := message{root: root}
	if protocol == SAML {
		m.response = root
		m.assertion, err = assertionOf(root)
	} else {
		m.assertion, err = tokenOf(root)
	}
	return m, err
}

// assertionOf is the assertion in a Response (SAML 2.0 core section 3.3.3).
func assertionOf(response *etree.Element) (*etree.Element, error) {
	if !is(response, nsProtocol, "Response") {
		return nil, fmt.Errorf("%s is no SAML 2.0 Response", response.Tag)
	}
	return only(response, nsAssertion, "Assertion")
}

// tokenOf is the assertion in a RequestSecurityTokenResponse, alone or in a
// collection (WS-Trust 1.3 section 3.2, WS-Federation 1.2 section 13.2.4).
func tokenOf(root *etree.Element) (*etree.Element, error) {
	trust := root.NamespaceURI()
	if !slices.Contains(trustNamespaces(), trust) {
		return nil, fmt.Errorf("%s is not of WS-Trust", root.Tag)
	}
	response := root
	var err error
	if root.Tag == "RequestSecurityTokenResponseCollection" {
		if response, err = only(root, trust, "RequestSecurityTokenResponse"); err != nil {
			return nil, err
		}
	}
	if response.Tag != "RequestSecurityTokenResponse" {
		return nil, fmt.Errorf("%s is no RequestSecurityTokenResponse", response.Tag)
	}
	token, err := only(response, trust, "RequestedSecurityToken")
	if err != nil {
		return nil, err
	}
	return only(token, nsAssertion, "Assertion")
}

// unambiguous refuses a message in which something can be mistaken for
// something else.
func (m message) unambiguous() error {
	if repeated := repeatedID(m.root); repeated != "" {
		return fmt.Errorf("ID %q twice in a message", repeated)
	}
	if n := len(find(m.root, nsAssertion, "Assertion")); n != 1 {
		return fmt.Errorf("%d assertions in a message", n)
	}
	if m.response != nil && len(find(m.root, nsProtocol, "Response")) != 1 {
		return errors.New("a Response within a Response")
	}
	expected := len(children(m.assertion, nsSignature, "Signature"))
	if m.response != nil {
		expected += len(children(m.response, nsSignature, "Signature"))
	}
	if n := len(find(m.root, nsSignature, "Signature")); n != expected {
		return fmt.Errorf("%d signatures in a message, %d of them where they belong", n, expected)
	}
	return nil
}
