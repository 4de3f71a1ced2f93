package oracle

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// course is how a run of good tokens went.
type course struct {
	shows     []*show // good ones, without those after the judge's own restart
	refused   []*show // answered, but not accepted
	silent    []*show // no answer
	back      *show   // first of the last row that was accepted; nil: not recovered
	restarted *show   // first one accepted after a restart that no step asked for
	took      time.Duration
}

// follow goes through the good tokens that pick takes.
func (b *book) follow(pick func(*show) bool) course {
	var c course
	for i := range b.shows {
		s := &b.shows[i]
		if !pick(s) {
			continue
		}
		if s.afterEnd {
			if s.accepted() && c.restarted == nil {
				c.restarted = s
			}
			continue
		}
		c.shows = append(c.shows, s)
		switch {
		case s.accepted():
			if c.back == nil {
				c.back = s
			}
			continue
		case s.refused():
			c.refused = append(c.refused, s)
		default:
			c.silent = append(c.silent, s)
		}
		c.back = nil
	}
	if len(c.refused) > 0 && c.back != nil {
		c.took = max(0, c.back.to-c.refused[0].to)
	}
	return c
}

func (b *book) goodOf(key string) func(*show) bool {
	return func(s *show) bool { return s.minted.Key == key && s.quality == good }
}

func (b *book) accepts(r spec.Accepts) []Finding {
	what, pick := fmt.Sprintf("good token of key %q", r.Key), b.goodOf(r.Key)
	if r.Token != "" {
		what = fmt.Sprintf("token labelled %q", r.Token)
		pick = func(s *show) bool { return s.presented.Token == r.Token }
	}
	c := b.follow(pick)
	switch {
	case len(c.shows) == 0:
		return []Finding{unseen(r.Rule(), what)}
	case len(c.refused) == 0 && c.back == nil:
		return []Finding{{r.Rule(), Inconclusive, fmt.Sprintf("%s: no answer to the last of %d (%s)", what, len(c.shows), c.silent[len(c.silent)-1].presented.Detail), seqs(c.silent)}}
	case len(c.refused) == 0:
		return []Finding{{r.Rule(), Pass, fmt.Sprintf("%s: %s accepted, none rejected", what, plural(len(c.shows)-len(c.silent), "was", "were")), seqs(c.shows)}}
	}
	findings := []Finding{b.recovers(r, what, c)}
	if f, judged := b.spares(r, what, c); judged {
		findings = append(findings, f)
	}
	if reason := b.announcedTooShort(r.Key, c); reason != "" {
		for i := range findings {
			if findings[i].Outcome == Fail {
				findings[i].Outcome = NotApplicable
				findings[i].Text += "; not judged: " + reason
			}
		}
	}
	return findings
}

// recovers judges the way back of an app that rejected good tokens.
func (b *book) recovers(r spec.Accepts, what string, c course) Finding {
	f := Finding{Rule: r.Rule(), Evidence: seqs(append(slices.Clone(c.refused), c.tail()...))}
	f.Text = fmt.Sprintf("%s: %d of %d rejected, the first %s", what, len(c.refused), len(c.shows), b.words(c.refused[0]))
	watched := c.shows[len(c.shows)-1].to - c.refused[0].to
	if c.back != nil {
		f.Text += fmt.Sprintf("; accepted again after %.1f s", c.took.Seconds())
	} else {
		f.Text += fmt.Sprintf("; not accepted again within %.1f s", watched.Seconds())
		if c.restarted != nil {
			f.Text += ", then accepted after a restart"
		}
	}
	within := r.Within
	if within.IsZero() {
		within = spec.Span{Word: "promise.recovery"}
	}
	limit, declared := b.resolve(within)
	restart := within.Word == "promise.recovery" && b.promise.Recovery != nil && b.promise.Recovery.Restart
	switch {
	case restart && (c.back != nil || c.restarted != nil):
		f.Outcome = Pass
	case restart && !b.can("restart"):
		f.Outcome = NotApplicable
		f.Text += "; not judged: the promise speaks of a restart and this target cannot be restarted"
	case restart:
		f.Outcome = Fail
	case !declared:
		f.Outcome = NotApplicable
		f.Text += "; not judged: the promise has no recovery"
	case c.back != nil && (c.took <= limit && limit > 0):
		f.Outcome = Pass
	case c.back == nil && limit > time.Duration(b.began.Patience):
		f.Outcome = NotApplicable
		f.Text += fmt.Sprintf("; not judged: %s is promised, the run waits no longer than %s", text(limit), b.began.Patience)
	case limit == 0:
		f.Outcome = Fail
		f.Text += "; the same request is promised"
	default:
		f.Outcome = Fail
		f.Text += fmt.Sprintf("; %s is promised", text(limit))
	}
	return f
}

// spares judges the number of good tokens rejected.
func (b *book) spares(r spec.Accepts, what string, c course) (Finding, bool) {
	if b.promise.RejectedGood == nil || r.Rejections == "allowed" {
		return Finding{}, false
	}
	f := Finding{Rule: r.Rule(), Outcome: Pass, Evidence: seqs(c.refused)}
	f.Text = fmt.Sprintf("%s: %s, %d promised", what, plural(len(c.refused), "good token rejected", "good tokens rejected"), *b.promise.RejectedGood)
	if len(c.refused) > *b.promise.RejectedGood {
		f.Outcome = Fail
	}
	return f, true
}

// announcedTooShort says why an app may not be blamed: the run announced the
// key for a shorter time than the promise says, and the app never saw it.
func (b *book) announcedTooShort(key string, c course) string {
	if b.promise.Announcement == nil || !slices.ContainsFunc(b.scenario.Steps, func(s spec.Step) bool {
		w, is := s.Do.(spec.Wait)
		return is && w.For.Word == "promise.announcement" && w.Fetched == key
	}) {
		return ""
	}
	var published, active time.Duration
	for _, m := range b.moves[key] {
		switch {
		case m.state == keyring.Published && published == 0:
			published = m.at
		case m.state == keyring.Active && active == 0:
			active = m.at
		}
	}
	promised := time.Duration(*b.promise.Announcement)
	if active-published >= promised {
		return ""
	}
	for _, s := range b.served {
		if s.at >= published && s.at < active && slices.Contains(s.Keys, key) {
			return ""
		}
	}
	return fmt.Sprintf("the key was announced for %.1f s and the promise says %s", (active - published).Seconds(), text(promised))
}

// tail is the end of the way back, as evidence.
func (c course) tail() []*show {
	switch {
	case c.back != nil:
		return []*show{c.back}
	case c.restarted != nil:
		return []*show{c.restarted}
	}
	return nil
}

func (b *book) can(feature string) bool { return slices.Contains(b.began.Target.Features, feature) }

// words is what the app itself says about an answer: its status, and the line
// it logged or answered that names the trouble best.
func (b *book) words(s *show) string {
	status := fmt.Sprintf("with %d", s.presented.Status)
	if s.presented.Outcome == timeline.Unreachable {
		status = "without an answer"
	}
	if said, ok := b.said(s); ok {
		return fmt.Sprintf("%s (%s)", status, said.text)
	}
	return status
}
