package oracle_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// signIn is a tale of an app that people sign in to over SAML: it starts with
// the key old and fetches nothing by itself.
func signIn(s spec.Scenario, p spec.Promise) *tale {
	return issuer("old").began(s, p, "restart", "logs", "saml", "federation").at(0.6).start()
}

// read is a request for the federation metadata.
func (b *tale) read() *tale { return b.readHarmed("", 200, b.served()...) }

func (b *tale) readHarmed(faults string, status int, keys ...string) *tale {
	return b.serve(timeline.Served{Document: timeline.FederationMetadata, Status: status, Keys: keys, Fault: faults})
}

// session is a credential that signs in, shown as name.
func session(name string) token {
	return func(m *timeline.Minted, p *timeline.Presented) {
		m.Form, p.Shown = "session", name
	}
}

const user, attacker = "user@rollover.test", "attacker@rollover.test"

// withheld is an answer that came before the browser was sent anywhere.
func withheld(m *timeline.Minted, p *timeline.Presented) {
	m.Form, p.Undelivered, p.Detail = "session", true, "no metadata; the app never sent the browser to the issuer"
}

// Why an app that people sign in to does not come back, in its own words.
func TestCausesOfAppsThatReadMetadata(t *testing.T) {
	start := func() *tale {
		return signIn(plan(newKey), recovery(time.Minute)).at(1).present("old", accepted, session(user))
	}
	lost := func(b *tale) *tale { return b.every(1, b.now+10, "new", rejected, session("")) }
	rolled := func(b *tale) *tale { return lost(b.at(2).rollover("new")) }
	empty := fault.Rule{Document: "federationMetadata", Empty: &fault.Empty{}}
	extra := fault.Rule{Document: "federationMetadata", Extra: &fault.Extra{Kind: "bad-base64"}}
	dual := func() *tale {
		return issuer("first", "second").began(plan(spec.Accepts{Key: "second"}), recovery(time.Minute), "wsfed", "federation").at(0.6).start().at(1).present("first", accepted, session(user)).at(2)
	}
	const pinned = "never fetches federation metadata: its certificate or thumbprint is pinned"
	running := func() *tale {
		b := start()
		for i := range b.entries {
			if began, is := b.entries[i].Event.(timeline.Began); is {
				began.Target.Kind = "url"
				b.entries[i].Event = began
			}
		}
		return b
	}
	diagnose(t, []diagnosed{
		{"pinned", rolled(start()), pinned},
		{"pinned to one of two", dual().present("second", rejected, session("")), pinned},
		{"a key set is nothing to it", rolled(start().at(1.5).fetch()), pinned},
		{"running before the run", rolled(running()), "never refetches the federation metadata: nothing in the 9 s that were watched"},
		{"refused connections nobody saw", rolled(start().at(1.2).faultAs("f", away, "listener closed").at(1.5).clear("f")), "never refetches the federation metadata: nothing in the 9 s that were watched"},
		{"read once", rolled(start().at(1.5).read()), "never refetches the federation metadata: nothing in the 9 s that were watched"},
		{"read again, but not for it", rolled(start().at(1.2).read().at(1.8).read().at(1.9).read()), "never refetches the federation metadata: nothing in the 9 s that were watched"},
		{"read now and then", rolled(signIn(plan(newKey), recovery(time.Minute)).read().at(1).present("old", accepted, session(user)).at(2).read()),
			"does not refetch the federation metadata for an unknown certificate: nothing in the 9 s that were watched"},
		{"read and not used", lost(start().at(2).rollover("new").at(2.5).read()), "fetches the new federation metadata and does not use the new key"},
		{"read late", lost(start().at(2).rollover("new")).read().at(13).present("new", accepted, session(user)), "fetches a new key only 9.0 s after its first token"},
		{"read in the background", start().at(2).rollover("new").at(3).present("new", rejected, session("")).at(3.1).read().at(4).present("new", accepted, session(user)),
			"refreshes its keys beside the request: the one that brings the new key is refused, a later one passes"},
		{"read while it was away", lost(start().at(2).fault("f", fault.Rule{Document: "federationMetadata", Status: &fault.Status{Code: 503}}).rollover("new").at(2.5).readHarmed("f", 503).clear("f")),
			"tried to refetch while the new key could not be had, and has not tried again for 10 s"},
		{"an odd certificate beside", lost(start().at(1.5).fault("f", extra).rollover("new").at(2.5).readHarmed("f", 200, "old", "new")), "one unusable certificate discards the whole metadata"},
		{"metadata without keys", start().at(2).fault("f", empty).at(3).readHarmed("f", 200).at(4).present("old", rejected, session("")), "metadata without keys replaces the good metadata"},
		{"first only", dual().read().at(2.5).present("second", rejected, session("")), "uses only some of the certificates in the metadata"},
		{"an old key accepted for ever", start().at(2).rollover("new").at(3).remove("old").at(4).read().at(10).present("old", accepted, session(user)), "keeps removed keys for as long as it runs"},
		{"before anything, the documents away", start().at(2).fault("f", away).readHarmed("f", 0).at(3).present("old", broken, withheld), "fails before it sends anybody to the issuer, since it could not read the documents"},
		{"before anything", start().at(2).read().at(3).present("old", broken, withheld), "fails before it sends anybody to the issuer"},
		{"not even in its plain state", signIn(plan(oldKey), recovery(0)).at(1).present("old", rejected, session(""), inStep(-1)), "rejects a good token before anything has happened"},
	})
	lag := spec.Promise{RevocationLag: period(time.Second)}
	diagnose(t, []diagnosed{
		{"a removed key", signIn(plan(), lag).at(1).rollover("new").at(2).remove("old").at(4).read().at(10).present("old", accepted, session(user)), "keeps removed keys for as long as it runs"},
		{"another audience", signIn(plan(), lag).at(1).present("old", accepted, session(user), meantFor("urn:other")), "does not check the audience"},
	})
}

// What to do about it is said in the same words.
func TestFixesOfAppsThatReadMetadata(t *testing.T) {
	for _, test := range []struct {
		tale *tale
		fix  string
	}{
		{signIn(plan(newKey), recovery(time.Minute)).at(1).read().at(2).rollover("new").at(3).present("new", rejected, session("")).at(9).present("new", rejected, session("")),
			"refetch the federation metadata when a sign-in brings an unknown certificate (at most every few minutes), and once in a while"},
		{signIn(plan(newKey), recovery(time.Minute)).at(2).rollover("new").at(3).present("new", rejected, session("")),
			"put the next certificate or thumbprint into its configuration before the issuer signs with it (rollover thumbprint prints it, with --web-config as WIF's element), or let the app read the metadata"},
		{signIn(plan(), recovery(time.Minute)).at(1).present("old", accepted, session(user), meantFor("urn:other")),
			"accept tokens only whose AudienceRestriction names the app (SAML 2.0 core section 2.5.1.4)"},
		{signIn(plan(), spec.Promise{Leeway: period(time.Minute)}).at(1).skew(10*time.Minute).present("old", accepted, session(user)),
			"refuse tokens before their NotBefore, with a leeway of at most a few minutes (SAML 2.0 core section 2.5.1.2)"},
	} {
		v := judge(t, test.tale.end())
		if len(v.Diagnosis) != 1 || v.Diagnosis[0].Fix != test.fix {
			t.Errorf("%+v, want %q", v.Diagnosis, test.fix)
		}
		for _, d := range v.Diagnosis {
			if text := d.Cause + d.Fix; strings.Contains(text, "kid") || strings.Contains(text, "key set") || strings.Contains(text, "RFC 7519") {
				t.Errorf("an app without JWTs is told %q, %q", d.Cause, d.Fix)
			}
		}
	}
}

// A client may rely on TLS in the place of a signature, and is told so.
func TestFixOfAnUnverifiedIDToken(t *testing.T) {
	b := issuer("old").began(plan(), recovery(0), "oidc").at(0.6).start().at(1).present("old", accepted, session(attacker), forged(credential.TamperedPayload))
	d := judge(t, b.end()).Diagnosis
	if len(d) != 1 || d[0].Cause != "does not verify signatures" || !strings.Contains(d[0].Fix, "OpenID Connect Core section 3.1.3.7") {
		t.Errorf("%+v", d)
	}
	b = book(plan(), recovery(0)).at(1).present("old", accepted, forged(credential.TamperedPayload))
	if d := judge(t, b.end()).Diagnosis; len(d) != 1 || strings.Contains(d[0].Fix, "OpenID") {
		t.Errorf("an API is told %+v", d)
	}
}

// An app that fails before it sends the browser to the issuer fails good
// people; what it thinks of a forged credential nobody knows.
func TestAnswersBeforeTheIssuer(t *testing.T) {
	forgedOnes := spec.Rejects{Forge: credential.StrangerCertificate}
	rule(t, []ruling{
		{"a good person", signIn(plan(oldKey), recovery(0)).at(1).present("old", broken, withheld), "accepts fail", oracle.Fail, "with 500"},
		{"a good person, a page", signIn(plan(oldKey), recovery(0)).at(1).present("old", rejected, withheld), "accepts fail", oracle.Fail, "the app never sent the browser to the issuer"},
		{"a forged credential", signIn(plan(forgedOnes), recovery(0)).at(1).present("old", rejected, withheld, forged(credential.StrangerCertificate)),
			"rejects inconclusive", oracle.Inconclusive, "no answer to 1 of 1 (no metadata; the app never sent the browser to the issuer)"},
		{"a forged credential, 500", signIn(plan(forgedOnes), recovery(0)).at(1).present("old", broken, withheld, forged(credential.StrangerCertificate)), "rejects inconclusive", oracle.Inconclusive, ""},
		{"one of two", signIn(plan(forgedOnes), recovery(0)).at(1).present("old", rejected, withheld, forged(credential.StrangerCertificate)).at(2).present("old", rejected, session(""), forged(credential.StrangerCertificate)),
			"rejects pass, rejects inconclusive", oracle.Inconclusive, "none of 1 accepted"},
		{"a removed key", signIn(plan(spec.Rejects{Key: "old"}), spec.Promise{}).at(1).rollover("new").at(2).remove("old").at(3).present("old", rejected, withheld), "rejects inconclusive", oracle.Inconclusive, ""},
	})
	v := judge(t, signIn(plan(oldKey), recovery(0)).at(1).present("old", broken, withheld).at(2).present("old", broken, withheld, forged(credential.Unsigned)).end())
	if m := v.Measures; m.ServerErrors != 2 || m.RejectedGood != 1 || m.AcceptedBad != 0 {
		t.Errorf("measures %+v", m)
	}
}

// Who is signed in as somebody else is worse off than who is kept out.
func TestNamesShown(t *testing.T) {
	alice := planned([]spec.Verb{spec.Present{Subject: "alice@rollover.test"}, spec.Present{Claims: map[string]any{"name": attacker}}}, oldKey)
	const wrong, right = "shows fail, accepts pass", "accepts pass"
	for _, test := range []struct {
		name     string
		tale     *tale
		findings string
		bad      int
		says     string
	}{
		{"the right one", signIn(plan(oldKey), recovery(0)).at(1).present("old", accepted, session(user)), right, 0, ""},
		{"in capitals", signIn(plan(oldKey), recovery(0)).at(1).present("old", accepted, session("User@Rollover.test")), right, 0, ""},
		{"none", signIn(plan(oldKey), recovery(0)).at(1).present("old", accepted, session("")), right, 0, ""},
		{"a wrong one", signIn(plan(oldKey), recovery(0)).at(1).present("old", accepted, session(attacker)).at(2).present("old", accepted, session(attacker)).at(3).present("old", accepted, session(user)), wrong, 2,
			"the app took 2 people for somebody else: its page shows attacker@rollover.test where the issuer named user@rollover.test"},
		{"a wrong one on a refusal", signIn(plan(oldKey), recovery(0)).at(1).present("old", rejected, session(attacker)), "accepts fail", 0, ""},
		{"a wrong one before the first step", signIn(plan(oldKey), recovery(0)).at(1).present("old", accepted, session(attacker), inStep(-1)).at(2).present("old", accepted, session(user)), right, 0, ""},
		{"the one whom the step names", signIn(alice, recovery(0)).at(1).present("old", accepted, session("alice@rollover.test")), right, 0, ""},
		{"the default, where the step names another", signIn(alice, recovery(0)).at(1).present("old", accepted, session(user)), wrong, 1, "shows user@rollover.test where the issuer named alice@rollover.test"},
		{"another, where the step changed a claim", signIn(alice, recovery(0)).at(1).present("old", accepted, session(attacker), inStep(1)), right, 0, ""},
		{"a longer one", signIn(plan(oldKey), recovery(0)).at(1).present("old", accepted, session("user@rollover.test.evil.test")), wrong, 1, ""},
	} {
		v := judge(t, test.tale.end())
		if told(v) != test.findings || v.Measures.AcceptedBad != test.bad || !strings.Contains(texts(v), test.says) {
			t.Errorf("%s: %s, %d accepted bad\n%s", test.name, told(v), v.Measures.AcceptedBad, texts(v))
		}
		if bad := test.bad > 0; bad != strings.HasPrefix(causes(v), "signs people in under another name than the issuer gives them: ") || bad != (v.Outcome == oracle.Fail && v.Measures.RejectedGood == 0) {
			t.Errorf("%s: %s %+v", test.name, v.Outcome, v.Diagnosis)
		}
	}
	// A forgery that was cut at a comment names the one whom the step asked for.
	cut := planned([]spec.Verb{spec.Present{Subject: "alice@rollover.test", Forge: credential.CommentInName}}, spec.Rejects{Forge: credential.CommentInName})
	for shown, want := range map[string]oracle.Outcome{"alice@rollover.test": oracle.Fail, "alice@rollover.test.evil.test": oracle.Pass} {
		if v := judge(t, signIn(cut, recovery(0)).at(1).present("old", accepted, session(shown), forged(credential.CommentInName)).end()); v.Outcome != want {
			t.Errorf("%s: %s, want %s", shown, v.Outcome, want)
		}
	}
}

// A session is signed at the sign-in, and Entra's assertions are valid from five
// minutes before that.
func TestTimesOfASignIn(t *testing.T) {
	minute := spec.Promise{Leeway: period(time.Minute)}
	ahead := clock.Duration(3 * time.Minute)
	early := planned([]spec.Verb{spec.Present{}, spec.Present{NotBefore: &ahead}}, spec.Leeway{Tokens: []string{"early"}})
	on := func(profile string) *tale {
		b := signIn(early, minute)
		for i := range b.entries {
			if began, is := b.entries[i].Event.(timeline.Began); is {
				began.Profile = profile
				b.entries[i].Event = began
			}
		}
		return b.at(1)
	}
	slow := func(m *timeline.Minted, p *timeline.Presented) {
		m.Form, p.Took = "session", clock.Duration(80*time.Second)
		m.IssuedAt = m.IssuedAt.Add(-80 * time.Second)
		m.NotBefore, m.ExpiresAt = m.IssuedAt, m.IssuedAt.Add(10*time.Second)
	}
	notBefore := func(d time.Duration) token {
		return func(m *timeline.Minted, _ *timeline.Presented) { m.NotBefore = m.IssuedAt.Add(d) }
	}
	const e = "early"
	rule(t, []ruling{
		{"Entra, ahead by less", on("entra").skew(4*time.Minute).present("old", rejected, session(""), label(e)), "leeway fail", oracle.Fail, "0s off in time"},
		{"Entra, ahead by more", on("entra").skew(10*time.Minute).present("old", accepted, session(user), label(e)), "leeway fail", oracle.Fail, "5m off in time"},
		{"AD FS, ahead", on("adfs").skew(4*time.Minute).present("old", accepted, session(user), label(e)), "leeway fail", oracle.Fail, "4m off in time"},
		{"another profile", on("no-such").skew(4*time.Minute).present("old", accepted, session(user), label(e)), "leeway fail", oracle.Fail, "4m off in time"},
		{"Entra, a time of the step's own", on("entra").present("old", accepted, session(user), label(e), notBefore(3*time.Minute), inStep(1)), "leeway fail", oracle.Fail, "3m off in time"},
		{"Entra, a JWT", on("entra").skew(4*time.Minute).present("old", accepted, label(e)), "leeway fail", oracle.Fail, "4m off in time"},
		{"a slow sign-in", on("adfs").at(100).present("old", accepted, slow, label(e)), "leeway pass", oracle.Pass, "0s off in time"},
	})
}

// A fault of the sign-in is none of the documents.
func TestFaultsOfTheSignIn(t *testing.T) {
	through := spec.Accepts{Key: "old", Through: spec.For(time.Minute)}
	closed := fault.Rule{Document: "signIn", Status: &fault.Status{Code: 503}}
	rule(t, []ruling{
		{"the sign-in is down", signIn(plan(through), recovery(0)).at(1).fault("f", closed).at(2).present("old", silent, session("")).at(3).clear("f").at(4).present("old", rejected, session("")), "accepts fail, accepts inconclusive", oracle.Fail, ""},
		{"the metadata is down", signIn(plan(through), recovery(time.Hour)).read().at(2).fault("f", fault.Rule{Document: "federationMetadata", Status: &fault.Status{Code: 503}}).at(3).present("old", rejected, session("")),
			"accepts not-applicable, accepts fail", oracle.Fail, "rejected since documents were away or broken"},
	})
}

func TestFetchesOfMetadata(t *testing.T) {
	storm := spec.Fetches{Document: "jwks", AtMost: spec.Amount{Number: 1}}
	own := spec.Fetches{Document: "federationMetadata", AtMost: spec.Amount{Number: 1}}
	saml := func(b *tale) *tale {
		return b.serve(timeline.Served{Document: timeline.SAMLMetadata, Status: 200})
	}
	rule(t, []ruling{
		{"it stands for the key set", saml(signIn(plan(storm), spec.Promise{}).at(1).read()), "fetches fail", oracle.Fail, "metadata: at most 2 fetches in 1m, 1 allowed"},
		{"the key set does not count", signIn(plan(storm), spec.Promise{}).at(1).read().fetch().fetch(), "fetches pass", oracle.Pass, ""},
		{"by its own name", saml(signIn(plan(own), spec.Promise{}).at(1).read()), "fetches pass", oracle.Pass, "federationMetadata: at most 1 fetch in 1m"},
		{"of an app that is shown JWTs", saml(book(plan(storm), spec.Promise{}).at(1).read()), "fetches pass", oracle.Pass, "jwks: at most 1 fetch in 1m"},
	})
	v := judge(t, saml(signIn(plan(storm), spec.Promise{}).at(1).read().read().present("old", rejected, session(""), forged(credential.StrangerCertificate)).at(2).present("old", rejected, session(""), forged(credential.StrangerCertificate)).at(3).present("old", rejected, session(""), forged(credential.StrangerCertificate))).end())
	if m := v.Measures.Fetches; m.FederationMetadata != 2 || m.SAMLMetadata != 1 || m.JWKS != 0 || v.Measures.PeakFetchesPerMinute != 2 {
		t.Errorf("measures %+v", v.Measures)
	}
	if got := causes(v); got != "fetches the federation metadata once for every unknown certificate" {
		t.Errorf("cause %q", got)
	}
}

// A step that wants an unknown kid gets an unknown certificate where there are
// no kids, and its rule knows it.
func TestAnUnknownCertificateForAnUnknownKid(t *testing.T) {
	s := planned([]spec.Verb{spec.Present{Forge: credential.StrangerKey, RandomKID: true}, spec.Present{Forge: credential.StrangerCertificate}}, spec.Rejects{Forge: credential.StrangerKey})
	as := forged(credential.StrangerCertificate)
	rule(t, []ruling{
		{"rejected", signIn(s, spec.Promise{}).at(1).present("old", rejected, session(""), as), "rejects pass", oracle.Pass, "none of 1 accepted"},
		{"accepted", signIn(s, spec.Promise{}).at(1).present("old", accepted, session(user), as), "rejects fail", oracle.Fail, "forged token (stranger-key): 1 of 1 accepted"},
		{"of another step", signIn(s, spec.Promise{}).at(1).present("old", rejected, session(""), as, inStep(1)), "rejects inconclusive", oracle.Inconclusive, ""},
	})
}

// What SAML libraries and those of OpenID Connect say when they have no key, as
// their own sources and their users' reports have it.
func TestCodesOfSignIns(t *testing.T) {
	for said, code := range map[string]string{
		"SecurityTokenSignatureKeyNotFoundException: IDX10501: Signature validation failed.":                                       "IDX10501",
		"System.IdentityModel.Tokens.SecurityTokenValidationException: WIF10201: No valid key mapping found":                       "WIF10201",
		"ID4175: The issuer of the security token was not recognized by the IssuerNameRegistry.":                                   "ID4175",
		"opensaml::SecurityPolicyException Message was signed, but signature could not be verified.":                               "opensaml::SecurityPolicyException",
		"opensaml::FatalProfileException at (http://sp/Shibboleth.sso/SAML2/POST) Unable to establish security":                    "opensaml::FatalProfileException",
		"opensaml::saml2md::MetadataException Unable to locate metadata for identity provider":                                     "opensaml::saml2md::MetadataException",
		"[auth_mellon:error] Error processing authn response. Lasso error: [-111] Failed to verify signature., SAML Response: Sta": "Lasso error: [-111]",
		"Error processing authn response. Lasso error: [440] The profile cannot verify a signature on the message":                 "Lasso error: [440]",
		"Found 1 validation errors in SAML response [_1]: [[invalid_signature] Invalid signature for object [_2]]":                 "invalid_signature",
		"Error: FAILED_TO_VERIFY_SIGNATURE":                                                   "FAILED_TO_VERIFY_SIGNATURE",
		"Error: ERROR_UNMATCH_CERTIFICATE_DECLARATION_IN_METADATA":                            "ERROR_UNMATCH_CERTIFICATE_DECLARATION_IN_METADATA",
		"Error: ERR_POTENTIAL_WRAPPING_ATTACK":                                                "ERR_POTENTIAL_WRAPPING_ATTACK",
		"ClientError: error when selecting a JWT verification key OAUTH_KEY_SELECTION_FAILED": "OAUTH_KEY_SELECTION_FAILED",
		"Error [ERR_HTTP_HEADERS_SENT]: Cannot set headers":                                   "",
		"Invalid thumbprint (configured: A. calculated: B)":                                   "",
		"Error: Invalid document signature":                                                   "",
	} {
		v := judge(t, signIn(plan(newKey), recovery(0)).at(1).rollover("new").at(2).log("started", said).present("new", rejected, session("")).end())
		if len(v.Diagnosis) != 1 || v.Diagnosis[0].Code != code {
			t.Errorf("%q: %+v, want %q", said, v.Diagnosis, code)
		}
		if at := strings.Index(said, code); !strings.Contains(texts(v), said[at:min(len(said), at+90)]) {
			t.Errorf("%q is not told in %s", said, texts(v))
		}
	}
	// The library's own line about a certificate goes before one about anything.
	v := judge(t, signIn(plan(newKey), recovery(0)).at(1).rollover("new").at(2).log("POST /signin failed", "Invalid thumbprint (configured: A. calculated: B)").present("new", rejected, session("")).end())
	if !strings.Contains(texts(v), "(Invalid thumbprint (configured: A. calculated: B))") {
		t.Error(texts(v))
	}
}

// Grades are those of every app: what matters is how people get back in.
func TestGradesOfSignIns(t *testing.T) {
	at := func(seconds float64) *tale {
		return signIn(plan(newKey), recovery(time.Hour)).at(0.7).read().at(1).present("old", accepted, session(user)).at(2).rollover("new").at(3).present("new", rejected, session("")).at(seconds).read().at(seconds+0.1).present("new", accepted, session(user))
	}
	var got []oracle.Grade
	for _, b := range []*tale{at(4), at(40)} {
		got = append(got, judge(t, b.end()).Grade)
	}
	if !slices.Equal(got, []oracle.Grade{oracle.NextRequest, oracle.CoolDown}) {
		t.Errorf("grades %v", got)
	}
}
