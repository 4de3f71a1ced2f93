package keyring

import "time"

// Bend is how federation metadata departs from what the keys say. The zero value
// is the truth. Views put it there; no command does. What each part stands for is
// said where a fault names it.
type Bend struct {
	Roles            []string       // that are left in; nil: all of them
	Unsigned         bool           // no signature
	Tampered         bool           // everything else is bent after the signature was made
	Signer           *Key           // signs instead of the active key, whatever its state
	Beside           *Key           // its certificate stands before the served ones
	ValidUntil       *time.Duration // from At; nil: not stated
	At               time.Time      // issuer time at which it is rendered, from whoever renders it
	CacheDuration    time.Duration  // 0: not stated
	EntityID         string         // instead of the issuer's; empty: the issuer's
	ByteOrderMark    bool           // EF BB BF before everything
	Aggregate        bool           // the document is an EntitiesDescriptor around the entity
	EncryptionKey    bool           // a key for encryption stands before the served ones
	BadCertificate   bool           // a certificate that is no base64 stands behind the served ones
	Canonical        bool           // namespaces are declared where exclusive canonicalisation declares them
	EncryptionMethod bool           // EncryptionMethod behind every KeyInfo
}

// Stale reports whether what was rendered with b needs to be rendered anew at
// now: half of the distance to a ValidUntil that moves has passed, or the clock
// was moved back. A distance below two seconds counts as two.
func (b Bend) Stale(now time.Time) bool {
	if b.ValidUntil == nil {
		return false
	}
	half := max(b.ValidUntil.Abs()/2, time.Second)
	passed := now.Sub(b.At)
	return passed >= half || passed < 0
}
