package oracle

import (
	"fmt"
	"time"

	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

func (b *book) leeway(r spec.Leeway) []Finding {
	var findings []Finding
	for _, label := range r.Tokens {
		before := len(findings)
		for i := range b.shows {
			if s := &b.shows[i]; s.judged() && s.presented.Token == label {
				findings = append(findings, b.leewayOf(r, s))
			}
		}
		if len(findings) == before {
			findings = append(findings, unseen(r.Rule(), fmt.Sprintf("token labelled %q", label)))
		}
	}
	return findings
}

func (b *book) leewayOf(r spec.Leeway, s *show) Finding {
	off := s.off()
	f := Finding{Rule: r.Rule(), Evidence: []uint64{s.seq}}
	f.Text = fmt.Sprintf("token labelled %q, %s off in time: %s", s.presented.Token, text(off.Round(time.Second)), s.presented.Outcome)
	leeway := b.promise.Leeway
	switch {
	case leeway == nil:
		f.undeclare("leeway")
	case !s.accepted() && !s.refused():
		f.Outcome = Inconclusive
		f.Text += " (" + s.presented.Detail + ")"
	case off < time.Duration(*leeway)-margin:
		f.Outcome = verdict(s.accepted())
		f.Text += fmt.Sprintf("; within the promised %s", leeway)
	case off > time.Duration(*leeway)+margin:
		f.Outcome = verdict(s.presented.Outcome == timeline.Rejected)
		f.Text += fmt.Sprintf("; past the promised %s", leeway)
	default:
		f.setAside(fmt.Sprintf("too near to the promised %s", leeway))
	}
	return f
}

func verdict(holds bool) Outcome {
	if holds {
		return Pass
	}
	return Fail
}
