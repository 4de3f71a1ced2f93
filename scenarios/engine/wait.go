package engine

import (
	"context"
	"slices"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// wait lets time pass until the app was served what the step waits for, or the
// time is over. Tokens beside go on all the while: many apps look for keys
// only when a request comes.
func (p *play) wait(ctx context.Context, v spec.Wait) error {
	deadline := time.Now().Add(p.length(v.For))
	var seen uint64
	for {
		for _, key := range v.Beside {
			if _, err := p.once(ctx, spec.Present{Key: key}); err != nil {
				return err
			}
		}
		if v.Bait {
			if _, err := p.once(ctx, spec.Present{Forge: credential.StrangerKey, RandomKID: true}); err != nil {
				return err
			}
		}
		left := time.Until(deadline)
		met, err := p.served(ctx, &seen, v, min(left, lastPause))
		if err != nil || met || left <= lastPause {
			return err
		}
	}
}

// served waits for a while for an answer that the step waits for. Without a
// condition it only waits.
func (p *play) served(ctx context.Context, seen *uint64, v spec.Wait, atMost time.Duration) (met bool, err error) {
	deadline := time.Now().Add(max(0, atMost))
	for {
		left := time.Until(deadline)
		entries, err := p.site.Timeline(ctx, *seen, max(0, left))
		if err != nil {
			return false, err
		}
		for _, e := range entries {
			*seen = e.Seq
			if s, is := e.Event.(timeline.Served); is && ((v.Fetched != "" && slices.Contains(s.Keys, v.Fetched)) || (v.Fault != "" && s.Harmed(v.Fault))) {
				return true, nil
			}
		}
		if left <= 0 {
			return false, context.Cause(ctx)
		}
	}
}
