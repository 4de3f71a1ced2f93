package federated

import (
	"bytes"
	"compress/flate"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// requestCookie ties an answer to the browser that asked for it.
const requestCookie = "federated_request"

// newID is a fresh request's: an NCName that nobody can guess (SAML 2.0 core
// section 1.3.4).
func newID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // it never fails
	return "_" + hex.EncodeToString(id)
}

// request is one with that ID, answered to the address at which the browser
// found the app.
func (a *App) request(r *http.Request, id string) request {
	return request{id: id, reply: "http://" + r.Host + "/signin"}
}

// address is where the browser is sent with a request.
func (a *App) address(sent request) string {
	query := url.Values{}
	if a.protocol == WSFederation { // WS-Federation 1.2 section 13.2.2
		query.Set("wa", "wsignin1.0")
		query.Set("wtrealm", a.realm)
		query.Set("wreply", sent.reply)
		query.Set("wctx", sent.id)
	} else { // SAML 2.0 bindings section 3.4
		query.Set("SAMLRequest", a.authnRequest(sent))
		query.Set("RelayState", sent.id)
	}
	mark := "?"
	if strings.Contains(a.signIn, "?") {
		mark = "&"
	}
	return a.signIn + mark + query.Encode()
}

// authnRequest is an AuthnRequest in DEFLATE encoding (SAML 2.0 bindings section
// 3.4.4.1).
func (a *App) authnRequest(sent request) string {
	doc := etree.NewDocument()
	root := doc.CreateElement("samlp:AuthnRequest")
	for _, attribute := range [][2]string{
		{"xmlns:samlp", nsProtocol}, {"xmlns:saml", nsAssertion}, {"ID", sent.id}, {"Version", "2.0"},
		{"IssueInstant", a.now().UTC().Format(time.RFC3339)}, {"Destination", a.signIn},
		{"AssertionConsumerServiceURL", sent.reply}, {"ProtocolBinding", "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"},
	} {
		root.CreateAttr(attribute[0], attribute[1])
	}
	root.CreateElement("saml:Issuer").SetText(a.realm)
	var packed bytes.Buffer
	w, kept := a.packers.Get().(*flate.Writer)
	if kept {
		w.Reset(&packed)
	} else {
		w, _ = flate.NewWriter(&packed, flate.BestSpeed) // there is such a level
	}
	defer a.packers.Put(w)
	_, _ = doc.WriteTo(w) // memory takes everything
	_ = w.Close()
	return base64.StdEncoding.EncodeToString(packed.Bytes())
}
