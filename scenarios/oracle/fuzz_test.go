package oracle_test

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// everything is a tale with an entry of each kind and a rule of each kind.
func everything() *tale {
	steps := []spec.Verb{
		keyring.Publish{Name: "new"}, spec.Wait{For: spec.Span{Word: "promise.announcement"}, Fetched: "new"}, spec.Restart{},
		spec.Present{Token: "x", Version: "v1"}, setting(odd),
	}
	p := named("strict")
	p.Leeway, p.Outage, p.Announcement = period(time.Minute), period(time.Hour), period(time.Hour)
	b := book(planned(steps, newKey, spec.Accepts{Token: "x"}, spec.Accepts{Key: "old", Through: spec.Span{Word: "promise.outage"}},
		spec.Rejects{Key: "old", Within: spec.Span{Word: "promise.revocationLag"}}, spec.Rejects{Forge: credential.AlgNone},
		spec.Fetches{Document: "jwks", AtMost: spec.Amount{Word: spec.AmountWord}}, spec.Leeway{Tokens: []string{"x"}}), p)
	b.at(1).publish("new").generate("ghost").fault("f", odd).fault("g", fault.Rule{Count: 2, Status: &fault.Status{Code: 503}})
	b.at(2).fetchHarmed("f,g", 503).activate("new").at(3).present("new", rejected, saying("IDX10501: no")).log(aspnet...)
	b.at(4).clear("f").fetch().at(5).present("new", accepted).present("old", rejected).at(6).present("old", accepted, forged(credential.AlgNone))
	b.at(7).remove("old").restart().at(8).present("old", accepted, inStep(3)).skew(time.Hour).present("new", broken, label("x"), inStep(3))
	b.at(9).every(1, 30, "new", rejected, inStep(4)).fetch().at(40).present("new", accepted, inStep(4)).restart().present("new", accepted, inStep(9))
	return b.dies("killed").fails("something")
}

// people is a tale of an app that they sign in to.
func people() *tale {
	steps := []spec.Verb{spec.Present{Forge: credential.StrangerKey, RandomKID: true}, spec.Present{Subject: attacker}, spec.Present{Forge: credential.XSW3}}
	b := signIn(planned(steps, newKey, spec.Rejects{Forge: credential.StrangerKey}, spec.Rejects{Forge: credential.XSW3},
		spec.Fetches{Document: "jwks", AtMost: spec.Amount{Number: 1}}), named("microsoft"))
	b.at(1).read().present("old", accepted, session(user)).at(2).rollover("new").at(3).present("new", broken, withheld)
	b.at(4).present("old", rejected, session(""), forged(credential.StrangerCertificate)).at(5).present("old", accepted, session(user), forged(credential.XSW3), inStep(2))
	b.at(6).fault("f", fault.Rule{Document: "signIn", Status: &fault.Status{Code: 503}}).present("new", silent, session("")).clear("f")
	return b.at(7).read().present("new", accepted, session(attacker)).at(8).present("old", accepted, session(attacker), inStep(1)).end()
}

func setting(r fault.Rule) spec.Verb { return command.Fault{Rule: r} }

// FuzzJudge sees that a decoded timeline, however absurd, is judged without a
// panic, the same way twice, and that evidence is there.
func FuzzJudge(f *testing.F) {
	for _, b := range []*tale{everything(), late(), people(), book(plan(newKey), recovery(0)).end(), issuer("old")} {
		var saved bytes.Buffer
		if err := timeline.Encode(&saved, b.entries); err != nil {
			f.Fatal(err)
		}
		f.Add(saved.Bytes())
	}
	f.Fuzz(check)
}

func check(t *testing.T, data []byte) {
	entries, err := timeline.Decode(bytes.NewReader(data))
	if err != nil {
		return
	}
	v, err := oracle.Judge(entries)
	if err != nil {
		if !errors.Is(err, oracle.ErrTimeline) {
			t.Errorf("%v does not say what is wrong with the timeline", err)
		}
		return
	}
	again, _ := oracle.Judge(entries)
	if !reflect.DeepEqual(v, again) {
		t.Errorf("%+v\nthen\n%+v", v, again)
	}
	for _, found := range v.Findings {
		for _, seq := range found.Evidence {
			if seq < 1 || seq > uint64(len(entries)) {
				t.Errorf("%q cites entry %d of %d", found.Text, seq, len(entries))
			}
		}
	}
	if v.Outcome == oracle.Pass && v.Error != "" {
		t.Errorf("pass, and %s", v.Error)
	}
}

// FuzzBent bends a sound tale instead of its bytes: entries leave, come twice,
// change places, times and answers.
func FuzzBent(f *testing.F) {
	tales := []*tale{everything(), late(), crowd(30, rejected), people()}
	f.Add([]byte{0, 1, 10, 3, 1, 3, 12, 200, 2, 5, 20, 7})
	f.Add([]byte{1, 0, 5, 0, 0, 4, 30, 9})
	f.Add([]byte{3, 6, 9, 2, 6, 12, 130, 4, 12, 1})
	f.Fuzz(func(t *testing.T, program []byte) {
		if len(program) == 0 || len(program) > 400 {
			return
		}
		entries := slices.Clone(tales[int(program[0])%len(tales)].entries)
		for p := program[1:]; len(p) >= 3 && len(entries) > 0; p = p[3:] {
			i, value := int(p[1])%len(entries), p[2]
			switch p[0] % 7 {
			case 0:
				entries = slices.Delete(entries, i, i+1)
			case 1:
				entries = slices.Insert(entries, int(value)%len(entries), entries[i])
			case 2:
				j := int(value) % len(entries)
				entries[i], entries[j] = entries[j], entries[i]
			case 3:
				entries[i].Elapsed = clock.Duration(int64(value)-100) * clock.Duration(time.Second)
			case 4:
				if shown, is := entries[i].Event.(timeline.Presented); is {
					shown.Outcome = []timeline.Outcome{timeline.Accepted, timeline.Rejected, timeline.Failed, timeline.Unreachable}[value%4]
					shown.Step = int(value/4) - 10
					entries[i].Event = shown
				}
			case 5:
				if shown, is := entries[i].Event.(timeline.Presented); is {
					shown.Took = clock.Duration(value) * clock.Duration(time.Second)
					entries[i].Event = shown
				}
			case 6:
				if shown, is := entries[i].Event.(timeline.Presented); is {
					shown.Shown = []string{"", user, attacker, user + ".evil.test"}[value%4]
					shown.Undelivered = value > 127
					entries[i].Event = shown
				}
			}
		}
		seqs := map[uint64]uint64{} // from what they were
		for i := range entries {
			was := entries[i].Seq
			if _, twice := seqs[was]; !twice {
				seqs[was] = uint64(i) + 1
			}
			entries[i].Seq = uint64(i) + 1
			if shown, is := entries[i].Event.(timeline.Presented); is {
				shown.Minted = seqs[shown.Minted]
				entries[i].Event = shown
			}
		}
		var saved bytes.Buffer
		if err := timeline.Encode(&saved, entries); err != nil {
			t.Fatal(err)
		}
		check(t, saved.Bytes())
	})
}

// The same tale is judged the same way however maps are walked.
func TestDeterministic(t *testing.T) {
	b := everything()
	first := judge(t, b)
	for range 50 {
		if v := judge(t, b); !reflect.DeepEqual(v, first) {
			t.Fatalf("%+v\nthen\n%+v", first, v)
		}
	}
}

// crowd is a busy book: good tokens, unknown kids, a fetch and a log line for each.
func crowd(n int, answer timeline.Presented) *tale {
	p := named("strict")
	p.Outage = period(time.Hour)
	b := book(plan(newKey, spec.Accepts{Key: "old", Through: spec.Span{Word: "promise.outage"}}, spec.Rejects{Token: "storm"},
		spec.Fetches{Document: "jwks", AtMost: spec.Amount{Word: spec.AmountWord}, While: "storm"}), p)
	b.at(1).fault("f", fault.Rule{Count: n, Status: &fault.Status{Code: 503}})
	for i := range n {
		at := 2 + float64(i)/100
		switch i {
		case n / 3:
			b.rollover("new")
		case n / 2:
			b.remove("old")
		}
		b.at(at).fetchHarmed("f", 503).at(at + 0.001).log("fail: Signature validation failed. token " + challenge)
		switch i % 3 {
		case 0:
			b.present("old", answer)
		case 1:
			b.present("ghost", rejected, label("storm"))
		default:
			b.present("new", answer)
		}
	}
	return b.end()
}

func BenchmarkJudge(b *testing.B) {
	for name, answer := range map[string]timeline.Presented{"rejected": rejected, "accepted": accepted} {
		entries := crowd(3000, answer).entries
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := oracle.Judge(entries); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
