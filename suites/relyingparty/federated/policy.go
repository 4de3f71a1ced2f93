package federated

import (
	"crypto/x509"
	"time"

	"github.com/beevik/etree"

	"github.com/rollover-harness/rollover/suites/relyingparty/internal/keycache"
)

// Policy is everything in which a defective app may depart from the sound one.
type Policy struct {
	// Refresh says when the metadata is fetched.
	Refresh keycache.Refresh
	// KeySet takes the certificates of the issuer's key set for JWTs, and reads no
	// metadata.
	KeySet bool
	// CheckMetadataSignature is false where metadata is read as it comes.
	CheckMetadataSignature bool
	// CheckValidity is false where metadata is read whatever its validUntil.
	CheckValidity bool
	// KeepGood is false where a document that cannot be used replaces the one held.
	KeepGood bool
	// ObeyCacheDuration lets the document itself say how soon it is fetched
	// again, be it at once.
	ObeyCacheDuration bool
	// SkipMark is false where a byte-order mark is not expected.
	SkipMark bool
	// AdoptEntityID takes the name in the metadata for the issuer's.
	AdoptEntityID bool
	// Roles lists the roles whose certificates are taken, by protocol: those of
	// the first one that has any.
	Roles func(Protocol) []Role
	// AcceptNoKeys takes a document without such a certificate for one that has
	// none, and not for one that cannot be used.
	AcceptNoKeys bool
	// Choose returns those of the metadata's certificates that are tried.
	Choose func([]*x509.Certificate) []*x509.Certificate

	// Pinned trusts the certificate in KeyInfo where its SHA-1 is the configured
	// one, and reads no metadata.
	Pinned bool
	// TrustKeyInfo verifies with the certificate in KeyInfo, whatever it is.
	TrustKeyInfo bool
	// Signature says when a signature is verified.
	Signature Check
	// Pick, unless nil, chooses the assertion that is read once any signature in a
	// message verifies, wherever it stands and whatever it covers. Nil: what is read
	// is what was verified.
	Pick func(root *etree.Element) []*etree.Element
	// CutName reads the name from the message as it came, up to a comment, and
	// not from what was verified.
	CutName bool
	// CheckAudience and CheckTimes guard AudienceRestriction, and NotBefore and
	// NotOnOrAfter.
	CheckAudience, CheckTimes bool
}

// Check says when something is verified.
type Check int

// The checks.
const (
	Always       Check = iota
	WhereThereIs       // a message without a signature needs none
	Never
)

// Sound returns the policy of the app without a defect.
func Sound() Policy {
	return Policy{
		Refresh: keycache.Refresh{
			Lifetime: 2 * time.Second,
			Stale:    time.Hour,
			OnDemand: keycache.OncePerSecond,
		},
		CheckMetadataSignature: true,
		CheckValidity:          true,
		KeepGood:               true,
		SkipMark:               true,
		Roles:                  rolesOf,
		Choose:                 all,
		CheckAudience:          true,
		CheckTimes:             true,
	}
}

// rolesOf prefers a security token service for WS-Federation and takes the
// identity provider's role where there is none: both are the same entity's
// promise about what it signs assertions with.
func rolesOf(p Protocol) []Role {
	if p == WSFederation {
		return []Role{SecurityTokenService, IdentityProvider}
	}
	return []Role{IdentityProvider}
}

func all(list []*x509.Certificate) []*x509.Certificate { return list }

// wholeText is the text of an element as the verified octets have it: exclusive
// canonicalisation has taken the comments out.
func wholeText(element *etree.Element) string {
	text := ""
	for _, child := range element.Child {
		if data, is := child.(*etree.CharData); is {
			text += data.Data
		}
	}
	return text
}
