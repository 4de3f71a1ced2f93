package signin

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/beevik/etree"
)

// What a SAML message may be at most. Those of real apps have a few kilobytes and
// a depth of five, ten with a signature inside.
const (
	maxSAMLEncoded = 128 << 10 // bytes as they are sent
	maxSAML        = 256 << 10 // bytes of XML: a bomb inflates a thousandfold
	maxSAMLDepth   = 32
)

const (
	protocolNS  = "urn:oasis:names:tc:SAML:2.0:protocol"
	assertionNS = "urn:oasis:names:tc:SAML:2.0:assertion"
	postBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
)

// SAML is a message of a service provider (SAML 2.0 core sections 3.4.1 and
// 3.7.1), or its place where a sign-in begins at the issuer. Signatures are not
// verified: the issuer is a test tool and has no metadata of apps.
type SAML struct {
	Logout     bool   // a LogoutRequest, not an AuthnRequest
	ID         string // of the request; empty where nobody asked
	Issuer     string // the app's entity ID
	Reply      string // where the response goes
	RelayState string
	RelaySent  bool
}

// Registered are the addresses of apps that send none.
type Registered struct {
	Reply  string // of responses
	Logout string // of logout responses; empty: Reply
}

// ReadSAML reads a message that came by the redirect binding (deflated) or by the
// POST binding (SAML 2.0 bindings sections 3.4 and 3.5), or, without a message, the
// start of a sign-in at the issuer. The error is a *Refusal.
func ReadSAML(form url.Values, deflated bool, registered Registered) (SAML, error) {
	s := SAML{RelayState: form.Get("RelayState"), RelaySent: form.Has("RelayState")}
	if err := once(form, "SAMLRequest", "RelayState"); err != nil {
		return s, err
	}
	if err := carried("RelayState", s.RelayState); err != nil {
		return s, err
	}
	message := form.Get("SAMLRequest")
	if message == "" {
		s.Issuer = UnsolicitedFor(form)
		if s.Issuer == "" {
			return s, refuse("send an AuthnRequest, or name the app by ?entityID= to begin here", "SAMLRequest is missing: nothing says who asks")
		}
		return s, s.setReply("", registered.Reply)
	}
	root, err := readXML(message, deflated)
	if err != nil {
		return s, err
	}
	return s, s.read(root, registered)
}

// UnsolicitedFor is the app that a sign-in which begins at the issuer is for: by
// the names that providers have for the parameter (Shibboleth, PingFederate, AD FS).
func UnsolicitedFor(form url.Values) string {
	for name, values := range form {
		switch strings.ToLower(name) {
		case "entityid", "spentityid", "providerid", "logintorp":
			return values[0]
		}
	}
	return ""
}

func (s *SAML) read(root *etree.Element, registered Registered) error {
	switch {
	case root.NamespaceURI() == protocolNS && root.Tag == "AuthnRequest":
	case root.NamespaceURI() == protocolNS && root.Tag == "LogoutRequest":
		s.Logout = true
	default:
		return refuse("AuthnRequest and LogoutRequest are served", "SAMLRequest is a %s of namespace %q", root.Tag, root.NamespaceURI())
	}
	if version := root.SelectAttrValue("Version", ""); version != "2.0" {
		return refuse("SAML 2.0 is served", "the %s has the Version %q", root.Tag, version)
	}
	if s.ID = root.SelectAttrValue("ID", ""); s.ID == "" {
		return refuse("the response names it as InResponseTo", "the %s has no ID", root.Tag)
	}
	for _, child := range root.ChildElements() {
		if child.Tag == "Issuer" && child.NamespaceURI() == assertionNS {
			s.Issuer = strings.TrimSpace(child.Text())
		}
	}
	if s.Issuer == "" {
		return refuse("it is the app's entity ID; any will do", "the %s has no Issuer: nothing says who asks", root.Tag)
	}
	if s.Logout {
		to := registered.Logout
		if to == "" {
			to = registered.Reply
		}
		if to == "" {
			return refuse("register one with the issuer (logout, or reply), or bring the cookie rollover_reply", "a LogoutRequest says nothing of where its response goes, and no logout address is registered")
		}
		return s.setReply(to, "")
	}
	if binding := root.SelectAttrValue("ProtocolBinding", postBinding); binding != postBinding {
		return refuse("responses go by "+postBinding, "the AuthnRequest wants its response by %q", binding)
	}
	reply := root.SelectAttrValue("AssertionConsumerServiceURL", "")
	if index := root.SelectAttrValue("AssertionConsumerServiceIndex", ""); reply == "" && registered.Reply == "" && index != "" {
		return refuse("send AssertionConsumerServiceURL, or register the address with the issuer (reply)", "AssertionConsumerServiceIndex %q means nothing here: the issuer reads no metadata of apps", index)
	}
	return s.setReply(reply, registered.Reply)
}

func (s *SAML) setReply(sent, registered string) (err error) {
	s.Reply, err = reply("AssertionConsumerServiceURL", sent, registered)
	return err
}

// Fields are those of the form that brings a response to the app.
func (s SAML) Fields(response string) []Field {
	fields := []Field{{"SAMLResponse", base64.StdEncoding.EncodeToString([]byte(response))}}
	if s.RelaySent {
		fields = append(fields, Field{"RelayState", s.RelayState})
	}
	return fields
}

// readXML decodes a message, within limits.
func readXML(message string, deflated bool) (*etree.Element, error) {
	if len(message) > maxSAMLEncoded {
		return nil, refuse(fmt.Sprintf("%d bytes are the limit", maxSAMLEncoded), "SAMLRequest has %d bytes", len(message))
	}
	text, err := base64.StdEncoding.DecodeString(strings.NewReplacer("\r", "", "\n", "", " ", "").Replace(message))
	if err != nil {
		return nil, refuse("it is base64, percent-encoded in an address", "SAMLRequest is not base64: %v", err)
	}
	if deflated {
		// One byte more than may be, to see that there is more.
		if text, err = io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(text)), maxSAML+1)); err != nil {
			return nil, refuse("the redirect binding deflates without a header (RFC 1951)", "SAMLRequest cannot be inflated: %v", err)
		}
	}
	if len(text) > maxSAML {
		return nil, refuse(fmt.Sprintf("%d bytes are the limit", maxSAML), "SAMLRequest is too large once it is unpacked")
	}
	document := etree.NewDocument()
	document.ReadSettings = etree.ReadSettings{MaxDepth: maxSAMLDepth}
	if err := document.ReadFromBytes(text); err != nil {
		return nil, refuse("", "SAMLRequest is not XML: %v", err)
	}
	root := document.Root()
	if root == nil || len(document.ChildElements()) != 1 {
		return nil, refuse("", "SAMLRequest is not XML: it has %d root elements", len(document.ChildElements()))
	}
	if hasDTD(&document.Element) {
		return nil, refuse("SAML messages have none (SAML 2.0 core section 1.1)", "SAMLRequest has a document type declaration")
	}
	return root, nil
}

func hasDTD(e *etree.Element) bool {
	for _, child := range e.Child {
		switch child := child.(type) {
		case *etree.Directive:
			return true
		case *etree.Element:
			if hasDTD(child) {
				return true
			}
		}
	}
	return false
}
