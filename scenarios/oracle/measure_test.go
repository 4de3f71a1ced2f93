package oracle_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

func TestMeasures(t *testing.T) {
	seconds := func(s float64) *float64 { return &s }
	// Each app fetches both documents as it starts: one of each, in one minute.
	base := oracle.Measures{Fetches: oracle.Fetches{Discovery: 1, JWKS: 1}, PeakFetchesPerMinute: 1}
	with := func(change func(*oracle.Measures)) oracle.Measures {
		m := base
		change(&m)
		return m
	}
	lag := spec.Promise{RevocationLag: period(30 * time.Second), Leeway: period(time.Minute)}
	start := func(rules ...spec.Rule) *tale { return book(plan(rules...), lag) }
	rolled := func(rules ...spec.Rule) *tale { return start(rules...).at(1).rollover("new") }
	removed := func(rules ...spec.Rule) *tale { return rolled(rules...).at(2).remove("old") }
	for _, test := range []struct {
		name string
		tale *tale
		want oracle.Measures
	}{
		{"nothing shown", start(), base},
		{"none rejected", rolled().at(2).present("new", accepted), with(func(m *oracle.Measures) { m.RecoverySeconds = seconds(0) })},
		{"no answer", rolled().at(2).present("new", silent), base},
		{"rejected and back", rolled().at(2).present("new", rejected).at(3.25).present("new", rejected).at(5.5).present("new", accepted), with(func(m *oracle.Measures) {
			m.RejectedGood, m.RecoverySeconds = 2, seconds(3.5)
		})},
		{"rejected to the end", rolled().at(2).present("new", accepted).at(3).present("new", rejected), with(func(m *oracle.Measures) { m.RejectedGood = 1 })},
		{"the longest way back of two keys", rolled().at(2).present("new", rejected).at(3).present("old", rejected).at(4).present("new", accepted).at(7).present("old", accepted), with(func(m *oracle.Measures) {
			m.RejectedGood, m.RecoverySeconds = 2, seconds(4)
		})},
		{"one of two keys does not come back", rolled().at(2).present("new", rejected).at(4).present("new", accepted).at(7).present("old", rejected), with(func(m *oracle.Measures) { m.RejectedGood = 2 })},
		{"one key without an answer", rolled().at(2).present("new", silent).at(3).present("old", accepted), with(func(m *oracle.Measures) { m.RecoverySeconds = seconds(0) })},
		{"while it looks back", rolled().at(2).present("new", rejected, inStep(1)), with(func(m *oracle.Measures) { m.RejectedGood = 1 })},
		{"5xx is both", rolled().at(2).present("new", broken).at(3).present("new", accepted), with(func(m *oracle.Measures) {
			m.RejectedGood, m.ServerErrors, m.RecoverySeconds = 1, 1, seconds(1)
		})},
		{"5xx for a bad token", start().at(2).present("old", broken, forged(credential.AlgNone)), with(func(m *oracle.Measures) { m.ServerErrors = 1 })},
		{"before the first step", start().at(2).present("old", broken, inStep(-1)).at(3).present("old", accepted, inStep(-1)).at(4).present("old", accepted), with(func(m *oracle.Measures) { m.RecoverySeconds = seconds(0) })},
		{"after a restart that no step asked for", rolled().at(2).present("new", accepted).at(3).restart().at(4).present("new", broken, inStep(1)), with(func(m *oracle.Measures) { m.RecoverySeconds = seconds(0) })},
		{"an unpublished key's rejected", start().at(1).generate("new").at(2).present("new", rejected), base},
		{"an unpublished key's accepted", start().at(1).generate("new").at(2).present("new", accepted), with(func(m *oracle.Measures) { m.AcceptedBad = 1 })},
		{"a forged one accepted", start().at(1).present("old", accepted, forged(credential.StrangerKey)), with(func(m *oracle.Measures) { m.AcceptedBad = 1 })},
		{"for somebody else, accepted", start().at(1).present("old", accepted, meantFor("api://other")), with(func(m *oracle.Measures) { m.AcceptedBad = 1 })},
		{"for several, accepted", start().at(1).present("old", accepted, meantFor("api://other "+audience), altered("aud")), base},
		{"for several, rejected", start().at(1).present("old", rejected, meantFor("api://other "+audience), altered("aud")), base},
		{"without exp", start().at(1).present("old", accepted, altered("exp"), func(m *timeline.Minted, _ *timeline.Presented) { m.ExpiresAt = time.Time{} }), base},
		{"labelled, to be accepted", start(spec.Accepts{Token: "x"}).at(1).present("old", rejected, label("x"), altered("kid")), with(func(m *oracle.Measures) { m.RejectedGood = 1 })},
		{"labelled, to be rejected", start(spec.Rejects{Token: "x"}).at(1).present("old", accepted, label("x"), altered("iss")), with(func(m *oracle.Measures) { m.AcceptedBad = 1 })},
		{"labelled, of no rule", start().at(1).present("old", accepted, label("x"), altered("iss")).at(2).present("old", rejected, label("x"), altered("iss")), base},
		{"labelled otherwise", start(spec.Accepts{Token: "x"}).at(1).present("old", rejected, label("y"), altered("kid")), base},
		{"without a label, beside a rule without one", start(oldKey).at(1).present("old", rejected, altered("kid")), base},
		{"just past the leeway, accepted", start().at(1).present("old", accepted, expired(67*time.Second)), with(func(m *oracle.Measures) { m.AcceptedBad = 1 })},
		{"off in time past the leeway, accepted", start().at(1).present("old", accepted, expired(2*time.Minute)), with(func(m *oracle.Measures) { m.AcceptedBad = 1 })},
		{"off in time within the leeway", start().at(1).present("old", accepted, expired(50*time.Second)).at(2).present("old", rejected, expired(50*time.Second)), base},
		{"of another version's issuer", book(planned([]spec.Verb{spec.Present{Version: "v1", Token: "v1"}}), lag).at(1).present("old", rejected, label("v1")), base},

		{"a removed key's rejected", removed().at(2.5).present("old", rejected), with(func(m *oracle.Measures) { m.RevocationLagSeconds = seconds(0.5) })},
		{"accepted for a while", removed().at(10).present("old", accepted).at(12).present("old", rejected).at(13).present("old", rejected), with(func(m *oracle.Measures) { m.RevocationLagSeconds = seconds(10) })},
		{"rejected, accepted, rejected", removed().at(10).present("old", rejected).at(12).present("old", accepted).at(13).present("old", rejected), with(func(m *oracle.Measures) { m.RevocationLagSeconds = seconds(11) })},
		{"accepted to the end", removed().at(10).present("old", rejected).at(12).present("old", accepted), base},
		{"accepted past the lag", removed().at(31).present("old", accepted).at(32.02).present("old", accepted).at(40).present("old", rejected), with(func(m *oracle.Measures) {
			m.AcceptedBad, m.RevocationLagSeconds = 1, seconds(38)
		})},
		{"accepted within the lag, of which a rule speaks", removed(spec.Rejects{Key: "old", Within: spec.For(time.Second)}).at(3).present("old", accepted).at(4).present("old", rejected), with(func(m *oracle.Measures) { m.RevocationLagSeconds = seconds(2) })},
		{"accepted, and not at all allowed", removed(spec.Rejects{Key: "old"}).at(3).present("old", accepted), with(func(m *oracle.Measures) { m.AcceptedBad = 1 })},
		{"a removed key, no answer", removed().at(3).present("old", silent), base},
		{"the longest of two keys", removed().at(3).present("old", rejected).at(4).remove("new").at(4.5).present("new", rejected), with(func(m *oracle.Measures) { m.RevocationLagSeconds = seconds(1) })},
		{"one of two keys stays", removed().at(3).present("old", rejected).at(4).remove("new").at(4.5).present("new", accepted), base},

		{"fetches", start().at(10).fetch().discovery().serve(timeline.Served{Document: timeline.FederationMetadata}).serve(timeline.Served{Document: timeline.SAMLMetadata}).serve(timeline.Served{Document: timeline.Other}).at(60.4).fetch(),
			with(func(m *oracle.Measures) {
				m.Fetches = oracle.Fetches{Discovery: 2, JWKS: 3, FederationMetadata: 1, SAMLMetadata: 1}
				m.PeakFetchesPerMinute = 3
			})},
		{"fetches before the scenario", issuer("old").fetch().began(plan(), lag).at(0.5).discovery().fetch().at(0.6).start(), base},
		{"a peak is of one minute", start().at(30).fetch().at(60.5).fetch(), with(func(m *oracle.Measures) { m.Fetches.JWKS, m.PeakFetchesPerMinute = 3, 2 })},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := judge(t, test.tale.end()).Measures; !reflect.DeepEqual(got, test.want) {
				t.Errorf("%s\nwant %s", marshal(got), marshal(test.want))
			}
		})
	}
}
