package federation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
	"github.com/russellhaering/goxmldsig/etreeutils"

	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/profile"
)

// bend makes metadata depart from the truth, all but its signature, its byte-order
// mark and what is around it.
func bend(root *etree.Element, b keyring.Bend) error {
	if b.EntityID != "" {
		root.CreateAttr("entityID", b.EntityID)
	}
	if b.ValidUntil != nil {
		root.CreateAttr("validUntil", instant(b.At.Add(*b.ValidUntil)))
	}
	if b.CacheDuration > 0 {
		root.CreateAttr("cacheDuration", duration(b.CacheDuration))
	}
	for _, role := range roles(root) {
		if b.Roles != nil && !slices.Contains(b.Roles, roleName(role)) {
			root.RemoveChild(role)
			continue
		}
		bendKeys(role, b)
		if b.Tampered {
			role.CreateAttr("errorURL", "https://evil.test/") // legal, and harmless where nobody looks
		}
	}
	if b.Canonical {
		// What a signer leaves behind that lets the canonicaliser have the document itself.
		if err := etreeutils.TransformExcC14n(root, "", false); err != nil {
			return fmt.Errorf("canonicalise: %w", err)
		}
	}
	return nil
}

// bendKeys changes the keys of a role. Where they begin is where the first
// KeyDescriptor stands; a role that is left without one has them at its beginning.
func bendKeys(role *etree.Element, b keyring.Bend) {
	keys := role.SelectElements("KeyDescriptor")
	begin, end := 0, 0
	if len(keys) > 0 {
		begin, end = keys[0].Index(), keys[len(keys)-1].Index()+1
	}
	signs := len(keys) == 0 || slices.ContainsFunc(keys, func(k *etree.Element) bool { return use(k) == "signing" })
	if b.BadCertificate {
		role.InsertChildAt(end, keyDescriptor("signing", "MII*this is no base64*"))
	}
	if b.Beside != nil && signs {
		role.InsertChildAt(begin, keyDescriptor("signing", encode(b.Beside.Certificate)))
	}
	if b.EncryptionKey && !slices.ContainsFunc(keys, func(k *etree.Element) bool { return use(k) == "encryption" }) {
		role.InsertChildAt(begin, keyDescriptor("encryption", profile.EncryptionCertificateDER))
	}
	if b.EncryptionMethod {
		for _, k := range role.SelectElements("KeyDescriptor") {
			child(k, "EncryptionMethod", "Algorithm", "http://www.w3.org/2001/04/xmlenc#aes256-cbc")
		}
	}
}

func use(key *etree.Element) string { return key.SelectAttrValue("use", "") }

func keyDescriptor(use, certificate string) *etree.Element {
	key := etree.NewElement("KeyDescriptor")
	key.CreateAttr("use", use)
	textChild(child(child(key, "KeyInfo", "xmlns", dsigNS), "X509Data"), "X509Certificate", certificate)
	return key
}

// roles are the role descriptors of an entity.
func roles(root *etree.Element) []*etree.Element {
	return slices.DeleteFunc(root.ChildElements(), func(e *etree.Element) bool { return roleName(e) == "" })
}

// roleName is a role in the words of fault.Roles; empty: it is none.
func roleName(e *etree.Element) string {
	switch e.Tag {
	case "IDPSSODescriptor":
		return "idpsso"
	case "SPSSODescriptor":
		return "spsso"
	case "RoleDescriptor":
		if strings.HasSuffix(e.SelectAttrValue("xsi:type", ""), ":SecurityTokenServiceType") {
			return "sts"
		}
		return "application"
	}
	return ""
}

// aggregate is the entity in an EntitiesDescriptor (SAML 2.0 metadata section 2.3.1).
func aggregate(entity *etree.Element) *etree.Element {
	root := etree.NewElement("EntitiesDescriptor")
	root.CreateAttr("xmlns", metadataNS)
	root.AddChild(entity)
	return root
}

// duration is an xs:duration.
func duration(d time.Duration) string {
	text := fmt.Sprintf("%.9f", d.Seconds())
	return "PT" + strings.TrimSuffix(strings.TrimRight(text, "0"), ".") + "S"
}
