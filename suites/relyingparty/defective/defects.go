package defective

import (
	"fmt"
	"strings"
	"time"

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
		depart("frozen-key-set",
			"wealthfolio #1611 (2026, 18 h) and kellnr #1265: the key set is read once and never again",
			func(p *Policy) { p.Refresh = keycache.Refresh{OnDemand: keycache.Never} }),
		depart("background-refresh",
			"lestrrat-go/jwx jwk.Cache and Envoy's remote_jwks: a poll interval, and no refetch on an unknown kid",
			func(p *Policy) {
				p.Refresh = keycache.Refresh{Stale: time.Hour, OnDemand: keycache.Never, Every: 3 * time.Second}
			}),
		depart("cool-down-15s",
			"Microsoft.IdentityModel (5 min) and Quarkus (10 min), scaled down: a fetch of any kind starts the pause",
			func(p *Policy) {
				p.Refresh = keycache.Refresh{Lifetime: time.Hour, Stale: 2 * time.Hour, OnDemand: after15Seconds}
			}),
		depart("keeps-removed-keys",
			"PyJWT's PyJWKClient with cache_keys=True: a key once seen is kept for as long as the process runs",
			func(p *Policy) { p.Replace = mergeForever }),
		depart("first-key-only",
			"passport-azure-ad #160: index 0 of the set whatever the kid, down at Azure AD's roll of 15 August 2016",
			func(p *Policy) { p.Choose = chooseFirst }),
		depart("odd-key-discards-set",
			"MicahParks/jwkset #60 and go-oidc before v3.21.0: one unsupported JWK fails the whole set",
			func(p *Policy) { p.ReadSet = ReadStrict }),
		depart("wiped-by-empty-set",
			"Microsoft.IdentityModel without a configuration validator: an empty set with status 200 is a good one",
			func(p *Policy) { p.AcceptEmptySet = true }),
		depart("no-unknown-kid-limit",
			"go-oidc v3 RemoteKeySet and PyJWT's PyJWKClient: every unknown kid is a fetch",
			func(p *Policy) { p.Refresh.OnDemand = always }),
		depart("caches-misses",
			"per-kid caches that store the miss like a hit: tokens that arrive before their key lock it out",
			func(p *Policy) { p.RememberMisses = time.Hour }),
		depart("accepts-none",
			"the JWT libraries of 2015 that took alg none for a verified signature; RFC 8725 section 2.1",
			func(p *Policy) { p.AcceptNone = true }),
		depart("hmac-confusion",
			"CVE-2015-9235 in jsonwebtoken: HS256 with the RSA public key's PEM as the secret; RFC 8725 section 2.1",
			func(p *Policy) { p.HMACSecret = PublicKeyPEM }),
		depart("ignores-nbf",
			"hand-written checks that stop at exp, since nbf is optional; RFC 7519 section 4.1.5",
			func(p *Policy) { p.CheckNotBefore = false }),
		depart("ignores-exp",
			"ValidateLifetime=false and verify_exp=False left over from debugging; RFC 7519 section 4.1.4",
			func(p *Policy) { p.CheckExpiry = false }),
		depart("ignores-audience",
			"ValidateAudience=false and verify_aud=False; RFC 8725 section 3.9",
			func(p *Policy) { p.CheckAudience = false }),
		// Claims are checked and alg must be one of the sound app's (so none is
		// refused), but no key is ever looked at and no set ever fetched.
		depart("skips-signature",
			"jwt.decode where jwt.verify was meant, and verify_signature=False",
			func(p *Policy) { p.CheckSignature = false }),
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

func always(time.Time, keycache.Fetches) bool { return true }

// after15Seconds lets a regular fetch start the pause too, as
// Microsoft.IdentityModel does.
func after15Seconds(now time.Time, last keycache.Fetches) bool {
	return now.Sub(last.Any) >= 15*time.Second
}

// mergeForever keeps what the issuer has removed. A kid that is published
// again with another key gives way: that is not this defect.
func mergeForever(held, fetched []Key) []Key {
	merged := append([]Key(nil), fetched...)
	for _, old := range held {
		if !published(old, fetched) {
			merged = append(merged, old)
		}
	}
	return merged
}

func published(old Key, keys []Key) bool {
	for _, key := range keys {
		if key.ID == old.ID && (key.ID != "" || key.equal(old)) {
			return true
		}
	}
	return false
}

func chooseFirst(keys []Key, _ string) []Key { return keys[:min(1, len(keys))] }
