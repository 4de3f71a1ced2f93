package oracle

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// diagnose names the likely causes wherever a good token was rejected or a bad
// one accepted, whatever the outcome.
func (b *book) diagnose(v Verdict) []Diagnosis {
	var found []Diagnosis
	add := func(d Diagnosis) {
		if !slices.ContainsFunc(found, func(f Diagnosis) bool { return f.Cause == d.Cause }) {
			found = append(found, d)
		}
	}
	for _, e := range b.stops {
		if !e.Event.(timeline.TargetStopped).Asked {
			add(Diagnosis{Cause: "the app ends instead of answering", Fix: "catch the error where tokens are validated; its last lines are in the timeline", Evidence: []uint64{e.Seq}})
		}
	}
	for _, key := range b.shownKeys() {
		if d, any := b.rejectedGood(key); any {
			add(d)
		}
	}
	for i := range b.shows {
		s := &b.shows[i]
		if d, any := b.acceptedBad(s); any {
			add(d)
		}
	}
	for _, f := range v.Findings {
		if f.Rule == (spec.Fetches{}).Rule() && f.Outcome == Fail {
			add(Diagnosis{Cause: "fetches the key set once for every unknown kid", Fix: "limit refetches for unknown kids (a cool-down with one refetch at once, then one in a while)", Evidence: f.Evidence})
		}
	}
	return found
}

// shownKeys are all keys of which a good token was presented, in that order.
func (b *book) shownKeys() []string {
	var keys []string
	for _, s := range b.shows {
		if s.quality == good && !slices.Contains(keys, s.minted.Key) {
			keys = append(keys, s.minted.Key)
		}
	}
	return keys
}

// rejectedGood says why good tokens of a key were rejected.
func (b *book) rejectedGood(key string) (Diagnosis, bool) {
	c := b.follow(b.goodOf(key))
	if len(c.refused) == 0 {
		return Diagnosis{}, false
	}
	d := Diagnosis{Evidence: seqs(c.refused[:1])}
	if said, ok := b.said(c.refused[0]); ok && said.code != "" {
		d.Code = said.code
		d.Evidence = append(d.Evidence, said.seq)
	}
	d.Cause, d.Fix = b.causeOf(key, c)
	return d, true
}

func (b *book) causeOf(key string, c course) (cause, fix string) {
	if !b.isNew(key) {
		return b.causeOfLoss(key, c)
	}
	grade, p := b.gradeOf(key)
	switch grade {
	case NextRequest:
		return "refreshes its keys beside the request: the one that brings the new key is refused, a later one passes",
			"fetch the key set within the request that names an unknown kid, and validate once more"
	case CoolDown:
		return fmt.Sprintf("refetches but is still inside its %s cool-down", b.length(p, c)),
			"shorten the pause between refetches (jose cooldownDuration, ConfigurationManager.RefreshInterval, ...), or announce keys for longer than it"
	case Expiry:
		return fmt.Sprintf("refetches only when its cache of %s runs out, whatever kid a token names", b.length(p, c)),
			"refetch the key set when a token names an unknown kid"
	}
	switch fetched := b.fetchedWith(key, c.refused[0].from); {
	case len(fetched) > 0 && b.oddBeside(fetched):
		return "one unusable key discards the whole set",
			"skip keys that the library cannot use and keep the others (RFC 7517 section 5)"
	case len(fetched) > 0:
		return "fetches the new key set and does not use the new key",
			"choose the key by the token's kid from the whole set, not by its place"
	case b.refetchedAfter(c.refused[0].from):
		return "refetched, but not when the new key could be had: it waits for the next time",
			"retry a failed fetch soon, and refetch on an unknown kid"
	case b.baited(c.refused[0].from):
		return "does not look for a key again: earlier unknown kids used up its refetches or are remembered as missing",
			"limit refetches by time rather than for good, and do not remember misses for long"
	}
	return "never refetches the key set",
		"refetch the key set when a token names an unknown kid (at most every few minutes), and once in a while"
}

// causeOfLoss says why a key that was known is not accepted any more.
func (b *book) causeOfLoss(key string, c course) (cause, fix string) {
	at := c.refused[0].from
	var last serving
	for _, s := range b.fetchesOf(timeline.JWKS) {
		if s.at <= c.refused[0].to {
			last = s
		}
	}
	fixLoss := "replace a good key set by a new one only when the new one has usable keys"
	switch {
	case last.Fault != "" && slices.ContainsFunc(b.faults, func(l lie) bool { return l.rule.Empty != nil && last.Harmed(l.id) }):
		return "an empty key set replaces the good one", fixLoss
	case last.Fault != "":
		return "a broken document replaces the good key set", fixLoss
	case last.at > 0 && slices.Contains(last.Keys, key):
		return "uses only some of the keys in the set",
			"choose the key by the token's kid from the whole set, not by its place"
	case slices.ContainsFunc(b.faults, func(l lie) bool { return l.hides() && l.from <= at && at < l.to }):
		return "known keys stop working while the documents are away", "keep the last good key set when a fetch fails"
	}
	return "known keys stop working", "keep every key that the issuer still serves"
}

// acceptedBad says why a bad token was accepted.
func (b *book) acceptedBad(s *show) (Diagnosis, bool) {
	if !s.accepted() || s.afterEnd {
		return Diagnosis{}, false
	}
	d := Diagnosis{Evidence: []uint64{s.seq}}
	m := s.minted
	switch credential.Forgery(m.Forge) {
	case credential.AlgNone:
		d.Cause, d.Fix = "accepts unsigned tokens (alg none)", "allow the algorithms that the issuer signs with and no other (RFC 8725 section 3.1)"
	case credential.HMACPublicKey:
		d.Cause, d.Fix = "takes the public key for an HMAC secret", "allow the algorithms that the issuer signs with and no other (RFC 8725 section 3.1)"
	case credential.TamperedPayload, credential.TamperedSig, credential.EmptySignature, credential.StrangerKey:
		d.Cause, d.Fix = "does not verify signatures", "verify the signature before reading a claim: decoding is not validating"
	default:
		switch {
		case m.Audience != b.began.Audience:
			d.Cause, d.Fix = "does not check the audience", "accept tokens only whose aud is the app's own (RFC 7519 section 4.1.3)"
		case m.NotBefore.Sub(s.at) > b.leewayOr(5*time.Minute):
			d.Cause, d.Fix = "does not check nbf", "refuse tokens before their nbf, with a leeway of at most a few minutes (RFC 7519 section 4.1.5)"
		case s.at.Sub(m.ExpiresAt) > b.leewayOr(5*time.Minute):
			d.Cause, d.Fix = "does not check exp", "refuse tokens after their exp, with a leeway of at most a few minutes (RFC 7519 section 4.1.4)"
		case s.quality == leaving:
			return b.keepsRemoved(s)
		case s.quality == bad:
			d.Cause, d.Fix = "accepts a key that was never published", "trust only keys of the issuer's documents"
		default:
			return Diagnosis{}, false
		}
	}
	return d, true
}

func (b *book) keepsRemoved(s *show) (Diagnosis, bool) {
	d := Diagnosis{Evidence: []uint64{s.seq}}
	for i := range b.shows {
		if later := &b.shows[i]; later.minted.Key == s.minted.Key && later.from > s.from && later.quality == leaving && later.refused() {
			d.Cause = "keeps removed keys until its cache is renewed"
			d.Fix = "shorten the cache's life, or refresh it in the background"
			return d, true
		}
	}
	d.Cause = "keeps removed keys for as long as it runs"
	if watched := b.end - s.removed; !b.refetchedAfter(s.removed) {
		d.Cause = fmt.Sprintf("keeps removed keys: no refetch in the %.0f s that were watched", watched.Seconds())
	}
	d.Fix = "give cached keys a life, and replace the whole set by each fetch"
	return d, true
}

func (b *book) leewayOr(d time.Duration) time.Duration {
	if b.promise.Leeway != nil {
		return time.Duration(*b.promise.Leeway)
	}
	return d
}

// length is how long the pause was: the age of the key set that was replaced,
// or the way back where that is not known.
func (b *book) length(p pause, c course) string {
	d := c.took
	if p.known {
		d = p.age
	}
	return fmt.Sprintf("%.0f s", math.Round(d.Seconds()))
}

// fetchedWith are the fetches after that moment which brought the key.
func (b *book) fetchedWith(key string, from time.Duration) []serving {
	var found []serving
	for _, s := range b.fetchesOf(timeline.JWKS) {
		if s.Status == 200 && slices.Contains(s.Keys, key) && s.at >= from {
			found = append(found, s)
		}
	}
	return found
}

func (b *book) oddBeside(fetched []serving) bool {
	return slices.ContainsFunc(fetched, func(s serving) bool {
		return slices.ContainsFunc(b.faults, func(l lie) bool { return l.rule.Extra != nil && l.from <= s.at && s.at < l.to })
	})
}

func (b *book) refetchedAfter(from time.Duration) bool {
	return slices.ContainsFunc(b.served, func(s serving) bool {
		return s.at >= from && (s.Document == timeline.JWKS || s.Document == timeline.Discovery)
	})
}

// baited reports whether a token with a kid that no document named was shown before.
func (b *book) baited(before time.Duration) bool {
	return slices.ContainsFunc(b.shows, func(s show) bool { return s.from < before && s.quality == bad })
}
