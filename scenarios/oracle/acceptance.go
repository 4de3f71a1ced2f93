package oracle

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
)

// blameAccepted explains tokens that were accepted and must not have been,
// those of removed keys too while the promise still allows them.
func (b *book) blameAccepted(add func(reason, string)) {
	var reasons []reason
	kept := map[string]reason{}
	for i := range b.shows {
		s := &b.shows[i]
		if !s.judged() || !s.accepted() || !s.unwanted && s.quality != leaving {
			continue
		}
		r := b.causeOfAcceptance(s)
		if r.cause == "" {
			key := s.minted.Key
			if _, is := kept[key]; !is {
				kept[key] = b.keepsRemoved(s)
			}
			r = kept[key]
		}
		at := slices.IndexFunc(reasons, func(known reason) bool { return known.cause == r.cause })
		if at < 0 {
			reasons = append(reasons, r)
			at = len(reasons) - 1
		}
		if len(reasons[at].evidence) < 3 {
			reasons[at].evidence = append(reasons[at].evidence, s.seq)
		}
	}
	for _, r := range reasons {
		add(r, "")
	}
}

const fixVerify = "verify the signature before reading a claim: decoding is not validating"

const fixAlgorithms = "allow the algorithms that the issuer signs with and no other (RFC 8725 section 3.1)"

// causeOfAcceptance says why a bad token was accepted; empty for one of a
// removed key.
func (b *book) causeOfAcceptance(s *show) reason {
	m := s.minted
	if s.mistaken {
		return reason{
			fmt.Sprintf("signs people in under another name than the issuer gives them: %s for %s", s.presented.Shown, s.subject),
			"take the name from the very element whose signature was verified, and from one claim alone", nil,
		}
	}
	switch credential.Forgery(m.Forge) {
	case credential.Genuine:
	case credential.AlgNone:
		return reason{"accepts unsigned tokens (alg none)", fixAlgorithms, nil}
	case credential.HMACPublicKey:
		return reason{"accepts tokens signed by HMAC with the public key as the secret", fixAlgorithms, nil}
	case credential.EmptySignature:
		return reason{"accepts tokens whose signature is empty", fixVerify, nil}
	case credential.StrangerKey:
		if slices.ContainsFunc(m.Altered, func(name string) bool { return slices.Contains([]string{"jwk", "jku", "x5u", "x5c"}, name) }) {
			return reason{"trusts a key that the token itself brings, or does not verify signatures", "take keys from the issuer's documents alone (RFC 8725 section 3.10)", nil}
		}
		return reason{"does not verify signatures", fixVerify, nil}
	case credential.Unsigned, credential.UnsignedAssertion:
		return reason{"accepts an assertion that nobody signed", "demand a signature over the assertion, or over the response with the assertion in it", nil}
	case credential.StrangerCertificate:
		return reason{"trusts the certificate that a message itself brings, or does not verify signatures", "take certificates from the issuer's metadata alone: KeyInfo is a hint (SAML 2.0 core section 5.4.5)", nil}
	case credential.CommentInName:
		return reason{"takes the text before a comment for the whole name", "read the name from the canonical octets that were verified, where there are no comments", nil}
	case credential.XSW1, credential.XSW2, credential.XSW3, credential.XSW4, credential.XSW5, credential.XSW6, credential.XSW7, credential.XSW8:
		return reason{"reads another element than the one whose signature it verifies (signature wrapping)", "read nothing but the element that the verified reference points to, and refuse messages with a second assertion", nil}
	default:
		return reason{"does not verify signatures", fixVerify, nil}
	}
	switch early, late := m.NotBefore.Sub(s.machine), s.machine.Sub(m.ExpiresAt); {
	case !b.meant(m):
		return reason{"does not check the audience", "accept tokens only whose aud is the app's own (RFC 7519 section 4.1.3)", nil}
	case s.off() > 0 && early > 0:
		return reason{"does not check nbf, or allows for " + text(early.Round(time.Second)) + " and more", "refuse tokens before their nbf, with a leeway of at most a few minutes (RFC 7519 section 4.1.5)", nil}
	case s.off() > 0 && late > 0:
		return reason{"does not check exp, or allows for " + text(late.Round(time.Second)) + " and more", "refuse tokens after their exp, with a leeway of at most a few minutes (RFC 7519 section 4.1.4)", nil}
	case s.quality == leaving:
		return reason{}
	case s.quality == unpublished:
		return reason{"accepts a key that no document has named", "trust only keys of the issuer's documents", nil}
	case slices.Contains(m.Altered, "iss"):
		return reason{"does not check the issuer", "accept tokens only of the issuer that the app is configured for (RFC 7519 section 4.1.1)", nil}
	}
	return reason{fmt.Sprintf("accepts the token labelled %q", s.presented.Token), "see what the scenario says of this token", nil}
}

// keepsRemoved says why tokens of a removed key are accepted, s being the first.
func (b *book) keepsRemoved(s *show) reason {
	fix := "give cached keys a life, and replace the whole set by each fetch"
	last := s
	var rejected *show
	for i := range b.shows {
		later := &b.shows[i]
		if later.seq < s.seq || later.minted.Key != s.minted.Key || later.quality != leaving || !later.judged() {
			continue
		}
		switch {
		case later.accepted():
			last, rejected = later, nil
		case later.refused() && rejected == nil:
			rejected = later
		}
	}
	var after *fetch // the first set without the key that the app was served
	tried := false
	for _, f := range b.keyFetches() {
		tried = tried || f.at >= s.removed
		if f.at >= s.removed && f.Status == 200 && f.Fault == "" && !slices.Contains(f.Keys, s.minted.Key) {
			after = &f
			break
		}
	}
	switch {
	case rejected != nil && after != nil && after.at <= rejected.to:
		return reason{"keeps removed keys until it fetches the key set again", "shorten the cache's life, or refresh it in the background", []uint64{after.seq, rejected.seq}}
	case rejected != nil:
		return reason{fmt.Sprintf("keeps removed keys for a while: for %.0f s here", math.Round((last.from - s.removed).Seconds())), "shorten the cache's life, or refresh it in the background", []uint64{last.seq, rejected.seq}}
	case after != nil && after.at+settle <= last.from:
		return reason{"keeps removed keys for as long as it runs", fix, []uint64{after.seq, last.seq}}
	case tried:
		return reason{fmt.Sprintf("keeps removed keys for %.0f s at least", math.Round((last.from - s.removed).Seconds())), fix, []uint64{last.seq}}
	}
	return reason{fmt.Sprintf("keeps removed keys: no refetch in the %.0f s that were watched", math.Round((last.to - s.removed).Seconds())), fix, []uint64{last.seq}}
}
