package oracle_test

import (
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

func TestRejects(t *testing.T) {
	lag := spec.Promise{RevocationLag: period(30 * time.Second)}
	later := spec.Rejects{Key: "old", Within: spec.Span{Word: "promise.revocationLag"}}
	atOnce := spec.Rejects{Key: "old"}
	early := spec.Rejects{Key: "new"}
	none := spec.Rejects{Forge: credential.AlgNone}
	foreign := spec.Rejects{Token: "foreign"}
	lags := func(rules ...spec.Rule) *tale {
		return book(plan(rules...), lag).at(1).rollover("new").at(2).present("old", accepted).at(10).remove("old")
	}
	rule(t, []ruling{
		{"never shown", lags(later), "rejects inconclusive", oracle.Inconclusive, `no token of key "old" outside the documents was presented`},
		{"rejected at once", lags(later).at(11).present("old", rejected), "rejects pass", oracle.Pass, "none of 1 accepted"},
		{"accepted up to the promised lag", lags(later).at(40.01).present("old", accepted).at(41).present("old", rejected), "rejects pass", oracle.Pass, "accepted for 30.0 s after the key was removed"},
		{"accepted past the promised lag", lags(later).at(40.02).present("old", accepted).at(41).present("old", rejected), "rejects fail", oracle.Fail, "30s is promised"},
		{"accepted to the end, within the lag", lags(later).at(39).present("old", accepted), "rejects not-applicable", oracle.NotApplicable, "and to the end of the run; not judged: 30s is promised and the run looked no longer"},
		{"the same beside a pass", lags(later, newKey).at(39).present("old", accepted).at(40).present("new", accepted), "rejects not-applicable, accepts pass", oracle.NotApplicable, ""},
		{"accepted to the end, past the lag", lags(later).at(42).present("old", accepted), "rejects fail", oracle.Fail, "accepted for 32.0 s after the key was removed, and to the end of the run; 30s is promised"},
		{"no lag declared", book(plan(later, newKey), spec.Promise{}).at(1).rollover("new").at(2).remove("old").at(3).present("old", accepted).at(4).present("new", accepted),
			"rejects not-applicable, accepts pass", oracle.Pass, "the promise has no revocationLag"},
		{"no lag declared, rejected at once", book(plan(later), spec.Promise{}).at(1).rollover("new").at(2).remove("old").at(3).present("old", rejected),
			"rejects pass", oracle.Pass, ""},
		{"the longest lag of two removals counts", lags(later).at(41).present("old", accepted).at(42).restore("old").at(43).remove("old").at(44).present("old", accepted).at(45).present("old", rejected),
			"rejects fail", oracle.Fail, "accepted for 31.0 s"},
		{"a token of the restored key is none", lags(later).at(11).present("old", rejected).at(12).restore("old").at(13).present("old", accepted),
			"rejects pass", oracle.Pass, "none of 1 accepted"},
		{"not at all", lags(atOnce).at(10.1).present("old", accepted).at(11).present("old", rejected), "rejects fail", oracle.Fail, "1 of 2 accepted"},
		{"a forged token of a served key is another rule's", book(plan(atOnce), lag).at(1).present("old", accepted, forged(credential.TamperedSig)), "rejects inconclusive", oracle.Inconclusive, ""},

		{"not published", book(plan(early), lag).at(1).generate("new").at(2).present("new", rejected), "rejects pass", oracle.Pass, ""},
		{"not published, accepted", book(plan(early), lag).at(1).generate("new").at(2).present("new", accepted), "rejects fail", oracle.Fail, "1 of 1 accepted"},
		{"not published, accepted within a lag that is for removed keys", book(plan(spec.Rejects{Key: "new", Within: later.Within}), lag).at(1).generate("new").at(2).present("new", accepted).at(3).present("new", rejected),
			"rejects fail", oracle.Fail, "1 of 2 accepted"},
		{"removed before it ever stood in the documents", book(plan(spec.Rejects{Key: "gone", Within: later.Within}), lag).at(1).move("start", "gone", keyring.Removed).at(2).present("gone", accepted).at(3).present("gone", rejected),
			"rejects fail", oracle.Fail, ""},

		{"forged", book(plan(none), lag).at(1).present("old", rejected, forged(credential.AlgNone)), "rejects pass", oracle.Pass, "forged token (alg-none): none of 1 accepted"},
		{"forged, accepted", book(plan(none), lag).at(1).present("old", rejected, forged(credential.AlgNone)).at(2).present("old", accepted, forged(credential.AlgNone)),
			"rejects fail", oracle.Fail, "1 of 2 accepted"},
		{"forged otherwise", book(plan(none), lag).at(1).present("old", accepted, forged(credential.TamperedSig)), "rejects inconclusive", oracle.Inconclusive, ""},
		{"labelled", book(plan(foreign), lag).at(1).present("old", accepted, label("foreign"), meantFor("api://other")), "rejects fail", oracle.Fail, `token labelled "foreign"`},
		{"another label", book(plan(foreign), lag).at(1).present("old", accepted, label("home")), "rejects inconclusive", oracle.Inconclusive, ""},

		{"5xx is a fail", book(plan(none), lag).at(1).present("old", rejected, forged(credential.AlgNone)).at(2).present("old", broken, forged(credential.AlgNone)),
			"rejects pass, rejects fail", oracle.Fail, "1 of 2 broke the app instead of being rejected, the first with 500"},
		{"500 that is declared a rejection", book(plan(none), lag).at(1).present("old", timeline.Presented{Outcome: timeline.Rejected, Status: 500}, forged(credential.AlgNone)), "rejects pass", oracle.Pass, ""},
		{"no answer", book(plan(none), lag).at(1).present("old", silent, forged(credential.AlgNone)), "rejects inconclusive", oracle.Inconclusive, "no answer to 1 of 1 (no answer within 30s)"},
		{"one without an answer", book(plan(none), lag).at(1).present("old", rejected, forged(credential.AlgNone)).at(2).present("old", silent, forged(credential.AlgNone)),
			"rejects pass, rejects inconclusive", oracle.Inconclusive, ""},
		{"before the first step", book(plan(none), lag).at(1).present("old", accepted, forged(credential.AlgNone), inStep(-1)), "rejects inconclusive", oracle.Inconclusive, ""},
	})
}

// A wrapped message is harmless where the app reads what was signed in it, a
// name with a comment where it reads all of it.
func TestRejectsByTheNameShown(t *testing.T) {
	const victim, attacker, longer = "user@rollover.test", "attacker@rollover.test", "user@rollover.test.evil.test"
	for _, test := range []struct {
		forge credential.Forgery
		shown string
		want  oracle.Outcome
	}{
		{credential.XSW1, attacker, oracle.Fail}, {credential.XSW1, victim, oracle.Pass}, {credential.XSW1, "User@rollover.test", oracle.Pass}, {credential.XSW1, "", oracle.Fail},
		{credential.XSW8, attacker, oracle.Fail}, {credential.XSW8, victim, oracle.Pass},
		{credential.UnsignedAssertion, attacker, oracle.Fail}, {credential.UnsignedAssertion, victim, oracle.Pass},
		{credential.CommentInName, victim, oracle.Fail}, {credential.CommentInName, longer, oracle.Pass}, {credential.CommentInName, "", oracle.Fail},
		{credential.Unsigned, victim, oracle.Fail}, {credential.TamperedPayload, attacker, oracle.Fail}, {credential.StrangerCertificate, victim, oracle.Fail},
	} {
		v := judge(t, book(plan(spec.Rejects{Forge: test.forge}), spec.Promise{}).at(1).present("old", accepted, forged(test.forge), showing(test.shown)).end())
		bad := map[oracle.Outcome]int{oracle.Fail: 1}[test.want]
		if v.Outcome != test.want || v.Measures.AcceptedBad != bad || len(v.Diagnosis) != bad {
			t.Errorf("%s, the page shows %q: %s, %d bad accepted, %v; want %s", test.forge, test.shown, v.Outcome, v.Measures.AcceptedBad, v.Diagnosis, test.want)
		}
	}
}

// What was signed in a wrapped message is no excuse once its key has left.
func TestWrappedTokenOfARemovedKey(t *testing.T) {
	lag := period(time.Second)
	tale := book(plan(spec.Rejects{Forge: credential.XSW1}), spec.Promise{RevocationLag: lag}).at(1).rollover("new").at(2).remove("old").at(2.5).present("old", accepted, forged(credential.XSW1), showing("user@rollover.test"))
	v := judge(t, tale.at(4).present("old", accepted, forged(credential.XSW1), showing("user@rollover.test")).end())
	if v.Outcome != oracle.Fail || v.Measures.AcceptedBad != 1 {
		t.Errorf("%s, %d bad accepted: %v", v.Outcome, v.Measures.AcceptedBad, v.Findings)
	}
}

func TestFetches(t *testing.T) {
	most := func(n int, per time.Duration) spec.Fetches {
		return spec.Fetches{Document: "jwks", AtMost: spec.Amount{Number: n}, Per: spec.For(per)}
	}
	promised := spec.Fetches{Document: "jwks", AtMost: spec.Amount{Word: spec.AmountWord}}
	rate := func(perMinute float64) spec.Promise { return spec.Promise{FetchesPerMinute: pointer(perMinute)} }
	// The app has fetched the key set at 0.5 s.
	at := func(b *tale, seconds ...float64) *tale {
		for _, s := range seconds {
			b.at(s).fetch()
		}
		return b
	}
	storm := promised
	storm.While = "storm"
	bare := spec.Fetches{Document: "jwks", AtMost: spec.Amount{Number: 1}}
	rule(t, []ruling{
		{"as many as allowed", at(book(plan(most(3, time.Minute)), spec.Promise{}), 10, 20), "fetches pass", oracle.Pass, "jwks: at most 3 fetches in 1m, 3 allowed"},
		{"one more", at(book(plan(most(3, time.Minute)), spec.Promise{}), 10, 20, 60.499), "fetches fail", oracle.Fail, "at most 4 fetches in 1m, 3 allowed"},
		{"the window slides: one leaves as another comes", at(book(plan(most(3, time.Minute)), spec.Promise{}), 10, 20, 60.5), "fetches pass", oracle.Pass, ""},
		{"a window in the middle", at(book(plan(most(2, 10*time.Second)), spec.Promise{}), 100, 105, 109.9, 200), "fetches fail", oracle.Fail, "at most 3 fetches in 10s"},
		{"per minute unless said", at(book(plan(bare), spec.Promise{}), 60.5), "fetches pass", oracle.Pass, "in 1m"},
		{"another document does not count", book(plan(most(1, time.Minute)), spec.Promise{}).at(1).discovery().discovery(), "fetches pass", oracle.Pass, ""},
		{"either of the metadata documents", book(plan(spec.Fetches{Document: "federation", AtMost: spec.Amount{Number: 1}}), spec.Promise{}).at(1).fetch().serve(timeline.Served{Document: timeline.FederationMetadata}).serve(timeline.Served{Document: timeline.SAMLMetadata}),
			"fetches fail", oracle.Fail, "federation: at most 2 fetches in 1m, 1 allowed"},
		{"none at all", issuer("old").began(plan(most(0, time.Minute)), spec.Promise{}), "fetches pass", oracle.Pass, "at most 0 fetches in 1m, 0 allowed"},
		{"whatever was fetched before the scenario", issuer("old").fetch().began(plan(most(0, time.Minute)), spec.Promise{}), "fetches pass", oracle.Pass, ""},

		{"not declared", at(book(plan(promised, oldKey), spec.Promise{}), 1, 2, 3).at(4).present("old", accepted), "fetches not-applicable, accepts pass", oracle.Pass, "the promise has no fetchesPerMinute"},
		{"promised per minute", at(book(plan(promised), rate(2)), 30, 60.5), "fetches pass", oracle.Pass, "in 1m, 2 allowed"},
		{"broken per minute", at(book(plan(promised), rate(2)), 30, 60.4), "fetches fail", oracle.Fail, ""},
		{"parts of a fetch do not count", at(book(plan(promised), rate(2.9)), 30, 60.4), "fetches fail", oracle.Fail, "2 allowed"},
		{"promised one in five minutes", at(book(plan(promised), rate(0.2)), 300.5), "fetches pass", oracle.Pass, "at most 1 fetch in 5m, 1 allowed"},
		{"broken in five minutes", at(book(plan(promised), rate(0.2)), 300.4), "fetches fail", oracle.Fail, "at most 2 fetches in 5m, 1 allowed"},
		{"none promised", book(plan(promised), rate(0)), "fetches fail", oracle.Fail, "0 allowed"},

		{"while a label is shown", book(plan(storm), rate(1)).at(1).fetch().at(2).present("old", rejected, label("storm")).at(3).fetch().at(4).present("old", rejected, label("storm")).at(5).fetch(),
			"fetches pass", oracle.Pass, "at most 1 fetch in 1m"},
		{"twice while it is shown", book(plan(storm), rate(1)).at(2).present("old", rejected, label("storm")).at(3).fetch().fetch().at(4).present("old", rejected, label("storm")),
			"fetches fail", oracle.Fail, ""},
		{"the fetch that the first token leads to counts", book(plan(storm), rate(0)).at(2).fetch().at(2.005).present("old", rejected, label("storm")),
			"fetches fail", oracle.Fail, ""},
		{"a label that was not shown", book(plan(storm), rate(1)), "fetches inconclusive", oracle.Inconclusive, `no token labelled "storm" was presented`},

		{"refused connections are not counted", book(plan(most(3, time.Minute)), spec.Promise{}).at(1).faultAs("f", away, "listener closed").at(5).clear("f"),
			"fetches not-applicable", oracle.NotApplicable, "connections were refused meanwhile"},
		{"too many beside refused ones", at(book(plan(most(1, time.Minute)), spec.Promise{}).at(1).faultAs("f", away, "listener closed").at(5).clear("f"), 6), "fetches fail", oracle.Fail, ""},
		{"resets after accept are counted", book(plan(most(3, time.Minute)), spec.Promise{}).at(1).faultAs("f", away, "reset after accept").at(5).clear("f"), "fetches pass", oracle.Pass, ""},
		{"refused at another time", book(plan(storm), rate(1)).at(1).faultAs("f", away, "listener closed").at(2).clear("f").at(3).present("old", rejected, label("storm")),
			"fetches pass", oracle.Pass, ""},
	})
}

func TestLeeway(t *testing.T) {
	minutes := spec.Promise{Leeway: period(5 * time.Minute)}
	early := spec.Leeway{Tokens: []string{"early"}}
	both := spec.Leeway{Tokens: []string{"early", "late"}}
	start := func(p spec.Promise) *tale { return book(plan(early), p).at(1) }
	drifting := book(plan(early), minutes).at(1).add(timeline.Issuer, timeline.ClockMoved{Drift: 60})
	drifting.offset = 10 * time.Minute // ten seconds later
	rule(t, []ruling{
		{"in time", start(minutes).present("old", accepted, label("early")), "leeway pass", oracle.Pass, "0s off in time: accepted; within the promised 5m"},
		{"ahead within, accepted", start(minutes).skew(4*time.Minute+50*time.Second).present("old", accepted, label("early")), "leeway pass", oracle.Pass, "within the promised 5m"},
		{"ahead within, rejected", start(minutes).skew(4*time.Minute+50*time.Second).present("old", rejected, label("early")), "leeway fail", oracle.Fail, "within the promised 5m"},
		{"ahead past, rejected", start(minutes).skew(10*time.Minute).present("old", rejected, label("early")), "leeway pass", oracle.Pass, "past the promised 5m"},
		{"ahead past, accepted", start(minutes).skew(5*time.Minute+7*time.Second).present("old", accepted, label("early")), "leeway fail", oracle.Fail, "past the promised 5m"},
		{"ahead past, 5xx", start(minutes).skew(10*time.Minute).present("old", broken, label("early")), "leeway fail", oracle.Fail, ""},
		{"too near", start(minutes).skew(4*time.Minute+57*time.Second).present("old", rejected, label("early")), "leeway not-applicable", oracle.NotApplicable, "too near to the promised 5m"},
		{"too near on the other side", start(minutes).skew(5*time.Minute+3*time.Second).present("old", accepted, label("early")), "leeway not-applicable", oracle.NotApplicable, "too near"},
		{"expired within", start(minutes).present("old", accepted, label("early"), expired(4*time.Minute)), "leeway pass", oracle.Pass, "4m off in time"},
		{"expired past", start(minutes).present("old", accepted, label("early"), expired(6*time.Minute)), "leeway fail", oracle.Fail, ""},
		{"the clocks meet again", start(minutes).skew(10*time.Minute).skew(-10*time.Minute).present("old", accepted, label("early")), "leeway pass", oracle.Pass, ""},
		{"no answer", start(minutes).present("old", silent, label("early")), "leeway inconclusive", oracle.Inconclusive, "no answer within 30s"},
		{"not declared", start(spec.Promise{}).skew(10*time.Minute).present("old", accepted, label("early")), "leeway not-applicable", oracle.NotApplicable, "the promise has no leeway"},
		{"not shown", start(minutes).present("old", accepted), "leeway inconclusive", oracle.Inconclusive, ""},
		{"each label", book(plan(both), minutes).at(1).present("old", accepted, label("early")), "leeway pass, leeway inconclusive", oracle.Inconclusive, ""},
		{"each token", start(minutes).present("old", rejected, label("early")).at(2).present("old", accepted, label("early")), "leeway fail, leeway pass", oracle.Fail, ""},
		{"a clock that drifts", drifting.at(11).present("old", rejected, label("early")), "leeway pass", oracle.Pass, "10m off in time"},
	})
}
