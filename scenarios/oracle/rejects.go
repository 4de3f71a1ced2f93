package oracle

import (
	"fmt"
	"time"

	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// rejectedBy picks the tokens that a rule speaks of.
func (b *book) rejectedBy(r spec.Rejects) func(*show) bool {
	switch {
	case r.Token != "":
		return func(s *show) bool { return s.presented.Token == r.Token }
	case r.Forge != "":
		// An assertion has no kid: a step that wants an unknown one gets an unknown certificate.
		return func(s *show) bool {
			p, _ := b.stepOf(s)
			return s.minted.Forge == string(r.Forge) || p.Forge == r.Forge && p.RandomKID
		}
	}
	return func(s *show) bool {
		return s.minted.Key == r.Key && (s.quality == leaving || s.quality == unpublished)
	}
}

// unwelcome says in words which tokens a rule speaks of.
func unwelcome(r spec.Rejects) string {
	switch {
	case r.Token != "":
		return fmt.Sprintf("token labelled %q", r.Token)
	case r.Forge != "":
		return fmt.Sprintf("forged token (%s)", r.Forge)
	}
	return fmt.Sprintf("token of key %q outside the documents", r.Key)
}

func (b *book) rejects(r spec.Rejects) []Finding {
	what, pick := unwelcome(r), b.rejectedBy(r)
	var answered, accepted, broke, silent []*show
	for i := range b.shows {
		s := &b.shows[i]
		if !s.judged() || !pick(s) {
			continue
		}
		switch {
		case s.accepted():
			if s.fooled() || s.unwanted {
				accepted = append(accepted, s)
			}
		case s.presented.Outcome == timeline.Failed && s.refused():
			broke = append(broke, s)
		case !s.refused():
			silent = append(silent, s)
			continue
		}
		answered = append(answered, s)
	}
	shown := len(answered) + len(silent)
	if shown == 0 {
		return []Finding{unseen(r.Rule(), what)}
	}
	var findings []Finding
	if len(answered) > 0 {
		findings = append(findings, b.keepsOut(r, what, answered, accepted))
	}
	if len(broke) > 0 {
		text := fmt.Sprintf("%s: %d of %d broke the app instead of being rejected, the first %s", what, len(broke), shown, b.words(broke[0]))
		findings = append(findings, Finding{Rule: r.Rule(), Outcome: Fail, Text: text, Evidence: seqs(broke)})
	}
	if len(silent) > 0 {
		text := fmt.Sprintf("%s: no answer to %d of %d (%s)", what, len(silent), shown, silent[0].presented.Detail)
		findings = append(findings, Finding{Rule: r.Rule(), Outcome: Inconclusive, Text: text, Evidence: seqs(silent)})
	}
	return findings
}

func count(shows []*show, is func(*show) bool) (n int) {
	for _, s := range shows {
		if is(s) {
			n++
		}
	}
	return n
}

// keepsOut judges what was accepted that must be rejected.
func (b *book) keepsOut(r spec.Rejects, what string, answered, accepted []*show) Finding {
	f := Finding{Rule: r.Rule(), Outcome: Pass, Evidence: seqs(answered)}
	if len(accepted) == 0 {
		f.Text = fmt.Sprintf("%s: none of %d accepted", what, len(answered))
		if read := count(answered, (*show).accepted); read > 0 {
			f.Text += fmt.Sprintf("; from %d of them the app read what the issuer had signed", read)
		}
		return f
	}
	f.Evidence = seqs(accepted)
	var lag time.Duration
	atOnce := r.Within.IsZero()
	for _, s := range accepted {
		// Only a key that stood in the documents may be accepted for a while after it left them.
		atOnce = atOnce || s.quality != leaving
		lag = max(lag, s.from-s.removed)
	}
	if atOnce {
		f.Outcome = Fail
		f.Text = fmt.Sprintf("%s: %d of %d accepted", what, len(accepted), len(answered))
		return f
	}
	limit, declared := b.resolve(r.Within)
	still := answered[len(answered)-1].accepted()
	f.Text = fmt.Sprintf("%s: accepted for %.1f s after the key was removed", what, lag.Seconds())
	if still {
		f.Text += ", and to the end of the run"
	}
	switch {
	case !declared:
		f.undeclare(trimPromise(r.Within.Word))
	case lag > limit:
		f.Outcome = Fail
		f.Text += fmt.Sprintf("; %s is promised", text(limit))
	case still:
		f.withhold(fmt.Sprintf("%s is promised and the run looked no longer", text(limit)))
	}
	return f
}
