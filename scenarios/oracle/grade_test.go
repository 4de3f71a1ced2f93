package oracle_test

import (
	"testing"
	"time"

	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// late is an app that fetched its key set at 0.5 s, rejects the new key from
// 2 s on, fetches it at 20.5 s and accepts it at 20.6 s: at the age of 20 s.
func late() *tale {
	return book(plan(newKey), recovery(time.Minute)).at(1).rollover("new").present("new", rejected).every(1, 20, "new", rejected).
		at(20.5).fetch().at(20.6).present("new", accepted)
}

func TestGrade(t *testing.T) {
	looked := func(b *tale, to float64) *tale { return b.every(1, to, "new", accepted) }
	start := func() *tale { return book(plan(newKey), recovery(time.Minute)).at(1).rollover("new").at(2) }
	for _, test := range []struct {
		name  string
		tale  *tale
		want  oracle.Grade
		cause string // of the diagnosis
	}{
		{"no new key", book(plan(oldKey), recovery(0)).at(2).present("old", rejected), oracle.Ungraded, "rejects a key although the key set that it was served last names it"},
		{"a key that was published from the beginning", issuer("old", "new").began(plan(newKey), recovery(0)).at(1).activate("new").at(2).present("new", accepted), oracle.Ungraded, ""},
		{"no answer", start().present("new", silent), oracle.Ungraded, ""},
		{"a new key that was never published", book(plan(newKey), recovery(0)).at(1).generate("new").at(2).present("new", rejected), oracle.Ungraded, ""},
		{"same request", start().present("new", accepted), oracle.SameRequest, ""},
		{"same request, no answer later", start().present("new", accepted).at(3).present("new", silent), oracle.SameRequest, ""},
		{"next request, after the fetch that it led to", start().present("new", rejected).at(2.1).fetch().at(2.2).present("new", accepted), oracle.NextRequest,
			"refreshes its keys beside the request: the one that brings the new key is refused, a later one passes"},
		{"under 10 s", start().present("new", rejected).at(11.9).fetch().at(11.999).present("new", accepted), oracle.NextRequest,
			"fetches a new key only 9.9 s after its first token"},
		{"under 10 s, nothing fetched", start().present("new", rejected).at(5).present("new", accepted), oracle.NextRequest,
			"accepts a new key only 3.0 s after its first token, without a fetch that was seen"},
		{"under 10 s, fetched before", start().fetch().at(3).present("new", rejected).at(5).present("new", accepted), oracle.NextRequest,
			"has been served the new key and yet rejects its tokens for 2.0 s"},
		{"10 s", start().present("new", rejected).at(11.9).fetch().at(12).present("new", accepted), oracle.CoolDown,
			"refetches only once its key set is 11 s old: a cool-down, or a cache that has to run out"},
		// 20 s old, so that 23 s without a fetch show that no cache runs out at 20 s.
		{"cool-down, looked long enough", looked(late(), 44), oracle.CoolDown, "refetches but is still inside its 20 s cool-down"},
		{"late, looked too short", looked(late(), 43), oracle.CoolDown, "refetches only once its key set is 20 s old: a cool-down, or a cache that has to run out"},
		{"late, looked long enough with nothing shown", late().at(60), oracle.CoolDown, "refetches only once its key set is 20 s old: a cool-down, or a cache that has to run out"},
		{"expiry: fetched again at the same age", looked(looked(late(), 40.6).fetch(), 44), oracle.Expiry, "refetches only when its cache of 20 s runs out, whatever kid a token names"},
		{"expiry: requests come later than the end of the cache", looked(late(), 45.4).fetch(), oracle.Expiry, "refetches only when its cache of 20 s runs out, whatever kid a token names"},
		{"cool-down: fetched long after that age", looked(looked(late(), 47).fetch(), 49), oracle.CoolDown, "refetches but is still inside its 20 s cool-down"},
		{"two fetches of one refresh are no expiry", looked(late().fetch(), 46), oracle.CoolDown, "refetches but is still inside its 20 s cool-down"},
		{"fetched again for an unknown kid", looked(looked(late(), 25.6).present("ghost", rejected), 40.6).fetch().at(41.6).present("new", accepted), oracle.CoolDown,
			"refetches only once its key set is 20 s old: a cool-down, or a cache that has to run out"},
		{"expiry in a later round, after an unknown kid", looked(looked(late(), 25.6).present("ghost", rejected).fetch(), 45.6).fetch(), oracle.Expiry,
			"refetches only when its cache of 20 s runs out, whatever kid a token names"},
		{"late, the first fetch in the book", issuer("old").began(plan(newKey), recovery(0)).at(0.6).start().at(1).rollover("new").at(2).present("new", rejected).at(14).fetch().present("new", accepted),
			oracle.CoolDown, "fetches a new key only 12.0 s after its first token"},
		{"late, a fetch that failed began the pause", start().present("new", rejected).fetchHarmed("", 503).at(20).present("new", rejected).at(22).fetch().at(22.1).present("new", accepted),
			oracle.CoolDown, "refetches only once its key set is 20 s old: a cool-down, or a cache that has to run out"},
		{"not recovered", start().present("new", rejected).every(1, 30, "new", rejected), oracle.NotRecovered, "never refetches the key set: nothing in the 28 s that were watched"},
		{"restart", start().present("new", rejected).at(20).restart().fetch().at(21).present("new", accepted, inStep(1)), oracle.Restart, "never refetches the key set: nothing in the 0 s that were watched"},
		{"not even after a restart", start().present("new", rejected).at(20).restart().at(21).present("new", rejected, inStep(1)), oracle.NotRecovered, "never refetches the key set: nothing in the 0 s that were watched"},
		{"a restart of the scenario's own", book(planned([]spec.Verb{spec.Restart{}}, newKey), recovery(time.Minute)).at(1).rollover("new").at(2).present("new", rejected).at(12).present("new", rejected).
			restart().at(13).present("new", accepted, inStep(1)), oracle.Restart, "never refetches the key set: nothing in the 10 s that were watched"},
		{"recovered before a restart", start().present("new", rejected).at(2.1).fetch().at(3).present("new", accepted).at(4).restart().at(5).present("new", accepted, inStep(1)), oracle.NextRequest,
			"refreshes its keys beside the request: the one that brings the new key is refused, a later one passes"},
		{"the worst of two new keys", start().publish("newer").present("new", accepted).at(3).present("newer", rejected).at(3.5).present("newer", accepted), oracle.NextRequest,
			"accepts a new key only 0.5 s after its first token, without a fetch that was seen"},
		{"the worst of two, the other way round", start().publish("newer").present("new", rejected).at(30).present("new", rejected).at(31).present("newer", accepted), oracle.NotRecovered,
			"never refetches the key set: nothing in the 28 s that were watched"},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := judge(t, test.tale.end())
			if v.Grade != test.want {
				t.Errorf("grade %q, want %q", v.Grade, test.want)
			}
			if got := causes(v); got != test.cause {
				t.Errorf("cause\n%s\nwant\n%s", got, test.cause)
			}
		})
	}
}
