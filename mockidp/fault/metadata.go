package fault

import (
	"slices"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// Metadata bends federation and SAML metadata beside their keys. Each member is
// something that a provider really serves or served, or that a reader stumbles
// over; several may be given at once.
type Metadata struct {
	// Roles are those that stay, where a provider's document lacks what a reader looks
	// for: Microsoft.IdentityModel reads SecurityTokenServiceType alone and takes a
	// document without it for one with no keys.
	Roles []string `json:"roles,omitempty" doc:"the only roles left in: sts, application, idpsso, spsso"`
	// Unsigned is what ValidatingIssuerNameRegistry refuses (WIF10120).
	Unsigned bool `json:"unsigned,omitempty" doc:"no signature"`
	// Tampered is an attacker between provider and app; few readers check by default,
	// Microsoft.IdentityModel and crewjam/saml not among them. With extraKey it shows: a
	// token of that key must then be rejected.
	Tampered bool `json:"tampered,omitempty" doc:"whatever else this fault changes is changed after signing, so that the signature is bad"`
	// SignedBy is a provider that signs with a new key before it publishes it: readers
	// that check the signer reject the document (IDX22713) and keep the last good one.
	SignedBy string `json:"signedBy,omitempty" doc:"the key of the ring, in whatever state, that signs the document"`
	// ExtraKey is what an attacker puts in. It stands first, where readers that take
	// one certificate look (passport-saml-metadata's signingCert).
	ExtraKey string `json:"extraKey,omitempty" doc:"a key of the ring, in whatever state, whose certificate stands before the served ones"`
	// ValidUntil is what Shibboleth and pysaml2 honour and Microsoft's readers ignore
	// (SAML 2.0 metadata section 2.3.2). Microsoft's documents state none.
	ValidUntil *clock.Duration `json:"validUntil,omitempty" doc:"validUntil, from the issuer's now, negative allowed; it moves on when half of it has passed"`
	// CacheDuration is how Shibboleth is told to poll; a tiny one is a storm.
	CacheDuration clock.Duration `json:"cacheDuration,omitempty" doc:"cacheDuration"`
	// EntityID is a provider renamed, or {tenantid} where an app expects a tenant:
	// crewjam/saml compares it with the issuer of each response.
	EntityID string `json:"entityID,omitempty" doc:"another entityID than the issuer's"`
	// ByteOrderMark stands before Entra's documents of an application.
	ByteOrderMark bool `json:"byteOrderMark,omitempty" doc:"a UTF-8 byte-order mark before everything"`
	// Aggregate is how federations of many publish metadata; Microsoft.IdentityModel
	// wants an EntityDescriptor at the root (IDX22800).
	Aggregate bool `json:"aggregate,omitempty" doc:"the entity stands in an EntitiesDescriptor"`
	// EncryptionKey is legal and common; Microsoft.IdentityModel takes any use for signing.
	EncryptionKey bool `json:"encryptionKey,omitempty" doc:"every role has a KeyDescriptor for encryption first"`
	// BadCertificate makes Microsoft.IdentityModel give up the whole document (IDX22800).
	BadCertificate bool `json:"badCertificate,omitempty" doc:"every role has a KeyDescriptor with a certificate that is no base64 last"`
	// Canonical is what a signer leaves behind that signs in place (goxmldsig without a
	// copy): xmlns:fed is gone from the RoleDescriptor whose xsi:type needs it. The
	// signature is good, and Microsoft.IdentityModel finds no keys, without an error.
	Canonical bool `json:"canonical,omitempty" doc:"namespaces are declared where exclusive canonicalisation declares them: xmlns:fed not on the RoleDescriptor"`
	// EncryptionMethod is legal (SAML 2.0 metadata section 2.4.1.1);
	// Microsoft.IdentityModel wants nothing behind KeyInfo (IDX22800).
	EncryptionMethod bool `json:"encryptionMethod,omitempty" doc:"every KeyDescriptor has an EncryptionMethod behind KeyInfo"`
}

// Roles lists what a Metadata may leave in.
func Roles() []string { return []string{"sts", "application", "idpsso", "spsso"} }

// View bends what is served of s. Keys are those of truth: an earlier rule may
// have left them out. What an earlier rule bent stays bent.
func (f Metadata) View(s, truth keyring.Snapshot) keyring.Snapshot {
	b := &s.Bend
	if f.Roles != nil {
		b.Roles = slices.Clone(f.Roles)
	}
	if f.SignedBy != "" {
		b.Signer = keyOf(truth, f.SignedBy)
	}
	if f.ExtraKey != "" {
		b.Beside = keyOf(truth, f.ExtraKey)
	}
	if f.ValidUntil != nil {
		until := time.Duration(*f.ValidUntil)
		b.ValidUntil = &until
	}
	if f.CacheDuration > 0 {
		b.CacheDuration = time.Duration(f.CacheDuration)
	}
	if f.EntityID != "" {
		b.EntityID = f.EntityID
	}
	for _, one := range []struct {
		on   bool
		bent *bool
	}{
		{f.Unsigned, &b.Unsigned}, {f.Tampered, &b.Tampered}, {f.ByteOrderMark, &b.ByteOrderMark}, {f.Aggregate, &b.Aggregate},
		{f.EncryptionKey, &b.EncryptionKey}, {f.BadCertificate, &b.BadCertificate}, {f.Canonical, &b.Canonical}, {f.EncryptionMethod, &b.EncryptionMethod},
	} {
		*one.bent = *one.bent || one.on
	}
	return s
}

func keyOf(s keyring.Snapshot, name string) *keyring.Key {
	k, known := s.Key(name)
	if !known {
		return nil
	}
	return &k
}

// Keys names the keys of the ring that the fault needs.
func (f Metadata) Keys() []string {
	return slices.DeleteFunc([]string{f.SignedBy, f.ExtraKey}, func(name string) bool { return name == "" })
}

// Refusable reports whether a sound reader may refuse the document, and keep what
// it had: a signature that is bad, missing or of a stranger, an end that is past,
// another entity, no role of the kind that it needs. The rest is legal or leaves the
// keys where they can be found.
func (f Metadata) Refusable() bool {
	return f.Roles != nil || f.Unsigned || f.Tampered || f.SignedBy != "" || f.EntityID != "" || f.ValidUntil != nil && *f.ValidUntil <= 0
}

func (f Metadata) validate() error {
	for _, role := range f.Roles {
		if !slices.Contains(Roles(), role) {
			return invalid("unknown role %q (one of %s)", role, strings.Join(Roles(), ", "))
		}
	}
	switch {
	case f.Unsigned && (f.SignedBy != "" || f.Tampered):
		return invalid("metadata that is unsigned has no signature to be by somebody or to be bad")
	case f.CacheDuration < 0:
		return invalid("cacheDuration is not negative")
	case f.Roles == nil && !f.Unsigned && !f.Tampered && len(f.Keys()) == 0 && f.ValidUntil == nil && f.CacheDuration == 0 && f.EntityID == "" &&
		!f.ByteOrderMark && !f.Aggregate && !f.EncryptionKey && !f.BadCertificate && !f.Canonical && !f.EncryptionMethod:
		return invalid("metadata changes nothing: give at least one member")
	}
	return nil
}

// validateIn checks what depends on the ring at the moment at which the rule is set.
func (f Metadata) validateIn(s keyring.Snapshot) error {
	for _, name := range f.Keys() {
		k, known := s.Key(name)
		switch {
		case !known:
			return invalid("metadata: there is no key %q (one of %s)", name, strings.Join(s.Names(), ", "))
		case name == f.SignedBy && k.Alg != "RS256" && k.Alg != "PS256":
			return invalid("metadata: key %q is of %s, and XML is signed with RSA keys alone (RS256, PS256)", name, k.Alg)
		}
	}
	return nil
}
