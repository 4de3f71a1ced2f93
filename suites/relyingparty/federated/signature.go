package federated

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

// errUnsigned says that a signature was looked for where there is none.
var errUnsigned = errors.New("not signed")

// verify returns what the element's own signature covers, parsed from the very
// octets that were digested: an enveloped signature over the whole element, made
// by one of the certificates. Error is errUnsigned where it has no signature.
func verify(e *etree.Element, trusted []*x509.Certificate) (*etree.Element, error) {
	switch signatures := children(e, nsSignature, "Signature"); {
	case len(signatures) == 0:
		return nil, fmt.Errorf("%s is %w", e.Tag, errUnsigned)
	case len(signatures) > 1:
		return nil, fmt.Errorf("%s has %d signatures", e.Tag, len(signatures))
	}
	e, err := detach(e)
	if err != nil {
		return nil, err
	}
	if err := allowed(e); err != nil {
		return nil, err
	}
	return verifyDetached(e, trusted)
}

// allowed refuses SHA-1, which x509.Certificate.CheckSignature still takes: who
// can make two documents of one digest can have the other one signed.
func allowed(e *etree.Element) error {
	for _, tag := range []string{"SignatureMethod", "DigestMethod"} {
		for _, method := range find(e, nsSignature, tag) {
			if algorithm := method.SelectAttrValue("Algorithm", ""); strings.HasSuffix(algorithm, "sha1") {
				return fmt.Errorf("signature of %s is by %s", e.Tag, algorithm)
			}
		}
	}
	return nil
}

// verifyDetached tries one certificate after the other. KeyInfo is taken away
// before: it is a hint that no signature covers (XML Signature section 4.5).
func verifyDetached(e *etree.Element, trusted []*x509.Certificate) (*etree.Element, error) {
	for _, signature := range children(e, nsSignature, "Signature") {
		for _, hint := range children(signature, nsSignature, "KeyInfo") {
			signature.RemoveChild(hint)
		}
	}
	err := errors.New("no certificate to verify with")
	for _, certificate := range trusted {
		context := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{certificate}})
		// What vouches for a key is the metadata, not its certificate's dates (SAML
		// V2.0 Metadata Interoperability Profile section 2.6.1).
		context.Clock = dsig.NewFakeClockAt(certificate.NotBefore)
		var verified *etree.Element
		if verified, err = context.Validate(e); err == nil {
			return verified, nil
		}
	}
	return nil, fmt.Errorf("signature of %s: none of %d trusted certificates verifies it: %w", e.Tag, len(trusted), err)
}

// detach copies an element with the namespaces that it has from above.
func detach(e *etree.Element) (*etree.Element, error) {
	context, err := etreeutils.NSBuildParentContext(e)
	if err != nil {
		return nil, fmt.Errorf("read namespaces: %w", err)
	}
	alone, err := etreeutils.NSDetatch(context, e)
	if err != nil {
		return nil, fmt.Errorf("read namespaces: %w", err)
	}
	return alone, nil
}

// embedded returns the first certificate in KeyInfo of a signature, nil where it
// brings none.
func embedded(signature *etree.Element) (*x509.Certificate, error) {
	for _, text := range find(signature, nsSignature, "X509Certificate") {
		return certificate(text)
	}
	return nil, nil
}

// certificate reads the text of an X509Certificate.
func certificate(text *etree.Element) (*x509.Certificate, error) {
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(wholeText(text)), ""))
	if err != nil {
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	read, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	return read, nil
}
