package oracle_test

import (
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

var (
	newKey = spec.Accepts{Key: "new"}
	oldKey = spec.Accepts{Key: "old"}
)

func TestAccepts(t *testing.T) {
	allowed := spec.Accepts{Key: "new", Rejections: "allowed"}
	strictly := recovery(30 * time.Second)
	strictly.RejectedGood = new(int)
	once := recovery(30 * time.Second)
	once.RejectedGood = pointer(1)
	counted := spec.Promise{RejectedGood: pointer(5)}
	rule(t, []ruling{
		{"never shown", book(plan(newKey), recovery(time.Minute)), "accepts inconclusive", oracle.Inconclusive, `no good token of key "new" was presented`},
		{"shown before the first step alone", book(plan(oldKey), recovery(time.Minute)).at(1).present("old", accepted, inStep(-1)),
			"accepts inconclusive", oracle.Inconclusive, ""},
		{"unreachable alone", book(plan(newKey), recovery(time.Minute)).at(1).rollover("new").at(2).present("new", silent).at(3).present("new", silent),
			"accepts inconclusive", oracle.Inconclusive, "no answer to the last 2 of 2 (no answer within 30s)"},
		{"accepted at once", book(plan(newKey), recovery(time.Minute)).at(1).rollover("new").at(2).present("new", accepted).at(3).present("new", accepted),
			"accepts pass", oracle.Pass, "good token of key \"new\": 2 were accepted, none rejected"},
		{"unreachable in between", book(plan(newKey), recovery(0)).at(1).rollover("new").at(2).present("new", accepted).at(3).present("new", silent).at(4).present("new", accepted),
			"accepts pass", oracle.Pass, "2 were accepted, none rejected, 1 without an answer"},
		{"unreachable at first", book(plan(newKey), recovery(0)).at(1).rollover("new").at(2).present("new", silent).at(32).present("new", accepted),
			"accepts pass, accepts inconclusive", oracle.Inconclusive, "no answer to the first 1 of 2"},
		{"unreachable at the end", book(plan(newKey), recovery(0)).at(1).rollover("new").at(2).present("new", accepted).at(3).present("new", silent),
			"accepts pass, accepts inconclusive", oracle.Inconclusive, "no answer to the last 1 of 2"},

		{"recovered within the promise", book(plan(newKey), recovery(30*time.Second)).at(1).rollover("new").at(2).present("new", rejected).at(32).present("new", accepted),
			"accepts pass", oracle.Pass, "1 of 2 rejected, the first with 401; accepted again after 30.0 s"},
		{"recovered after the promise, as finely as rounds can tell", book(plan(newKey), recovery(30*time.Second)).at(1).rollover("new").at(2).present("new", rejected).at(34).present("new", accepted),
			"accepts pass", oracle.Pass, "accepted again after 32.0 s"},
		{"a short promise is measured more finely", book(plan(newKey), recovery(5*time.Second)).at(1).rollover("new").at(2).present("new", rejected).at(7.501).present("new", accepted),
			"accepts fail", oracle.Fail, "5s is promised"},
		{"recovered after the promise", book(plan(newKey), recovery(30*time.Second)).at(1).rollover("new").at(2).present("new", rejected).at(34.001).present("new", accepted),
			"accepts fail", oracle.Fail, "30s is promised"},
		{"the first of the last row counts", book(plan(newKey), recovery(5*time.Second)).at(1).rollover("new").
			at(2).present("new", rejected).at(3).present("new", accepted).at(7).present("new", rejected).at(8).present("new", accepted).at(9).present("new", accepted),
			"accepts fail", oracle.Fail, "2 of 5 rejected, the first with 401; accepted again after 6.0 s"},
		{"not recovered", book(plan(newKey), recovery(30*time.Second)).at(1).rollover("new").at(2).present("new", rejected).every(1, 31, "new", rejected),
			"accepts fail", oracle.Fail, "not accepted again within 29.0 s; 30s is promised"},
		{"not recovered, looked just long enough", book(plan(newKey), recovery(30*time.Second)).at(1).rollover("new").at(2).present("new", rejected).at(29.99).present("new", rejected),
			"accepts fail", oracle.Fail, ""},
		{"not recovered, looked just too short", book(plan(newKey), recovery(30*time.Second)).at(1).rollover("new").at(2).present("new", rejected).at(29.989).present("new", rejected),
			"accepts not-applicable", oracle.NotApplicable, ""},
		{"not recovered, not looked long enough", book(plan(newKey), recovery(30*time.Second)).at(1).rollover("new").at(2).present("new", rejected).every(1, 29, "new", rejected),
			"accepts not-applicable", oracle.NotApplicable, "not judged: 30s is promised, the run looked for 27.0 s"},
		{"a limit of the rule's own", book(plan(spec.Accepts{Key: "new", Within: spec.For(3 * time.Second)}), recovery(time.Minute)).
			at(1).rollover("new").at(2).present("new", rejected).at(6).present("new", accepted), "accepts fail", oracle.Fail, "3s is promised"},
		{"patience as the limit", book(plan(spec.Accepts{Key: "new", Within: spec.Span{Word: spec.Patience}}), recovery(time.Second)).
			at(1).rollover("new").at(2).present("new", rejected).at(6).present("new", accepted), "accepts pass", oracle.Pass, ""},
		{"the same request is promised", book(plan(newKey), recovery(0)).at(1).rollover("new").at(2).present("new", rejected).at(2).present("new", accepted),
			"accepts fail", oracle.Fail, "the same request is promised"},
		{"longer than the patience, recovered", book(plan(newKey), recovery(2*time.Minute)).at(1).rollover("new").at(2).present("new", rejected).at(9).present("new", accepted),
			"accepts pass", oracle.Pass, ""},
		{"longer than the patience, not recovered", book(plan(newKey), recovery(2*time.Minute)).at(1).rollover("new").at(2).present("new", rejected).every(1, 60, "new", rejected).every(1, 62, "old", accepted),
			"accepts not-applicable", oracle.NotApplicable, "2m is promised, the run waits no longer than 1m"},
		{"longer than the patience, and watched all the same", book(plan(newKey), recovery(2*time.Minute)).at(1).rollover("new").at(2).present("new", rejected).every(10, 122, "new", rejected),
			"accepts fail", oracle.Fail, "2m is promised"},
		{"no answer after a rejection tells nothing of the promise", book(plan(newKey), recovery(10*time.Second)).at(1).rollover("new").at(2).present("new", rejected).every(1, 30, "new", silent),
			"accepts not-applicable, accepts inconclusive", oracle.Inconclusive, "no answer to the last 28 of 29"},
		{"no recovery promised", book(plan(newKey), spec.Promise{}).at(1).rollover("new").at(2).present("new", rejected).at(3).present("new", accepted),
			"accepts not-applicable", oracle.NotApplicable, "the promise has no recovery"},
		{"no recovery promised, another rule passes", book(plan(newKey, oldKey), spec.Promise{}).at(1).rollover("new").at(2).present("new", rejected).at(3).present("new", accepted).at(4).present("old", accepted),
			"accepts not-applicable, accepts pass", oracle.Pass, ""},
		{"what could not be observed is no pass, whatever passes beside it", book(plan(newKey, oldKey), recovery(2*time.Minute)).at(1).rollover("new").at(2).present("new", rejected).at(3).present("old", accepted),
			"accepts not-applicable, accepts pass", oracle.NotApplicable, ""},

		{"none may be rejected", book(plan(newKey), strictly).at(1).rollover("new").at(2).present("new", rejected).at(3).present("new", accepted),
			"accepts pass, accepts fail", oracle.Fail, "1 good token rejected; 0 promised"},
		{"rejections allowed", book(plan(allowed), strictly).at(1).rollover("new").at(2).present("new", rejected).at(3).present("new", accepted),
			"accepts pass", oracle.Pass, ""},
		{"as many as promised", book(plan(newKey), once).at(1).rollover("new").at(2).present("new", rejected).at(3).present("new", accepted),
			"accepts pass, accepts pass", oracle.Pass, "1 good token rejected; 1 promised"},
		{"more than promised", book(plan(newKey), once).at(1).rollover("new").at(2).present("new", rejected).at(2.5).present("new", broken).at(3).present("new", accepted),
			"accepts pass, accepts fail", oracle.Fail, "2 good tokens rejected; 1 promised"},
		{"the promise is about the whole scenario", book(plan(newKey, oldKey), once).at(1).rollover("new").
			at(2).present("new", rejected).at(2.5).present("old", rejected).at(3).present("new", accepted).at(4).present("old", accepted),
			"accepts pass, accepts fail, accepts pass, accepts fail", oracle.Fail, "1 good token rejected, 2 in the scenario; 1 promised"},
		{"rejections that are allowed do not count", book(plan(allowed, oldKey), once).at(1).rollover("new").
			at(2).present("new", rejected).at(2.5).present("old", rejected).at(3).present("new", accepted).at(4).present("old", accepted),
			"accepts pass, accepts pass, accepts pass", oracle.Pass, ""},
		{"rejected to the end, and fewer than promised", book(plan(newKey), counted).at(1).rollover("new").at(2).present("new", rejected),
			"accepts not-applicable, accepts not-applicable", oracle.NotApplicable, "rejected to the end"},

		{"5xx is a rejection", book(plan(newKey), recovery(0)).at(1).rollover("new").at(2).present("new", broken).at(3).present("new", accepted),
			"accepts fail", oracle.Fail, "the first with 500"},
		{"rejected before the first step", book(plan(oldKey), strictly).at(1).present("old", rejected, inStep(-1)).at(5).present("old", accepted, inStep(-1)).at(6).present("old", accepted),
			"accepts pass", oracle.Pass, "1 was accepted"},
		{"a label", book(plan(spec.Accepts{Token: "no-kid"}), recovery(0)).at(1).present("old", accepted, label("no-kid"), altered("kid")).at(2).present("old", rejected),
			"accepts pass", oracle.Pass, `token labelled "no-kid": 1 was accepted`},
		{"a label rejected", book(plan(spec.Accepts{Token: "no-kid"}), recovery(0)).at(1).present("old", rejected, label("no-kid"), altered("kid")),
			"accepts fail", oracle.Fail, ""},
		{"a label of a key that is not published", book(plan(spec.Accepts{Token: "early"}), recovery(0)).at(1).generate("new").at(2).present("new", rejected, label("early")),
			"accepts inconclusive", oracle.Inconclusive, ""},
	})
}

// Tokens of a key that an app cannot know are rightly refused.
func TestOutOfReach(t *testing.T) {
	p := recovery(2 * time.Second)
	rejectedOnly := func(b *tale) *tale { return b.present("new", rejected) }
	start := func() *tale { return book(plan(newKey), p) }
	session := func(m *timeline.Minted, _ *timeline.Presented) { m.Form = "session" }
	federated := func() *tale { return issuer("old").began(plan(newKey), p, "saml", "federation").at(0.6).start() }
	const unseen, failed = "accepts inconclusive", "accepts fail"
	late := func(b *tale) *tale { return b.every(1, b.now+8, "new", rejected) }
	counted := fault.Rule{Document: "jwks", Count: 1, Status: &fault.Status{Code: 503}}
	later := fault.Rule{Document: "jwks", After: 1, Status: &fault.Status{Code: 503}}
	discovery := fault.Rule{Document: "discovery", Status: &fault.Status{Code: 503}}
	replicas := fault.Rule{Document: "jwks", Replicas: &fault.Replicas{Keys: [][]string{{"old"}, {"old", "new"}}}}
	stale := fault.Rule{Document: "jwks", Stale: &fault.Stale{}}
	assertion := func(m *timeline.Minted, _ *timeline.Presented) { m.Form = "saml11" }
	federation := fault.Rule{Document: "federationMetadata", Status: &fault.Status{Code: 503}}
	either := fault.Rule{Document: "federation", Status: &fault.Status{Code: 503}}
	tampered := fault.Rule{Document: "federation", Metadata: &fault.Metadata{Tampered: true, ExtraKey: "old"}}
	odder := fault.Rule{Document: "federation", Metadata: &fault.Metadata{ByteOrderMark: true, EncryptionKey: true}}
	for _, test := range []struct {
		name string
		tale *tale
		want string
	}{
		{"not published", rejectedOnly(start().at(1).generate("new").at(2)), unseen},
		{"published, and not the signer", late(start().at(1).publish("new").at(2)), failed},
		{"published in the instant", start().at(1.99).rollover("new").at(2).present("new", rejected).every(1, 9, "new", rejected), failed},
		{"published right after it", start().generate("new").at(2).present("new", rejected, lasting(0)).publish("new"), unseen},
		{"removed again", rejectedOnly(start().at(1).publish("new").at(2).remove("new").at(3)), unseen},
		{"the documents down since before", late(start().at(1).fault("f", down).rollover("new").at(2)), unseen},
		{"the door closed since before", late(start().at(1).faultAs("f", away, "listener closed").rollover("new").at(2)), unseen},
		{"down a moment after it was published", late(start().at(1).rollover("new").at(1.01).fault("f", down).at(2)), unseen},
		{"down a good while after it was published", late(start().at(1).rollover("new").at(2).fault("f", down).at(3)), failed},
		{"down a moment after it was published, but served", late(start().at(1).rollover("new").at(1.01).fetch().at(1.02).fault("f", down).at(3)), failed},
		{"up again", late(start().at(1).fault("f", down).rollover("new").at(9).clear("f").at(9.1)), failed},
		{"two faults, one over", late(start().at(1).fault("f", down).fault("g", nothing).rollover("new").at(9).clear("f").at(9.1)), unseen},
		{"two faults one after the other", late(start().at(1).fault("f", down).rollover("new").at(4).fault("g", nothing).at(5).clear("f").at(6)), unseen},
		{"two faults with an opening", late(start().at(1).fault("f", down).rollover("new").at(4).clear("f").at(5.5).fault("g", nothing).at(6)), failed},
		{"two faults with a crack", late(start().at(1).fault("f", down).rollover("new").at(4).clear("f").at(4.1).fault("g", nothing).at(6)), unseen},
		{"an empty set", late(start().at(1).fault("f", nothing).rollover("new").at(2)), unseen},
		{"a stale edge", late(start().at(1).fault("f", stale).rollover("new").at(2)), unseen},
		{"replicas, one of which has it", late(start().at(1).fault("f", replicas).rollover("new").at(2)), failed},
		{"an odd key beside", late(start().at(1).fault("f", odd).rollover("new").at(2)), failed},
		{"another protocol's document down", late(start().at(1).fault("f", federation).rollover("new").at(2)), failed},
		{"a SAML token, its metadata down", start().at(1).fault("f", federation).rollover("new").at(2).present("new", rejected, assertion).at(9).present("new", rejected, assertion), unseen},
		{"a SAML token, both its metadata documents down", start().at(1).fault("f", either).rollover("new").at(2).present("new", rejected, assertion).at(9).present("new", rejected, assertion), unseen},
		{"a SAML token, its metadata tampered with", start().at(1).fault("f", tampered).rollover("new").at(2).present("new", rejected, assertion).at(9).present("new", rejected, assertion), unseen},
		{"a SAML token, its metadata odd and legal", start().at(1).fault("f", odder).rollover("new").at(2).present("new", rejected, assertion).at(9).present("new", rejected, assertion), failed},
		{"another protocol's documents down", late(start().at(1).fault("f", either).rollover("new").at(2)), failed},
		{"a session of a federation app, its metadata down", federated().at(1).fault("f", either).rollover("new").at(2).present("new", rejected, session).at(9).present("new", rejected, session), unseen},
		{"a session of a federation app, the JWKS down", federated().at(1).fault("f", nothing).rollover("new").at(2).present("new", rejected, session).at(9).present("new", rejected, session), failed},
		{"a session of an OpenID Connect app, the metadata down", start().at(1).fault("f", either).rollover("new").at(2).present("new", rejected, session).at(9).present("new", rejected, session), failed},
		{"a SAML token, the JWKS down", start().at(1).fault("f", nothing).rollover("new").at(2).present("new", rejected, assertion).at(9).present("new", rejected, assertion), failed},
		{"discovery alone down", late(start().at(1).fault("f", discovery).rollover("new").at(2)), failed},
		{"discovery down since the app started", late(start().at(1).fault("f", discovery).rollover("new").at(2).restart().at(3)), unseen},
		{"discovery down since the app started, but read", late(start().at(1).rollover("new").at(2).restart().at(2.6).discovery().fault("f", discovery).at(3)), failed},
		{"everything down since the app started", late(start().at(1).rollover("new").at(4).fault("f", down).at(5).restart().at(6)), unseen},
		{"a counted fault, not used up", late(start().at(1).fault("f", counted).rollover("new").at(2)), failed},
		{"a counted fault harms the request that uses it up", start().at(1).fault("f", counted).rollover("new").
			at(2).fetchHarmed("f", 503).clear("f").at(2.005).present("new", rejected), unseen},
		{"it waits for the first who asks", start().at(1).fault("f", counted).rollover("new").
			at(5).fetchHarmed("f", 503).clear("f").at(5.005).present("new", rejected), unseen},
		{"and no later one", start().at(1).fault("f", counted).rollover("new").
			at(2).fetchHarmed("f", 503).clear("f").at(2.005).present("new", rejected).every(1, 9, "new", rejected), failed},
		{"a fault that has not begun", late(start().at(1).fault("f", later).rollover("new").at(2)), failed},
		{"a fault that has begun", late(start().at(1).fault("f", later).at(1.1).fetchHarmed("f", 503).rollover("new").at(2)), unseen},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := judge(t, test.tale.end())
			if got := told(v); got != test.want {
				t.Errorf("%s, want %s\n%s", got, test.want, texts(v))
			}
			if counts := v.Measures.RejectedGood > 0; counts != (test.want == failed) {
				t.Errorf("rejectedGood %d", v.Measures.RejectedGood)
			}
		})
	}
}

func TestRestartPromised(t *testing.T) {
	p := named("pinned")
	rolled := func(features ...string) *tale {
		return issuer("old").began(plan(newKey), p, features...).at(0.5).fetch().at(0.6).start().at(1).rollover("new").at(2).present("new", rejected).at(12).present("new", rejected)
	}
	asked := planned([]spec.Verb{spec.Restart{}}, newKey)
	rule(t, []ruling{
		{"a restart helps", rolled("restart").at(13).restart().at(14).present("new", accepted, inStep(1)), "accepts pass", oracle.Pass, "not accepted again within 10.0 s, then accepted after a restart"},
		{"it comes back without", rolled("restart").at(13).present("new", accepted), "accepts pass", oracle.Pass, ""},
		{"not even a restart helps", rolled("restart").at(13).restart().at(14).present("new", rejected, inStep(1)), "accepts fail", oracle.Fail, "nor after a restart"},
		{"it cannot be restarted", rolled("logs"), "accepts not-applicable", oracle.NotApplicable, "this target cannot be restarted"},
		{"nobody tried", rolled("restart"), "accepts inconclusive", oracle.Inconclusive, "none was tried"},
		{"a limit of the rule's own is no restart", issuer("old").began(plan(spec.Accepts{Key: "new", Within: spec.For(5 * time.Second)}), p).at(0.6).start().
			at(1).rollover("new").at(2).present("new", rejected).every(1, 10, "new", rejected), "accepts fail", oracle.Fail, "5s is promised"},
		{"a restart of the scenario's own helps", book(asked, p).at(1).rollover("new").at(2).present("new", rejected).at(3).restart().at(4).present("new", accepted, inStep(1)),
			"accepts pass", oracle.Pass, ""},
		{"which is no recovery by itself", book(asked, recovery(2*time.Second)).at(1).rollover("new").at(2).present("new", rejected).every(1, 5, "new", rejected).restart().at(6).present("new", accepted, inStep(1)),
			"accepts fail", oracle.Fail, "then accepted after a restart; 2s is promised"},
	})
}

func TestAnnouncedTooShort(t *testing.T) {
	p := recovery(5 * time.Second)
	p.Announcement = period(time.Hour)
	p.RejectedGood = pointer(1)
	wait := spec.Wait{For: spec.Span{Word: "promise.announcement"}, Fetched: "new"}
	announced := func(w spec.Wait) *tale {
		return book(planned([]spec.Verb{keyring.Publish{Name: "new"}, w}, newKey, oldKey), p).at(1).publish("new")
	}
	fails := func(b *tale) *tale {
		return b.at(11).activate("new").at(12).present("new", rejected).every(1, 20, "new", rejected).at(21).present("old", accepted)
	}
	const excused, blamed = "accepts not-applicable, accepts not-applicable, accepts pass", "accepts fail, accepts fail, accepts pass"
	unlabelled, fixed := wait, wait
	unlabelled.Fetched = ""
	fixed.For = spec.For(10 * time.Second)
	other := wait
	other.Fetched = "old"
	long := p
	long.Announcement = period(10 * time.Second)
	longBook := book(planned([]spec.Verb{keyring.Publish{Name: "new"}, wait}, newKey, oldKey), long).at(1).publish("new")
	rule(t, []ruling{
		{"and passes all the same", announced(wait).at(11).activate("new").at(12).present("new", accepted).at(13).present("old", accepted),
			"accepts pass, accepts pass", oracle.Pass, ""},
		{"and fails", fails(announced(wait)), excused, oracle.NotApplicable, "not judged: the key was announced for 10.0 s, 1h is promised"},
		{"and fails, though the app had fetched it", fails(announced(wait).at(10).fetch()), blamed, oracle.Fail, ""},
		{"a fetch that did not bring it", fails(announced(wait).at(10).fetchHarmed("", 200, "old")), excused, oracle.NotApplicable, ""},
		{"fetched later, and rejected ever after", announced(wait).at(11).activate("new").at(12).present("new", rejected).at(12.5).fetch().every(1, 20, "new", rejected).at(21).present("old", accepted),
			blamed, oracle.Fail, ""},
		{"fetched with the last rejection", announced(wait).at(11).activate("new").at(12).present("new", rejected).at(19).present("new", rejected).fetch().at(20).present("new", accepted).at(21).present("old", accepted),
			excused, oracle.NotApplicable, ""},
		{"waited for without naming the key", fails(announced(unlabelled)), excused, oracle.NotApplicable, ""},
		{"the scenario wants it short", fails(announced(fixed)), blamed, oracle.Fail, ""},
		{"another key was announced", fails(announced(other)), blamed, oracle.Fail, ""},
		{"announced as long as promised", fails(longBook), blamed, oracle.Fail, ""},
		{"the other key is judged", fails(announced(wait)).at(22).present("old", rejected).every(1, 30, "old", rejected),
			"accepts not-applicable, accepts not-applicable, accepts fail, accepts fail", oracle.Fail, ""},
	})
}

func TestOutage(t *testing.T) {
	through := spec.Accepts{Key: "old", Through: spec.Span{Word: "promise.outage"}, Rejections: "allowed"}
	p := recovery(time.Minute)
	p.Outage = period(10 * time.Second)
	start := func() *tale { return book(plan(through), p).at(1).present("old", accepted) }
	again := func(b *tale) *tale { return b.at(40).present("old", accepted) }
	slow := fault.Rule{Document: "jwks", Delay: &fault.Delay{By: 1}}
	rule(t, []ruling{
		{"none rejected", start().at(2).fault("f", down).every(1, 20, "old", accepted), "accepts pass, accepts pass", oracle.Pass, "went on while documents were away or broken for 18.0 s"},
		{"none rejected, shorter than promised and nothing fetched", start().at(2).fault("f", down).every(1, 9, "old", accepted), "accepts pass, accepts not-applicable", oracle.NotApplicable, "the app fetched nothing meanwhile, and 10s is promised"},
		{"none rejected, shorter than promised and a broken document met", start().at(2).fault("f", nothing).at(3).fetchHarmed("f", 200).at(4).present("old", accepted), "accepts pass, accepts pass", oracle.Pass, "and the app was served 1 such answer"},
		{"accepted after the outage, rejected long after it", again(start().at(2).fault("f", nothing).at(2.5).fetchHarmed("f", 200).at(3).clear("f").at(5).present("old", accepted).at(30).present("old", rejected)), "accepts pass, accepts pass", oracle.Pass, "served 1 such answer"},
		{"rejected within the promised outage", again(start().at(2).fault("f", down).at(12.01).present("old", rejected)), "accepts pass, accepts fail", oracle.Fail,
			"1 rejected since documents were away or broken, the first after 10.0 s of it; known keys are promised to work through 10s"},
		{"rejected after the promised outage", again(start().at(2).fault("f", down).at(12.02).present("old", rejected)), "accepts pass, accepts pass", oracle.Pass, "10s is promised"},
		{"lost in a short outage, and rejected long after it", again(start().at(2).fault("f", nothing).at(3).clear("f").at(30).present("old", rejected)), "accepts pass, accepts fail", oracle.Fail, "the first after 1.0 s of it"},
		{"an outage of two faults", again(start().at(2).fault("f", down).at(8).fault("g", page).clear("f").at(13).present("old", rejected)), "accepts pass, accepts pass", oracle.Pass, "the first after 11.0 s of it"},
		{"rejected before any fault", again(start().at(2).present("old", rejected).at(3).fault("f", down)), "accepts pass, accepts pass", oracle.Pass, ""},
		{"a fault that keeps nothing back", again(start().at(2).fault("f", slow).at(3).present("old", rejected)), "accepts pass", oracle.Pass, ""},
		{"none promised", again(book(plan(through), recovery(time.Minute)).at(2).fault("f", down).at(3).present("old", rejected)), "accepts pass, accepts not-applicable", oracle.Pass, "the promise has no outage"},
	})
}

func TestTextOfPass(t *testing.T) {
	v := judge(t, book(plan(oldKey), recovery(0)).at(1).present("old", accepted).end())
	if want := `good token of key "old": 1 was accepted, none rejected`; texts(v) != want {
		t.Errorf("%q, want %q", texts(v), want)
	}
}
