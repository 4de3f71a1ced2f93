package oracle

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// wanted says in words and by a pick which tokens a rule demands.
func wanted(r spec.Accepts) (what string, pick func(*show) bool) {
	if r.Token != "" {
		return fmt.Sprintf("token labelled %q", r.Token), labelled(r.Token)
	}
	return fmt.Sprintf("good token of key %q", r.Key), goodOf(r.Key)
}

func (b *book) accepts(r spec.Accepts) []Finding {
	what, pick := wanted(r)
	c := b.follow(pick)
	var findings []Finding
	switch {
	case len(c.shows) == 0:
		return []Finding{unseen(r.Rule(), what)}
	case len(c.refused) > 0:
		findings = append(findings, b.recovers(r, what, c))
		if f, judged := b.spares(r, what, c); judged {
			findings = append(findings, f)
		}
		b.excuse(findings, c)
	case c.accepted > 0:
		text := fmt.Sprintf("%s: %s accepted, none rejected", what, plural(c.accepted, "was", "were"))
		if len(c.silent) > 0 {
			text += fmt.Sprintf(", %d without an answer", len(c.silent))
		}
		findings = append(findings, Finding{Rule: r.Rule(), Outcome: Pass, Text: text, Evidence: seqs(c.shows)})
	}
	findings = append(findings, b.lasts(r, what, c)...)
	if early := c.early(); len(early) > 0 && len(early) < len(c.shows) {
		text := fmt.Sprintf("%s: no answer to the first %d of %d (%s)", what, len(early), len(c.shows), early[0].presented.Detail)
		findings = append(findings, Finding{Rule: r.Rule(), Outcome: Inconclusive, Text: text, Evidence: seqs(early)})
	}
	if mute := c.mute(); len(mute) > 0 {
		text := fmt.Sprintf("%s: no answer to the last %d of %d (%s)", what, len(mute), len(c.shows), mute[len(mute)-1].presented.Detail)
		findings = append(findings, Finding{Rule: r.Rule(), Outcome: Inconclusive, Text: text, Evidence: seqs(mute)})
	}
	return findings
}

// slack is how finely a way back is measured: rounds of presenting are up to a
// second apart, so the run may look for the last time that much before the end
// of a promised time, and see an app that came back in time that much after it.
const slack = 2 * time.Second

// rejections says how many there were, and how the app put the first.
func (b *book) rejections(what string, c course) string {
	return fmt.Sprintf("%s: %d of %d rejected, the first %s", what, len(c.refused), len(c.shows), b.words(c.refused[0]))
}

// recovers judges the way back of an app that rejected good tokens.
func (b *book) recovers(r spec.Accepts, what string, c course) Finding {
	f := Finding{Rule: r.Rule(), Evidence: seqs(append(slices.Clone(c.refused), c.tail()...)), Text: b.rejections(what, c)}
	watched := c.until - c.refused[0].from
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
	if within.Word == "promise.recovery" && b.promise.Recovery != nil && b.promise.Recovery.Restart {
		return b.restarts(f, c)
	}
	limit, declared := b.resolve(within)
	switch {
	case !declared:
		f.Outcome, f.aside = NotApplicable, true
		f.Text += "; not judged: the promise has no recovery"
	case limit == 0:
		f.Outcome = Fail
		f.Text += "; the same request is promised"
	case c.back != nil && c.took <= limit+min(slack, limit/10):
		f.Outcome = Pass
	case c.back == nil && watched+slack < limit:
		f.withhold(fmt.Sprintf("%s is promised, the run %s", text(limit), b.looked(limit, watched)))
	default:
		f.Outcome = Fail
		f.Text += fmt.Sprintf("; %s is promised", text(limit))
	}
	return f
}

// looked says why a run did not see the end of a promised time.
func (b *book) looked(limit, watched time.Duration) string {
	if limit > time.Duration(b.began.Patience) {
		return "waits no longer than " + b.began.Patience.String()
	}
	return fmt.Sprintf("looked for %.1f s", watched.Seconds())
}

// restarts judges by a promise that speaks of a restart.
func (b *book) restarts(f Finding, c course) Finding {
	switch {
	case c.back != nil || c.restarted != nil:
		f.Outcome = Pass
	case c.retried:
		f.Outcome = Fail
		f.Text += ", nor after a restart"
	case !slices.Contains(b.began.Target.Features, "restart"):
		f.withhold("the promise speaks of a restart and this target cannot be restarted")
	default:
		f.Outcome = Inconclusive
		f.Text += "; the promise speaks of a restart, and none was tried"
	}
	return f
}

// spares judges the number of good tokens rejected in the scenario.
func (b *book) spares(r spec.Accepts, what string, c course) (Finding, bool) {
	if b.promise.RejectedGood == nil || r.Rejections == "allowed" {
		return Finding{}, false
	}
	promised := *b.promise.RejectedGood
	f := Finding{Rule: r.Rule(), Outcome: Pass, Evidence: seqs(c.refused)}
	f.Text = fmt.Sprintf("%s: %s", what, plural(len(c.refused), "good token rejected", "good tokens rejected"))
	if b.spent > len(c.refused) {
		f.Text += fmt.Sprintf(", %d in the scenario", b.spent)
	}
	f.Text += fmt.Sprintf("; %d promised", promised)
	switch {
	case len(c.refused) > promised, b.spent > promised:
		f.Outcome = Fail
	case c.back == nil:
		f.withhold("it was rejected to the end, and nobody knows how often after it")
	}
	return f, true
}

// spend counts the good tokens rejected that the promise counts: a promise
// speaks of the whole scenario, rules of a key each.
func (b *book) spend() {
	counted := map[*show]bool{}
	for _, e := range b.scenario.Expect {
		r, is := e.Rule.(spec.Accepts)
		if !is || r.Rejections == "allowed" {
			continue
		}
		_, pick := wanted(r)
		c := b.follow(pick)
		if b.shortly(c) != "" {
			continue
		}
		for _, s := range c.refused {
			counted[s] = true
		}
	}
	b.spent = len(counted)
}

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
