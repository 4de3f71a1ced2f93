package federation

import (
	"bytes"
	"crypto/sha1" // names documents and assertions, protects nothing
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/beevik/etree"
)

// The namespaces and words of the protocols.
const (
	metadataNS = "urn:oasis:names:tc:SAML:2.0:metadata"
	saml20NS   = "urn:oasis:names:tc:SAML:2.0:assertion"
	saml11NS   = "urn:oasis:names:tc:SAML:1.0:assertion"
	samlpNS    = "urn:oasis:names:tc:SAML:2.0:protocol"
	dsigNS     = "http://www.w3.org/2000/09/xmldsig#"
	wsaNS      = "http://www.w3.org/2005/08/addressing"
	wspNS      = "http://schemas.xmlsoap.org/ws/2004/09/policy"
	wsuNS      = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	wsseNS     = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	wsse11NS   = "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd"
)

// timeForm is xs:dateTime as Microsoft's providers write it (SAML 2.0 core section
// 1.3.3 asks for UTC).
const timeForm = "2006-01-02T15:04:05.000Z"

func instant(t time.Time) string { return t.UTC().Format(timeForm) }

// child adds an element with attributes, given as name, value, name, value.
func child(parent *etree.Element, name string, attrs ...string) *etree.Element {
	made := parent.CreateElement(name)
	for i := 0; i < len(attrs); i += 2 {
		made.CreateAttr(attrs[i], attrs[i+1])
	}
	return made
}

// textChild adds an element with a text.
func textChild(parent *etree.Element, name, text string, attrs ...string) *etree.Element {
	made := child(parent, name, attrs...)
	made.SetText(text)
	return made
}

// serialise writes an element as it is: nothing is laid out anew, which would
// break signatures, and what a parser would normalise is escaped.
func serialise(root *etree.Element) []byte {
	var text bytes.Buffer
	root.WriteTo(&text, &etree.WriteSettings{CanonicalText: true, CanonicalAttrVal: true})
	return text.Bytes()
}

// idOf is an XML ID made from a seed: a name-based UUID (RFC 9562 section 5.5) as
// Microsoft's providers write theirs.
func idOf(seed []byte) string {
	sum := sha1.Sum(append([]byte("rollover federation "), seed...))
	sum[6], sum[8] = sum[6]&0x0f|0x50, sum[8]&0x3f|0x80
	return fmt.Sprintf("_%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// encode is a certificate as X509Certificate has it (XML Signature section 4.5.4.1).
func encode(c *x509.Certificate) string { return base64.StdEncoding.EncodeToString(c.Raw) }
