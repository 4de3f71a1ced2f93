package federation

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"fmt"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// Algorithms lists the JOSE algorithms whose keys sign XML here: RSA alone, as
// with Microsoft's providers, under rsa-sha256 (or rsa-sha1) either way.
func Algorithms() []string { return []string{"RS256", "PS256"} }

func signsXML(m keyring.Material) bool {
	_, is := m.Signer.Public().(*rsa.PublicKey)
	return is
}

// signer makes enveloped signatures (XML Signature section 6.6.4) over exclusively
// canonicalised elements, the one kind that Microsoft's readers accept (IDX30204).
type signer struct {
	material     keyring.Material
	certificate  *x509.Certificate // in KeyInfo; nil: no KeyInfo
	sha1         bool              // rsa-sha1, which today's readers refuse, instead of rsa-sha256
	prefix       string            // of the signature's elements
	plainKeyInfo bool              // X509Data stands in KeyInfo without the prefix, as in AD FS's metadata
}

// sign puts a signature over root in as its child number at. root is the root of
// its own document: what it would inherit from ancestors is not canonicalised.
func (s *signer) sign(root *etree.Element, idAttribute string, at int) error {
	context, err := dsig.NewSigningContext(s.material.Signer, nil)
	if err != nil {
		return fmt.Errorf("sign XML: %w", err)
	}
	context.IdAttribute = idAttribute
	context.Prefix = s.prefix
	context.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if s.sha1 {
		context.Hash = crypto.SHA1
	}
	// Of a copy: the canonicaliser takes declarations away from what it is given that
	// are used in values alone. With xmlns:fed gone, Microsoft's reader finds no keys.
	signature, err := context.ConstructSignature(root.Copy(), true)
	if err != nil {
		return fmt.Errorf("sign XML: %w", err)
	}
	s.replaceKeyInfo(signature)
	root.InsertChildAt(at, signature)
	return nil
}

// replaceKeyInfo writes KeyInfo as the provider does. No signature covers it.
func (s *signer) replaceKeyInfo(signature *etree.Element) {
	for _, e := range signature.SelectElements("KeyInfo") {
		signature.RemoveChild(e)
	}
	if s.certificate == nil {
		return
	}
	info, prefix := child(signature, "KeyInfo"), ""
	if s.prefix != "" {
		info.CreateAttr("xmlns", dsigNS)
		if !s.plainKeyInfo {
			prefix = s.prefix + ":"
		}
	}
	textChild(child(info, prefix+"X509Data"), prefix+"X509Certificate", encode(s.certificate))
}
