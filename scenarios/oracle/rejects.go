package oracle

import (
	"fmt"
	"time"

	"github.com/rollover-harness/rollover/scenarios/spec"
)

func (b *book) rejects(r spec.Rejects) []Finding {
	what, pick := "", func(*show) bool { return false }
	switch {
	case r.Token != "":
		what = fmt.Sprintf("token labelled %q", r.Token)
		pick = func(s *show) bool { return s.presented.Token == r.Token }
	case r.Forge != "":
		what = fmt.Sprintf("forged token (%s)", r.Forge)
		pick = func(s *show) bool { return s.minted.Forge == string(r.Forge) }
	default:
		what = fmt.Sprintf("token of key %q outside the documents", r.Key)
		pick = func(s *show) bool {
			return s.minted.Key == r.Key && (s.quality == leaving || s.quality == bad)
		}
	}
	var shown, accepted, broke, silent []*show
	for i := range b.shows {
		s := &b.shows[i]
		if !pick(s) || s.afterEnd {
			continue
		}
		shown = append(shown, s)
		switch {
		case s.accepted():
			accepted = append(accepted, s)
		case s.presented.Status >= 500:
			broke = append(broke, s)
		case !s.refused():
			silent = append(silent, s)
		}
	}
	if len(shown) == 0 {
		return []Finding{unseen(r.Rule(), what)}
	}
	findings := []Finding{b.keepsOut(r, what, shown, accepted)}
	if len(broke) > 0 {
		findings = append(findings, Finding{r.Rule(), Fail, fmt.Sprintf("%s: %d of %d broke the app instead of being rejected, the first %s", what, len(broke), len(shown), b.words(broke[0])), seqs(broke)})
	}
	if len(silent) > 0 {
		findings = append(findings, Finding{r.Rule(), Inconclusive, fmt.Sprintf("%s: no answer to %d of %d: %s", what, len(silent), len(shown), silent[0].presented.Detail), seqs(silent)})
	}
	return findings
}

// keepsOut judges what was accepted that must be rejected.
func (b *book) keepsOut(r spec.Rejects, what string, shown, accepted []*show) Finding {
	f := Finding{Rule: r.Rule(), Outcome: Pass, Evidence: seqs(shown)}
	if len(accepted) == 0 {
		f.Text = fmt.Sprintf("%s: none of %d accepted", what, len(shown))
		return f
	}
	f.Evidence = seqs(accepted)
	last := accepted[len(accepted)-1]
	if r.Within.IsZero() {
		f.Outcome = Fail
		f.Text = fmt.Sprintf("%s: %d of %d accepted", what, len(accepted), len(shown))
		return f
	}
	lag := last.from - last.removed
	limit, declared := b.resolve(r.Within)
	still := shown[len(shown)-1] == last
	f.Text = fmt.Sprintf("%s: accepted for %.1f s after the key was removed", what, lag.Seconds())
	if still {
		f.Text += ", and to the end of the run"
	}
	switch {
	case !declared:
		f.Outcome = NotApplicable
		f.Text += "; not judged: the promise has no " + trimPromise(r.Within.Word)
	case lag > limit:
		f.Outcome = Fail
		f.Text += fmt.Sprintf("; %s is promised", text(limit))
	case still:
		f.Outcome = NotApplicable
		f.Text += fmt.Sprintf("; not judged: %s is promised and the run looked no longer", text(limit))
	}
	return f
}

// overdue reports a token that must be rejected by now: a bad one at once, one
// of a removed key when the promised lag is over. Without a promised lag a
// removed key's tokens are not judged.
func (b *book) overdue(s *show) bool {
	switch s.quality {
	case bad:
		return true
	case leaving:
		lag := b.promise.RevocationLag
		return lag != nil && s.from-s.removed > time.Duration(*lag)
	}
	return false
}
