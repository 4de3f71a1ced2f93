package defective

import (
	"crypto"
	"time"

	"github.com/rollover-harness/rollover/suites/relyingparty/internal/keycache"
)

// Policy is everything in which a defective app may depart from the sound one.
type Policy struct {
	// Refresh says when the key set is fetched.
	Refresh keycache.Refresh
	// ReadSet turns the body of a 200 answer into the keys that can verify
	// signatures. An error makes the fetch a failed one.
	ReadSet func(body []byte) ([]Key, error)
	// AcceptEmptySet lets a set without a usable key replace the one held.
	AcceptEmptySet bool
	// Replace returns the keys to hold from now on, given those held so far
	// and those just fetched.
	Replace func(held, fetched []Key) []Key
	// Choose returns the keys to try, in order, for a token's kid; the kid is
	// empty where the token names none.
	Choose func(keys []Key, kid string) []Key
	// RememberMisses is how long a kid that a fresh key set did not hold is
	// answered as unknown without another look. 0: not at all.
	RememberMisses time.Duration

	// AcceptNone accepts unsecured JWTs (RFC 7519 section 6).
	AcceptNone bool
	// HMACSecret, unless nil, admits HS256 with the secret it makes of a
	// published key.
	HMACSecret func(crypto.PublicKey) ([]byte, error)
	// CheckSignature is false where a token is decoded and never verified.
	CheckSignature bool
	// CheckAudience, CheckExpiry and CheckNotBefore guard aud, exp and nbf. The
	// issuer is always checked.
	CheckAudience, CheckExpiry, CheckNotBefore bool
}

// Sound returns the policy of the app without a defect.
//
// Its outage tolerance is bounded only by Refresh.Stale, a generous hour:
// while the issuer is away, keys fetched before go on being accepted that long.
func Sound() Policy {
	return Policy{
		Refresh: keycache.Refresh{
			Lifetime: 5 * time.Second,
			Stale:    time.Hour,
			OnDemand: keycache.OncePerSecond,
		},
		ReadSet:        ReadTolerant,
		Replace:        replaceWholesale,
		Choose:         chooseByID,
		CheckSignature: true,
		CheckAudience:  true,
		CheckExpiry:    true,
		CheckNotBefore: true,
	}
}

// replaceWholesale drops what the issuer no longer publishes.
func replaceWholesale(_, fetched []Key) []Key { return fetched }

// chooseByID returns every key with exactly this kid, since two may share one,
// and every key for a token without a kid.
func chooseByID(keys []Key, kid string) []Key {
	if kid == "" {
		return keys
	}
	var chosen []Key
	for _, key := range keys {
		if key.ID == kid {
			chosen = append(chosen, key)
		}
	}
	return chosen
}
