package oracle_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/oracle"
)

func TestEnds(t *testing.T) {
	p := recovery(time.Minute)
	rolled := func() *tale { return book(plan(newKey), p).at(1).rollover("new").at(2).present("new", accepted) }
	for _, test := range []struct {
		name     string
		tale     *tale
		findings string
		outcome  oracle.Outcome
		err      string
	}{
		{"well", rolled().end(), "accepts pass", oracle.Pass, ""},
		{"the app ended by itself", rolled().dies("exit status 1").end(), "survives fail, accepts pass", oracle.Fail, ""},
		{"the app was ended", rolled().add(timeline.Harness, timeline.TargetStopped{Asked: true}).end(), "accepts pass", oracle.Pass, ""},
		{"the app ended before anything was shown", book(plan(newKey), p).dies("exit status 1").end(), "survives fail, accepts inconclusive", oracle.Fail, ""},
		{"the harness failed", rolled().fails("mint: no such key"), "accepts pass, harness inconclusive", oracle.Inconclusive, "mint: no such key"},
		{"the harness failed an app that failed", rolled().dies("killed").fails("mint: no such key"), "survives fail, accepts pass, harness inconclusive", oracle.Fail, "mint: no such key"},
		{"cut short", rolled(), "accepts pass, harness inconclusive", oracle.Inconclusive, "the timeline ends before the scenario does: the run was interrupted"},
		{"no rule", book(plan(), p).at(1).present("old", accepted).end(), "", oracle.Inconclusive, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := judge(t, test.tale)
			if got := told(v); got != test.findings || v.Outcome != test.outcome || v.Error != test.err {
				t.Errorf("%q, %s, %q; want %q, %s, %q", got, v.Outcome, v.Error, test.findings, test.outcome, test.err)
			}
		})
	}
}

func TestMissingFeatures(t *testing.T) {
	b := issuer("old").began(plan(newKey), recovery(0))
	began := b.entries[1].Event.(timeline.Began)
	began.Missing = []string{"it has no clock", "it writes no log"}
	b.entries[1].Event = began
	v := judge(t, b.end())
	if v.Outcome != oracle.NotApplicable || told(v) != "needs not-applicable" || texts(v) != "it has no clock; it writes no log" {
		t.Errorf("%+v", v)
	}
}

func TestHeading(t *testing.T) {
	v := judge(t, book(plan(oldKey), recovery(0)).at(3).present("old", accepted).at(4.6).end().at(9).fetch())
	if v.ID != "T1" || v.Name != "tale" || v.Title != "A tale" || v.Profile != "core" || v.Seconds != 4.5 {
		t.Errorf("%+v", v)
	}
}

// The first entries after the issuer's own: what Judge is told is no scenario.
func TestNoScenario(t *testing.T) {
	broken := func(change func(*timeline.Began)) []timeline.Entry {
		b := issuer("old").began(plan(newKey), recovery(0))
		began := b.entries[1].Event.(timeline.Began)
		change(&began)
		b.entries[1].Event = began
		return b.end().entries
	}
	for name, entries := range map[string][]timeline.Entry{
		"nothing":                 nil,
		"an issuer alone":         issuer("old").entries,
		"scenario no JSON":        broken(func(b *timeline.Began) { b.Scenario = json.RawMessage(`{`) }),
		"scenario no steps":       broken(func(b *timeline.Began) { b.Scenario = json.RawMessage(`{"steps":[{"dance":{}}]}`) }),
		"no promise":              broken(func(b *timeline.Began) { b.Promise = nil }),
		"unknown promise":         broken(func(b *timeline.Began) { b.Promise = json.RawMessage(`"eternal"`) }),
		"a token out of thin air": book(plan(newKey), recovery(0)).add(timeline.Harness, timeline.Presented{Minted: 1}).entries,
		"a fault that is none":    book(plan(newKey), recovery(0)).add(timeline.Issuer, timeline.FaultSet{ID: "f", Rule: json.RawMessage(`[]`)}).entries,
	} {
		t.Run(name, func(t *testing.T) {
			if v, err := oracle.Judge(entries); !errors.Is(err, oracle.ErrTimeline) || !strings.HasPrefix(err.Error(), "judge: not the timeline of a scenario: ") {
				t.Errorf("%+v, %v", v, err)
			}
		})
	}
}

func TestPromiseByName(t *testing.T) {
	b := issuer("old").began(plan(newKey), recovery(0))
	began := b.entries[1].Event.(timeline.Began)
	began.Promise = json.RawMessage(`"strict"`)
	b.entries[1].Event = began
	v := judge(t, b.at(0.6).start().at(1).rollover("new").at(2).present("new", rejected).at(3).present("new", accepted).end())
	if want := "accepts fail, accepts fail"; told(v) != want {
		t.Errorf("%s, want %s", told(v), want)
	}
}
