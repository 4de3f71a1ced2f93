package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// hold finds out why an app came back late. A cool-down after an unknown kid
// and a cache that ran out look the same on the way back; afterwards, while
// only known keys are presented, the cache runs out again and the cool-down
// does not come up. So known tokens are presented for as long as the key set
// lived before it was fetched again, and a little longer.
func (p *play) hold(ctx context.Context) error {
	for _, late := range p.late {
		entries, err := p.site.Timeline(ctx, 0, 0)
		if err != nil {
			return err
		}
		if late.key == "" {
			late.key = signer(entries)
		}
		brought, age, known := keySetAge(entries, late.key)
		if !known {
			continue
		}
		now, err := p.elapsed(ctx)
		if err != nil {
			return err
		}
		until := brought + time.Duration(float64(age)*1.15) + time.Second
		left := min(until-now, p.Patience)
		if left <= 0 {
			continue
		}
		note := fmt.Sprintf("the keys were %.1f s old when they were fetched again: presenting known tokens only for %.1f s, to tell a cool-down from a cache that runs out", age.Seconds(), left.Seconds())
		if err := p.record(ctx, timeline.Note{Text: note}); err != nil {
			return err
		}
		if err := p.wait(ctx, spec.Wait{For: spec.For(left), Beside: []string{late.key}}); err != nil {
			return err
		}
	}
	return nil
}

// signer is the key that signed last, for steps that name none.
func signer(entries []timeline.Entry) string {
	for _, e := range slices.Backward(entries) {
		if m, is := e.Event.(timeline.Minted); is && m.Key != "" {
			return m.Key
		}
	}
	return ""
}

// keySetAge finds the fetch that brought the key, and how old the document was
// that it replaced: the key set, or the metadata of an app that people sign in to.
func keySetAge(entries []timeline.Entry, key string) (brought, age time.Duration, known bool) {
	var former time.Duration
	for _, e := range entries {
		s, is := e.Event.(timeline.Served)
		if !is || !holdsKeys(s.Document) || s.Status != 200 {
			continue
		}
		at := time.Duration(e.Elapsed)
		if slices.Contains(s.Keys, key) {
			return at, at - former, former > 0
		}
		former = at
	}
	return 0, 0, false
}

func holdsKeys(d timeline.Document) bool {
	return d == timeline.JWKS || d == timeline.FederationMetadata || d == timeline.SAMLMetadata
}

// elapsed is now by the book's own clock.
func (p *play) elapsed(ctx context.Context) (time.Duration, error) {
	if err := p.record(ctx, timeline.Note{Text: "looking back"}); err != nil {
		return 0, err
	}
	entries, err := p.site.Timeline(ctx, 0, 0)
	if err != nil || len(entries) == 0 {
		return 0, err
	}
	return time.Duration(entries[len(entries)-1].Elapsed), nil
}

// lost are the good tokens that must be accepted and of which the last was not:
// one of each such key, one of each such label.
func (p *play) lost(ctx context.Context) ([]spec.Present, error) {
	entries, err := p.site.Timeline(ctx, 0, 0)
	if err != nil {
		return nil, err
	}
	type name struct{ key, token string }
	minted := map[uint64]timeline.Minted{}
	last := map[name]timeline.Outcome{}
	for _, e := range entries {
		switch event := e.Event.(type) {
		case timeline.Minted:
			minted[e.Seq] = event
		case timeline.Presented:
			switch m := minted[event.Minted]; {
			case event.Token != "":
				last[name{token: event.Token}] = event.Outcome
			case m.Forge == "" && len(m.Altered) == 0:
				last[name{key: m.Key}] = event.Outcome
			}
		}
	}
	var lost []spec.Present
	for _, e := range p.scenario.Expect {
		a, is := e.Rule.(spec.Accepts)
		wanted := name{key: a.Key, token: a.Token}
		if outcome, shown := last[wanted]; !is || !shown || outcome == timeline.Accepted {
			continue
		}
		delete(last, wanted) // once is enough, however many rules there are
		lost = append(lost, p.again(a))
	}
	return lost, nil
}

// again is what shows one more credential of those that a rule speaks of.
func (p *play) again(a spec.Accepts) spec.Present {
	if a.Token != "" {
		for _, step := range slices.Backward(p.scenario.Steps) {
			if v, is := step.Do.(spec.Present); is && v.Token == a.Token {
				return v
			}
		}
	}
	return spec.Present{Key: a.Key}
}

// presentAfterRestart shows whether a restart helps what was lost.
func (p *play) presentAfterRestart(ctx context.Context, lost []spec.Present) error {
	for _, v := range lost {
		v.Beside = nil
		if _, _, err := p.until(ctx, v, spec.Row{Length: 1}, min(glance, p.Patience)); err != nil {
			return err
		}
	}
	return nil
}
