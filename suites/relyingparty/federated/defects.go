package federated

import (
	"crypto/x509"
	"fmt"
	"strings"

	"github.com/beevik/etree"

	"github.com/rollover-harness/rollover/suites/relyingparty/internal/keycache"
)

// Defect is one named departure from the sound app.
type Defect struct {
	Name     string
	Imitates string // the public incident, library or idiom it stands for
	Policy   Policy
}

// Defects returns every defect, in a fixed order.
func Defects() []Defect {
	return []Defect{
		depart("pinned-thumbprint",
			"passport-wsfed-saml2, K2 and WIF's issuer name registries (WIF10201): a thumbprint in the configuration",
			func(p *Policy) { p.Pinned = true }),
		depart("never-refreshes",
			"crewjam/saml's samlsp.FetchMetadata, samlify and the Shibboleth SP without reloadInterval: read once",
			func(p *Policy) { p.Refresh = keycache.Refresh{OnDemand: keycache.Never, Once: true} }),
		depart("first-certificate-only",
			"passport-saml-metadata's signingCert and forms with room for one certificate: the first of the metadata",
			func(p *Policy) { p.Choose = first }),
		depart("last-certificate-only",
			"passport-saml-metadata's toPassportConfig without multipleCerts: the last certificate of the metadata",
			func(p *Policy) { p.Choose = last }),
		depart("wiped-by-broken-metadata",
			"Microsoft.IdentityModel's WS-Federation reader, to which a document without a key it finds is a good one",
			func(p *Policy) { p.KeepGood = false }),
		depart("unchecked-metadata-signature",
			"Microsoft.IdentityModel without a WsFederationConfigurationValidator: Signature is read and not verified",
			func(p *Policy) { p.CheckMetadataSignature = false }),
		depart("ignores-valid-until",
			"Microsoft.IdentityModel, samlify and crewjam/saml: validUntil is not read, and a replayed document is as good as new",
			func(p *Policy) { p.CheckValidity = false }),
		depart("obeys-cache-duration",
			"a cache without a floor: a cacheDuration of nothing makes every sign-in a fetch",
			func(p *Policy) { p.ObeyCacheDuration = true }),
		depart("stumbles-over-byte-order-mark",
			"hand-made readers of Entra's App Federation Metadata Url, whose documents begin with EF BB BF",
			func(p *Policy) { p.SkipMark = false }),
		depart("adopts-entity-id",
			"Microsoft.IdentityModel and crewjam/saml: the issuer's name is whatever the metadata last fetched says",
			func(p *Policy) { p.AdoptEntityID = true }),
		depart("reads-key-set",
			"one key cache for everything: the x5c members of the JWKS verify assertions too",
			func(p *Policy) { p.KeySet = true }),
		depart("wrong-role",
			"Microsoft.IdentityModel's WsFederationMetadataSerializer: without a security token service there are no certificates, and no error",
			func(p *Policy) { p.Roles, p.AcceptNoKeys = tokenServiceOnly, true }),
		depart("trusts-keyinfo",
			"CVE-2024-32962 in xml-crypto: whatever certificate stands in KeyInfo verifies the signature, and nobody asks whose it is",
			func(p *Policy) { p.TrustKeyInfo = true }),
		depart("ignores-signature",
			"SAMLResponse decoded and parsed by hand: it is base64 and XML, and nobody verifies it",
			func(p *Policy) { p.Signature = Never }),
		depart("accepts-unsigned",
			"libraries that verify a signature where there is one, so that who leaves it out is in",
			func(p *Policy) { p.Signature = WhereThereIs }),
		depart("reads-first-assertion",
			"On Breaking SAML (USENIX Security 2012): 11 of 14 frameworks verified one element and read another",
			func(p *Policy) { p.Pick = anywhere }),
		depart("reads-outer-assertion",
			"the same by XPath: the reference is looked up by ID, the assertion by its place, and the two may differ",
			func(p *Policy) { p.Pick = outermost }),
		depart("cuts-name-at-comment",
			"CVE-2017-11427 and CVE-2017-11428 (2018): the text of an XML element taken for that before a comment",
			func(p *Policy) { p.CutName = true }),
		depart("ignores-audience",
			"SAML libraries in which the audience is an option: an assertion for another app of the same issuer",
			func(p *Policy) { p.CheckAudience = false }),
		depart("ignores-times",
			"clock checks switched off after a skew: NotBefore and NotOnOrAfter are not looked at",
			func(p *Policy) { p.CheckTimes = false }),
	}
}

// Names returns the names of all defects, in the order of [Defects].
func Names() []string {
	var names []string
	for _, defect := range Defects() {
		names = append(names, defect.Name)
	}
	return names
}

// policyOf returns the policy of the named defect, the sound one for "".
func policyOf(name string) (Policy, error) {
	if name == "" {
		return Sound(), nil
	}
	for _, defect := range Defects() {
		if defect.Name == name {
			return defect.Policy, nil
		}
	}
	return Policy{}, fmt.Errorf("unknown defect %q (one of %s)", name, strings.Join(Names(), ", "))
}

func depart(name, imitates string, change func(*Policy)) Defect {
	policy := Sound()
	change(&policy)
	return Defect{Name: name, Imitates: imitates, Policy: policy}
}

func first(list []*x509.Certificate) []*x509.Certificate { return list[:min(1, len(list))] }

func last(list []*x509.Certificate) []*x509.Certificate { return list[max(0, len(list)-1):] }

func tokenServiceOnly(Protocol) []Role { return []Role{SecurityTokenService} }

// textBeforeComment is what a DOM gives for the first text node.
func textBeforeComment(element *etree.Element) string {
	for _, child := range element.Child {
		if data, is := child.(*etree.CharData); is {
			return data.Data
		}
	}
	return ""
}
