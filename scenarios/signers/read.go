package signers

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/rollover-harness/rollover/scenarios/spec"
)

// Read reads a document. name is its file or its address, for the errors: a
// document that cannot be read at all is a spec.Errors. One without a single
// certificate is no error.
func Read(name string, data []byte) (Document, error) {
	if len(data) > MaxBytes {
		return Document{}, unreadable(name, fmt.Sprintf("%d bytes", len(data)), fmt.Sprintf("at most %d", MaxBytes))
	}
	text := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	start := strings.ToLower(string(text[:min(len(text), 64)]))
	wide := bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff"))
	switch {
	case len(text) == 0:
		return Document{}, unreadable(name, "it is empty", "")
	case strings.HasPrefix(start, "<!doctype html"), strings.HasPrefix(start, "<html"):
		return Document{}, unreadable(name, "an HTML page", "a sign-in or an error page stands where metadata should: open the address in a browser")
	case text[0] == '<', wide:
		return metadata(name, data)
	case text[0] == '{', text[0] == '[':
		return keySet(name, text)
	case bytes.Contains(text, []byte("-----BEGIN ")):
		return fromPEM(name, text), nil
	}
	r := newReader(name, Certificates)
	c, doubt, err := certificate(data)
	if err != nil && printable(text) {
		c, doubt, err = fromBase64(string(text))
	}
	if err != nil {
		return Document{}, unreadable(name, "neither metadata nor a key set nor a certificate", "federation metadata, SAML metadata, JWKS, or certificates as PEM, DER or base64")
	}
	r.add(c, Place{})
	r.doubt(spec.Error{}, doubt)
	return r.found, nil
}

// printable reports whether a text may be base64.
func printable(text []byte) bool {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
	return len(bytes.Trim(bytes.Join(bytes.Fields(text), nil), alphabet)) == 0 && len(text) >= base64.StdEncoding.EncodedLen(1)
}

func unreadable(name, cause, hint string) error {
	return spec.Errors{{File: name, Path: name, Cause: cause, Hint: hint}}
}

// doubt names what Go holds against a certificate that is listed all the same.
func (r *reader) doubt(at spec.Error, doubt error) {
	if doubt == nil {
		return
	}
	at.Cause = fmt.Sprintf("an unusual certificate: %v", doubt)
	at.Hint = "its thumbprint is right; strict libraries refuse it"
	r.odd(at)
}

// fromPEM reads every certificate of a PEM file; text between them is skipped.
func fromPEM(name string, text []byte) Document {
	r := newReader(name, Certificates)
	for n := 1; ; n++ {
		block, rest := pem.Decode(text)
		if block == nil {
			if bytes.Contains(text, []byte("-----BEGIN ")) {
				r.wrong(spec.Error{Path: fmt.Sprintf("PEM block %d", n), Cause: "not PEM", Hint: "is it cut off?"})
			}
			return r.found
		}
		if r.full() {
			return r.found
		}
		at := spec.Error{Path: fmt.Sprintf("PEM block %d", n)}
		text = rest
		switch kind := block.Type; {
		case kind == "CERTIFICATE", kind == "X509 CERTIFICATE", kind == "TRUSTED CERTIFICATE":
			c, doubt, err := certificate(block.Bytes)
			if err != nil {
				at.Cause = err.Error()
				r.wrong(at)
				continue
			}
			r.add(c, Place{})
			r.doubt(at, doubt)
		case strings.HasSuffix(kind, "PRIVATE KEY"):
			at.Cause, at.Hint = "a private key, left alone", "thumbprints are of certificates; keep the key out of here"
			r.odd(at)
		default:
			at.Cause = fmt.Sprintf("%q, not a certificate", kind)
			r.odd(at)
		}
	}
}
