package oracle

import (
	"slices"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/profile"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// saml reports whether the credential reaches the app as an assertion, whose
// certificate stands in the metadata of the federation half: a session does where
// people sign in over WS-Federation or SAML.
func (b *book) saml(s *show) bool {
	switch credential.Form(s.minted.Form) {
	case credential.SAML11, credential.SAML20:
		return true
	case credential.Session:
		return b.federated
	default:
		return false
	}
}

// holdsKeys reports whether an app of this kind learns keys from a document. One
// that is shown JWTs may well read them from federation metadata, as Katana's
// bearer middleware for AD FS does; assertions are not verified by a JWKS.
func (b *book) holdsKeys(d timeline.Document) bool {
	return d != timeline.Discovery && (d != timeline.JWKS || !b.federated)
}

// retime puts a sign-in's times to where they are judged. A session is signed
// when the browser brings it to the issuer, whose now its times count from; the
// book has them as if it had been at the mint, in the shape of a JWT.
func (b *book) retime(s *show, minted time.Duration) {
	if s.minted.Form != string(credential.Session) {
		return
	}
	s.machine = s.machine.Add(minted - s.to)
	if p, is := b.stepOf(s); b.saml(s) && (!is || p.NotBefore == nil) {
		s.minted.NotBefore = s.minted.NotBefore.Add(-b.early())
	}
}

// early is how long before they are issued the profile's assertions become valid.
func (b *book) early() time.Duration {
	p, err := profile.ByName(b.began.Profile)
	if err != nil || p.Federation == nil {
		return 0
	}
	return p.Federation.SAML.Early
}

// tongue says causes and fixes in the words of apps that are shown assertions.
// The longer phrases come first where one begins like another.
func tongue() *strings.Replacer {
	return strings.NewReplacer(
		"an empty key set replaces the good one", "metadata without keys replaces the good metadata",
		"one unusable key discards the whole set", "one unusable certificate discards the whole metadata",
		"skip keys that the library cannot use and keep the others (RFC 7517 section 5)", "skip certificates that the library cannot use and keep the others",
		"uses only some of the keys in the set", "uses only some of the certificates in the metadata",
		fixChoose, "try every signing certificate of the metadata, not the first or the last",
		fixGuard, "replace good metadata only by metadata with usable certificates",
		"jose cooldownDuration, ConfigurationManager.RefreshInterval, ...", "ConfigurationManager.RefreshInterval, Shibboleth's minRefreshDelay, ...",
		"within the request that names an unknown kid", "within the sign-in that brings an unknown certificate",
		"when a token names an unknown kid", "when a sign-in brings an unknown certificate",
		"whatever kid a token names", "whatever certificate a sign-in brings",
		"unknown kid", "unknown certificate",
		"for this issuer and audience", "for this issuer and realm",
		"does not check nbf", "does not check NotBefore",
		"before their nbf", "before their NotBefore",
		"does not check exp", "does not check NotOnOrAfter",
		"after their exp", "after their NotOnOrAfter",
		"(RFC 7519 section 4.1.4)", "(SAML 2.0 core section 2.5.1.2)",
		"(RFC 7519 section 4.1.5)", "(SAML 2.0 core section 2.5.1.2)",
		"whose aud is the app's own (RFC 7519 section 4.1.3)", "whose AudienceRestriction names the app (SAML 2.0 core section 2.5.1.4)",
		"(RFC 7519 section 4.1.1)", "(SAML 2.0 core section 2.2.5)",
		"the whole set", "the whole document",
		"a good key set", "good metadata",
		"its key set", "its metadata",
		"a fetched key set", "fetched metadata",
		"a key set", "metadata",
		"the good key set", "the good metadata",
		"the last good key set", "the last good metadata",
		"the new key set", "the new federation metadata",
		"key set", "federation metadata",
	)
}

// inTongue words a reason for the kind of app that it is about.
func (b *book) inTongue(r reason) reason {
	switch {
	case b.federated:
		words := tongue()
		r.cause, r.fix = words.Replace(r.cause), words.Replace(r.fix)
	case slices.Contains(b.began.Target.Features, "oidc"):
		r.fix = strings.Replace(r.fix, fixVerify, fixIDToken, 1)
	}
	return r
}

// fixIDToken is fixVerify for a client that need not: it had the ID token from
// whom TLS says it talked to.
const fixIDToken = "verify the ID token's signature as well: OpenID Connect Core section 3.1.3.7 lets a client rely on TLS to the token endpoint in its place, and such a client believes whoever answers there"

// pinned explains an app that was told its certificates by hand. known is false
// where it may have read them: before the run, or while connections were refused.
func (b *book) pinned(s *show) (r reason, known bool) {
	if !b.federated || b.began.Target.Kind == "url" || slices.ContainsFunc(b.lies, func(l lie) bool { return l.closed }) {
		return reason{}, false
	}
	if len(b.keyFetches()) > 0 {
		return reason{}, false
	}
	return reason{
		"never fetches federation metadata: its certificate or thumbprint is pinned",
		"put the next certificate or thumbprint into its configuration before the issuer signs with it (rollover thumbprint prints it, with --web-config as WIF's element), or let the app read the metadata",
		[]uint64{s.seq},
	}, true
}

// withheld explains an app that never sent the browser to the issuer.
func (b *book) withheld(s *show) reason {
	r := reason{
		"fails before it sends anybody to the issuer",
		"start sign-ins from the configuration or the last good metadata, and look for keys when an answer comes back", []uint64{s.seq},
	}
	if last := b.lastFetch(s); last != nil && (last.Fault != "" || last.Status != 200) {
		r.cause += ", since it could not read the documents"
		r.evidence = append(r.evidence, last.seq)
	}
	return r
}
