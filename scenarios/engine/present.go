package engine

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target"
)

// Rounds of presenting again begin quickly and grow calm: the first tell a
// rejection from a hiccup, the later ones are as many as users would make.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = time.Second
	growth     = 1.5
	// resolution is how finely a promised recovery is measured: its tenth.
	resolution = 10
)

// calm is the longest pause between rounds: short promises are measured finely.
func (p *play) calm() time.Duration {
	if r := p.Promise.Recovery; r != nil && r.Within > 0 {
		return max(firstPause, min(lastPause, time.Duration(r.Within)/resolution))
	}
	return lastPause
}

// plain sees that the app does its work before anything happens: otherwise
// every verdict would speak of a wrong configuration.
func (p *play) plain(ctx context.Context) error {
	within := min(glance, p.Patience)
	if p.Target.Kind() == "url" {
		// The app remembers the scenario before: it may have to sit out a cool-down.
		within = p.Patience
	}
	first, err := p.once(ctx, spec.Present{})
	if err != nil || first.Outcome == timeline.Accepted {
		return err
	}
	p.Progress(Progress{
		ID: p.scenario.ID, Step: beforeSteps, Steps: len(p.scenario.Steps),
		Doing: fmt.Sprintf("waiting up to %s for a good token to be accepted (now %s %d)", within, first.Outcome, first.Status),
	})
	_, last, err := p.until(ctx, spec.Present{}, spec.Row{Length: 1}, within)
	if err != nil {
		return err
	}
	if last.Outcome != timeline.Accepted {
		return fmt.Errorf("%w: %s %s (%s)", ErrPlain, last.Outcome, last.Detail, p.configured())
	}
	return nil
}

// present carries out a present step.
func (p *play) present(ctx context.Context, v spec.Present) error {
	if v.Until.IsZero() {
		return p.times(ctx, v)
	}
	within := p.Patience
	switch {
	case !v.Within.IsZero() && v.Within.Word != spec.Patience:
		within = p.length(v.Within)
	case p.Promise.Recovery != nil && p.Promise.Recovery.Restart && !v.Until.Rejected:
		within = min(glance, p.Patience) // only a restart is promised to help
	}
	took, _, err := p.until(ctx, v, v.Until, within)
	if err == nil && !v.Until.Rejected && took >= glance {
		p.late = append(p.late, lateness{key: v.Key, took: took})
	}
	return err
}

// times presents a number of credentials, some of them at the same time.
func (p *play) times(ctx context.Context, v spec.Present) error {
	times, together := max(1, v.Times), max(1, v.Together)
	if together == 1 {
		for range times {
			if _, err := p.once(ctx, v); err != nil {
				return err
			}
		}
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan struct{})
	var workers sync.WaitGroup
	for range together {
		workers.Go(func() {
			for range work {
				if _, err := p.once(ctx, v); err != nil {
					cancel(err)
				}
			}
		})
	}
feed:
	for range times {
		select {
		case work <- struct{}{}:
		case <-ctx.Done():
			break feed
		}
	}
	close(work)
	workers.Wait()
	return context.Cause(ctx)
}

// until presents again and again until the row is full or the time is over,
// and says how long it took to the first of the row.
func (p *play) until(ctx context.Context, v spec.Present, row spec.Row, within time.Duration) (took time.Duration, last target.Observation, err error) {
	want := timeline.Accepted
	if row.Rejected {
		want = timeline.Rejected
	}
	began := time.Now()
	deadline := began.Add(within)
	pause := firstPause
	inRow := 0
	for {
		for _, key := range v.Beside {
			if _, err := p.once(ctx, spec.Present{Key: key}); err != nil {
				return 0, last, err
			}
		}
		if last, err = p.once(ctx, v); err != nil {
			return 0, last, err
		}
		if last.Outcome == want {
			if inRow++; inRow == 1 {
				took = time.Since(began)
			}
			pause = firstPause
		} else {
			inRow = 0
			pause = min(time.Duration(float64(pause)*growth), p.calm())
		}
		if inRow >= row.Length {
			return took, last, nil
		}
		// A row that has begun is brought to its end, so that the last moment of
		// the window is not lost.
		if inRow == 0 && time.Now().Add(pause).After(deadline) {
			return 0, last, nil
		}
		if err := rest(ctx, pause); err != nil {
			return 0, last, err
		}
	}
}

// once mints a credential, presents it and writes down the answer.
func (p *play) once(ctx context.Context, v spec.Present) (target.Observation, error) {
	c, err := p.site.Mint(ctx, p.request(v))
	if err != nil {
		return target.Observation{}, fmt.Errorf("mint: %w", err)
	}
	c.Subject = cmp.Or(v.Subject, credential.DefaultSubject)
	o := p.instance.Present(ctx, c)
	if ctx.Err() != nil {
		// An answer cut off by the end of the run says nothing of the app.
		return o, context.Cause(ctx)
	}
	p.words.flush() // what the app said of it comes before its answer
	err = p.record(ctx, timeline.Presented{
		Minted: c.Minted, Step: p.step, Token: v.Token, Outcome: o.Outcome, Status: o.Status, Detail: o.Detail, Shown: o.Shown, Undelivered: o.Undelivered, Took: duration(o.Took),
	})
	if err == nil && o.Outcome == timeline.Unreachable && p.ended() {
		err = errEnded
	}
	return o, err
}

func (p *play) request(v spec.Present) credential.Request {
	r := credential.Request{
		Key: v.Key, Audience: v.Audience, Subject: v.Subject, Claims: v.Claims, Header: v.Header,
		ExpiresIn: v.ExpiresIn, NotBefore: v.NotBefore, IssuedAt: v.IssuedAt, Forge: v.Forge, Version: v.Version, SAML: v.SAML,
	}
	if p.signsIn() {
		r.Form = credential.Session
	}
	switch {
	case v.RandomKID && p.has(target.Federation):
		// An assertion has no kid: a certificate that nobody knows is what makes
		// an app look for keys.
		r.Forge = credential.StrangerCertificate
	case v.RandomKID:
		header := map[string]any{"kid": p.kid()}
		for name, value := range v.Header {
			header[name] = value
		}
		r.Header = header
	}
	return r
}

// configured asks what is wrong with an app that does not work at all.
func (p *play) configured() string {
	at := p.site.Environment
	switch {
	case p.has(target.WSFed):
		return fmt.Sprintf("is it configured to sign people in at %s for the realm %s?", at.WSFed, p.Audience)
	case p.has(target.SAML):
		return fmt.Sprintf("is it configured to sign people in at %s, of the identity provider %s, as the service provider %s?", at.SAML2, at.EntityID, p.Audience)
	case p.has(target.OIDC):
		return fmt.Sprintf("is it configured to sign people in by issuer %s as client %s?", at.Issuer, p.Audience)
	}
	return fmt.Sprintf("is it configured for issuer %s and audience %s?", at.Issuer, p.Audience)
}

// kid is one that no key has.
func (p *play) kid() string {
	p.random.Lock()
	defer p.random.Unlock()
	return fmt.Sprintf("unknown-%016x", p.kids.Uint64())
}

// rest waits, and no longer than ctx lets it.
func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
