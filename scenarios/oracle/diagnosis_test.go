package oracle_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// diagnosed is a tale and the one cause that it must be given.
type diagnosed struct {
	name  string
	tale  *tale
	cause string
}

func diagnose(t *testing.T, tests []diagnosed) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := causes(judge(t, test.tale.end())); got != test.cause {
				t.Errorf("cause\n%s\nwant\n%s", got, test.cause)
			}
		})
	}
}

// An app that does not come back for a new key.
func TestCausesOfAbsence(t *testing.T) {
	start := func() *tale { return book(plan(newKey), recovery(time.Minute)).at(1).present("old", accepted) }
	rolled := func() *tale { return start().at(2).rollover("new").at(3).present("new", rejected) }
	lost := func(b *tale) *tale { return b.every(1, 13, "new", rejected) }
	const never, unused, discards = "never refetches the key set: nothing in the 10 s that were watched", "fetches the new key set and does not use the new key", "one unusable key discards the whole set"
	diagnose(t, []diagnosed{
		{"nothing wrong", start().at(2).rollover("new").at(3).present("new", accepted), ""},
		{"no refetch", lost(rolled()), never},
		{"a refetch before the key was there", lost(start().at(1.6).fetch().at(2).rollover("new").at(3).present("new", rejected)),
			"does not refetch the key set for an unknown kid: nothing in the 10 s that were watched"},
		{"two fetches on its way up are one", lost(issuer("old").began(plan(newKey), recovery(0)).at(0.5).fetch().fetch().at(0.6).start().at(2).rollover("new").at(3).present("new", rejected)), never},
		{"fetched and not used", lost(rolled().fetch()), unused},
		{"fetched while it was announced, and not used", lost(start().at(2).publish("new").at(2.1).fetch().at(3).activate("new").at(3.2).present("new", rejected).at(4).present("new", rejected)), unused},
		{"fetched with the last answer", lost(rolled()).fetch(), "fetches a new key only 10.0 s after its first token"},
		{"an odd key beside", lost(start().at(2).fault("f", odd).rollover("new").at(3).present("new", rejected).fetchHarmed("f", 200, "old", "new")), discards},
		{"an odd key beside once, and not again", lost(start().at(2).fault("f", odd).rollover("new").at(3).present("new", rejected).fetchHarmed("f", 200, "old", "new").clear("f").at(5).fetch()), unused},
		{"an odd key beside that was not fetched", lost(start().at(2).fault("f", odd).rollover("new").at(3).present("new", rejected)), never},
		{"a refetch that failed", lost(start().at(2).fault("f", down).rollover("new").at(3).fetchHarmed("f", 503).clear("f").at(3.5).present("new", rejected)),
			"tried to refetch while the new key could not be had, and has not tried again for 10 s"},
		{"a refetch that met a page", lost(start().at(2).fault("f", page).rollover("new").at(3).fetchHarmed("f", 200).clear("f").at(3.5).present("new", rejected)),
			"tried to refetch while the new key could not be had, and has not tried again for 10 s"},
		{"another endpoint is no document", lost(rolled().serve(timeline.Served{Document: timeline.Other, Status: 200})), never},
		{"a refetch that failed, and another", lost(start().at(2).fault("f", down).rollover("new").at(3).fetchHarmed("f", 503).clear("f").at(3.5).present("new", rejected).at(5).fetch()), unused},
		{"reads discovery alone", lost(rolled().discovery()), "reads documents again, but does not fetch the new key"},
		{"its connections were refused", lost(start().at(2).faultAs("f", away, "listener closed").rollover("new").at(3).clear("f").at(3.1).present("new", rejected)),
			"does not look for keys for 9 s after its connections were refused"},
		{"connections were reset, which is in the book", lost(start().at(2).faultAs("f", away, "reset after accept").rollover("new").at(3).clear("f").at(3.1).present("new", rejected)), "never refetches the key set: nothing in the 9 s that were watched"},
		{"lured away", lost(start().at(1.5).fetch().at(1.51).present("ghost", rejected).at(2).rollover("new").at(3).present("new", rejected)),
			"does not look for a key again: earlier unknown kids used up its refetches or are remembered as missing"},
		{"luring without effect", lost(start().at(1.5).present("ghost", rejected).at(2).rollover("new").at(3).present("new", rejected)), never},
		{"a fetch long after luring", lost(start().at(1.01).present("ghost", rejected).at(2.5).fetch().rollover("new").at(3).present("new", rejected)),
			"does not refetch the key set for an unknown kid: nothing in the 10 s that were watched"},
		{"a fetch by the next life of the app is not its own", rolled().at(13).present("new", rejected).restart().fetch().at(15).present("new", accepted, inStep(1)), never},
	})
}

// An app that stops accepting a key.
func TestCausesOfLoss(t *testing.T) {
	start := func() *tale { return book(plan(oldKey), recovery(time.Minute)).at(1).present("old", accepted) }
	lost := func(b *tale) *tale { return b.at(b.now+0.1).present("old", rejected) }
	replicas := fault.Rule{Document: "jwks", Replicas: &fault.Replicas{Keys: [][]string{{"old"}, {}}}}
	reordered := fault.Rule{Document: "jwks", Reorder: &fault.Reorder{Order: "reverse"}}
	second := func() *tale {
		return issuer("first", "second").began(plan(spec.Accepts{Key: "second"}), recovery(time.Minute)).at(0.5).fetch().at(0.6).start().at(1).present("first", accepted).activate("second").at(2)
	}
	diagnose(t, []diagnosed{
		{"an empty set", lost(start().at(2).fault("f", nothing).at(3).fetchHarmed("f", 200)), "an empty key set replaces the good one"},
		{"an empty set that was not fetched", lost(start().at(2).fault("f", nothing)), "known keys stop working while the documents are away"},
		{"an empty set that was survived", lost(start().at(2).fault("f", nothing).at(3).fetchHarmed("f", 200).at(4).present("old", accepted).at(5).clear("f")), "stops accepting a key that it accepted before"},
		{"a page", lost(start().at(2).fault("f", page).at(3).fetchHarmed("f", 200)), "a broken document replaces the good key set"},
		{"a replica without the key", lost(start().at(2).fault("f", replicas).at(3).fetchHarmed("f", 200)), "a broken document replaces the good key set"},
		{"503", lost(start().at(2).fault("f", down).at(3).fetchHarmed("f", 503)), "known keys stop working while the documents are away"},
		{"503 that nobody saw", lost(start().at(2).fault("f", down)), "known keys stop working while the documents are away"},
		{"rejected without any fault", lost(start().at(2)), "stops accepting a key that it accepted before"},
		{"an odd key", lost(start().at(2).fault("f", odd).at(3).fetchHarmed("f", 200, "old")), "one unusable key discards the whole set"},
		{"other than the first", second().present("second", rejected), "uses only some of the keys in the set"},
		{"other than the first, in another order", second().present("second", accepted).fault("f", reordered).at(3).fetchHarmed("f", 200, "second", "first").at(4).present("second", rejected), "uses only some of the keys in the set"},
		{"other than the first, though accepted from that set", second().present("second", accepted).at(3).present("second", rejected), "stops accepting a key that it accepted before"},
		{"the only one", lost(start().at(2).fetch()), "rejects a key although the key set that it was served last names it"},
		{"restored, and not fetched again", start().at(2).publish("new").remove("old").at(3).fetch().at(4).restore("old").at(5).present("old", rejected), "holds on to a key set from the time when the key was missing"},
		{"restored, and fetched again", start().at(2).publish("new").remove("old").at(3).fetch().at(4).restore("old").fetch().at(5).present("old", rejected), "uses only some of the keys in the set"},
		{"never accepted, nothing fetched", issuer("old").began(plan(oldKey), recovery(0)).at(0.6).start().at(1).present("old", rejected), "does not accept a key that stood in the documents all the time"},
	})
}

// An app that accepts what it must not.
func TestCausesOfAcceptance(t *testing.T) {
	p := spec.Promise{RevocationLag: period(time.Hour), Leeway: period(time.Minute)}
	start := func(rules ...spec.Rule) *tale { return book(plan(rules...), p).at(1) }
	removed := func() *tale {
		return start().rollover("new").at(2).present("new", accepted).at(3).remove("old").at(10).present("old", accepted)
	}
	forge := func(f credential.Forgery, how ...token) *tale {
		return start().present("old", accepted, append(how, forged(f))...)
	}
	diagnose(t, []diagnosed{
		{"nothing wrong", start().present("old", accepted).at(2).present("old", rejected, forged(credential.AlgNone)), ""},
		{"alg none", forge(credential.AlgNone), "accepts unsigned tokens (alg none)"},
		{"HMAC", forge(credential.HMACPublicKey), "accepts tokens signed by HMAC with the public key as the secret"},
		{"tampered payload", forge(credential.TamperedPayload), "does not verify signatures"},
		{"tampered signature", forge(credential.TamperedSig), "does not verify signatures"},
		{"empty signature", forge(credential.EmptySignature), "accepts tokens whose signature is empty"},
		{"no signature", forge(credential.Unsigned), "accepts an assertion that nobody signed"},
		{"an assertion put in", forge(credential.UnsignedAssertion), "accepts an assertion that nobody signed"},
		{"a stranger's certificate", forge(credential.StrangerCertificate), "trusts the certificate that a message itself brings, or does not verify signatures"},
		{"a comment", forge(credential.CommentInName), "takes the text before a comment for the whole name"},
		{"wrapped", forge(credential.XSW3), "reads another element than the one whose signature it verifies (signature wrapping)"},
		{"a stranger's key", forge(credential.StrangerKey), "does not verify signatures"},
		{"a stranger's key that the token brings", forge(credential.StrangerKey, altered("jwk")), "trusts a key that the token itself brings, or does not verify signatures"},
		{"two causes", forge(credential.TamperedPayload).at(2).present("old", accepted, forged(credential.AlgNone)).at(3).present("old", accepted, forged(credential.TamperedSig)),
			"does not verify signatures\naccepts unsigned tokens (alg none)"},
		{"one cause for all", forge(credential.TamperedPayload).at(2).present("old", accepted, forged(credential.TamperedSig)), "does not verify signatures"},
		{"another audience", start().present("old", accepted, meantFor("api://other")), "does not check the audience"},
		{"several audiences", start().present("old", accepted, meantFor("api://other "+audience)), ""},
		{"before nbf", start().skew(10*time.Minute).present("old", accepted), "does not check nbf, or allows for 10m and more"},
		{"before nbf, within the leeway", start().skew(50*time.Second).present("old", accepted), ""},
		{"before nbf, too near to it", start().skew(63*time.Second).present("old", accepted), ""},
		{"after exp", start().present("old", accepted, expired(5*time.Minute)), "does not check exp, or allows for 5m and more"},
		{"no key of the issuer's", start().generate("new").at(2).present("new", accepted), "accepts a key that no document has named"},
		{"another issuer", start(spec.Rejects{Token: "x"}).present("old", accepted, label("x"), altered("iss")), "does not check the issuer"},
		{"another issuer that the scenario has no rule for", start().present("old", accepted, label("x"), altered("iss")), ""},
		{"something else", start(spec.Rejects{Token: "x"}).present("old", accepted, label("x"), altered("crit")), `accepts the token labelled "x"`},
		{"after the judge's own restart", start().restart().present("old", accepted, forged(credential.AlgNone), inStep(1)), ""},

		{"removed, not fetched", removed(), "keeps removed keys: no refetch in the 7 s that were watched"},
		{"removed, fetched, kept", removed().at(11).fetch().at(20).present("old", accepted), "keeps removed keys for as long as it runs"},
		{"removed, another key's token rejected later", removed().publish("third").at(11).remove("third").at(12).present("third", rejected), "keeps removed keys: no refetch in the 7 s that were watched"},
		{"removed, restored, accepted", removed().at(11).restore("old").at(30).present("old", accepted), "keeps removed keys: no refetch in the 7 s that were watched"},
		{"removed, no answer later", removed().at(20).present("old", silent), "keeps removed keys: no refetch in the 7 s that were watched"},
		{"removed, fetched before it was published", start().fetch().at(2).publish("new").at(3).remove("new").at(10).present("new", accepted), "keeps removed keys: no refetch in the 7 s that were watched"},
		{"removed, fetched at the end", removed().at(11).fetch(), "keeps removed keys for 7 s at least"},
		{"removed, a fetch that failed", removed().at(11).fetchHarmed("f", 503).at(20).present("old", accepted), "keeps removed keys for 17 s at least"},
		{"removed, fetched, dropped", removed().at(11).fetch().at(20).present("old", rejected), "keeps removed keys until it fetches the key set again"},
		{"removed, dropped without a fetch", removed().at(20).present("old", rejected), "keeps removed keys for a while: for 7 s here"},
		{"removed, rejected and accepted again", removed().at(20).present("old", rejected).at(30).present("old", accepted), "keeps removed keys: no refetch in the 27 s that were watched"},
		{"removed, rejected at once", start().rollover("new").at(2).remove("old").at(3).present("old", rejected), ""},
	})
}

func TestOtherCauses(t *testing.T) {
	most := spec.Fetches{Document: "jwks", AtMost: spec.Amount{Number: 2}}
	storm := func(key string, answer timeline.Presented) *tale {
		b := book(plan(most), recovery(0)).at(100)
		for i := range 10 {
			b.at(100+float64(i)).fetch().at(100.01+float64(i)).present(key, answer)
		}
		return b
	}
	diagnose(t, []diagnosed{
		{"it ended", book(plan(oldKey), recovery(0)).at(1).present("old", accepted).dies("exit status 1"), "the app ends instead of answering"},
		{"not even in its plain state", book(plan(oldKey), recovery(0)).at(1).present("old", rejected, inStep(-1)).at(2).present("old", rejected, inStep(-1)), "rejects a good token before anything has happened"},
		{"late in its plain state", book(plan(oldKey), recovery(0)).at(1).present("old", rejected, inStep(-1)).at(2).present("old", accepted, inStep(-1)).at(3).present("old", accepted), ""},
		{"a label rejected", book(plan(spec.Accepts{Token: "x"}), recovery(0)).at(1).present("old", rejected, label("x"), altered("kid")), `rejects the token labelled "x"`},
		{"a label rejected that may be", book(plan(), recovery(0)).at(1).present("old", rejected, label("x"), altered("kid")), ""},
		{"a fetch per unknown kid", storm("ghost", rejected), "fetches the key set once for every unknown kid"},
		{"a fetch per known token", storm("old", accepted), "fetches its documents again although only known keys were presented"},
		{"fetches for nothing", book(plan(most), recovery(0)).at(1).fetch().fetch().fetch(), "fetches its documents more often than promised"},
	})
}

func TestEvidence(t *testing.T) {
	b := book(plan(newKey), recovery(time.Minute)).at(1).rollover("new").at(2).present("new", rejected)
	refused := b.seq()
	b.log("fail: IDX10501: Signature validation failed. Unable to match key: kid: 'kid-new'")
	logged := b.seq()
	b.at(2.1).fetch()
	brought := b.seq()
	b.at(3).present("new", accepted)
	back := b.seq()
	v := judge(t, b.end())
	if want := []uint64{refused, back}; !slices.Equal(v.Findings[0].Evidence, want) {
		t.Errorf("finding cites %v, want %v", v.Findings[0].Evidence, want)
	}
	// 4 is the fetch of the app's start: the one before.
	want := []uint64{4, refused, logged, brought, back}
	if d := v.Diagnosis; len(d) != 1 || d[0].Code != "IDX10501" || !slices.Equal(d[0].Evidence, want) {
		t.Errorf("%+v, want IDX10501 and %v", d, want)
	}
	if fix := v.Diagnosis[0].Fix; !strings.Contains(fix, "within the request") {
		t.Errorf("fix %q", fix)
	}
}

// One cause is cited by its first three tokens.
func TestManyAccepted(t *testing.T) {
	b := book(plan(), recovery(0)).at(1)
	var all []uint64
	for range 5 {
		all = append(all, b.at(b.now+1).present("old", accepted, forged(credential.AlgNone)).seq())
	}
	if d := judge(t, b.end()).Diagnosis; len(d) != 1 || !slices.Equal(d[0].Evidence, all[:3]) {
		t.Errorf("%+v, want one citing %v", d, all[:3])
	}
}

// A long row is cited by its ends.
func TestLongEvidence(t *testing.T) {
	b := book(plan(oldKey), recovery(time.Minute)).at(1)
	var all []uint64
	for range 10 {
		all = append(all, b.at(b.now+1).present("old", accepted).seq())
	}
	want := append(slices.Clone(all[:3]), all[7:]...)
	if got := judge(t, b.end()).Findings[0].Evidence; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
