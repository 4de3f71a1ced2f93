package oracle

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

func (b *book) fetches(r spec.Fetches) Finding {
	f := Finding{Rule: r.Rule()}
	most, per := r.AtMost.Number, time.Duration(r.Per.Duration)
	if per == 0 {
		per = time.Minute
	}
	if r.AtMost.Word != "" {
		rate := b.promise.FetchesPerMinute
		if rate == nil {
			f.Outcome = NotApplicable
			f.Text = r.Document + ": not judged: the promise has no fetchesPerMinute"
			return f
		}
		most, per = allowance(*rate)
	}
	from, to := b.start, b.end
	if r.While != "" {
		var shown bool
		if from, to, shown = b.during(r.While); !shown {
			return unseen(r.Rule(), fmt.Sprintf("token labelled %q", r.While))
		}
	}
	var counted []serving
	for _, s := range b.fetchesOf(timeline.Document(r.Document)) {
		if s.at >= from && s.at <= to {
			counted = append(counted, s)
		}
	}
	peak, first := busiest(counted, per)
	f.Text = fmt.Sprintf("%s: at most %s in %s, %d allowed", r.Document, plural(peak, "fetch", "fetches"), text(per), most)
	f.Outcome = Pass
	if peak > most {
		f.Outcome = Fail
	}
	for i := first; i < len(counted) && len(f.Evidence) < 6; i++ {
		f.Evidence = append(f.Evidence, counted[i].seq)
	}
	return f
}

// allowance turns fetches per minute into a whole number in a stretch of time:
// 0.2 a minute is 1 in 5 minutes.
func allowance(perMinute float64) (most int, per time.Duration) {
	if perMinute >= 1 || perMinute <= 0 {
		return int(perMinute), time.Minute
	}
	return 1, time.Duration(math.Round(float64(time.Minute) / perMinute))
}

// busiest finds the most fetches in any stretch of that length, and where it begins.
func busiest(fetches []serving, per time.Duration) (most, first int) {
	from := 0
	for to := range fetches {
		for fetches[to].at-fetches[from].at >= per {
			from++
		}
		if n := to - from + 1; n > most {
			most, first = n, from
		}
	}
	return most, first
}

// during is the time from the first to the last token of a label.
func (b *book) during(label string) (from, to time.Duration, shown bool) {
	for _, s := range b.shows {
		if s.presented.Token != label {
			continue
		}
		if !shown {
			from, shown = s.from, true
		}
		from, to = min(from, s.from), max(to, s.to)
	}
	return from, to, shown
}

func (b *book) leeway(r spec.Leeway) []Finding {
	var findings []Finding
	for _, label := range r.Tokens {
		findings = append(findings, b.leewayOf(r, label))
	}
	return findings
}

func (b *book) leewayOf(r spec.Leeway, label string) Finding {
	f := Finding{Rule: r.Rule()}
	var shown []*show
	for i := range b.shows {
		if b.shows[i].presented.Token == label {
			shown = append(shown, &b.shows[i])
		}
	}
	if len(shown) == 0 {
		return unseen(r.Rule(), fmt.Sprintf("token labelled %q", label))
	}
	s := shown[len(shown)-1]
	off := s.ahead()
	f.Evidence = []uint64{s.seq}
	f.Text = fmt.Sprintf("token labelled %q, %s off in time: %s", label, text(off.Round(time.Second)), s.presented.Outcome)
	leeway := b.promise.Leeway
	switch {
	case leeway == nil:
		f.Outcome = NotApplicable
		f.Text += "; not judged: the promise has no leeway"
	case !s.accepted() && !s.refused():
		f.Outcome = Inconclusive
		f.Text += ": " + s.presented.Detail
	case off < time.Duration(*leeway)-margin:
		f.Outcome = verdict(s.accepted())
		f.Text += fmt.Sprintf("; within the promised %s", leeway)
	case off > time.Duration(*leeway)+margin:
		f.Outcome = verdict(s.presented.Outcome == timeline.Rejected)
		f.Text += fmt.Sprintf("; past the promised %s", leeway)
	default:
		f.Outcome = NotApplicable
		f.Text += fmt.Sprintf("; not judged: too near to the promised %s", leeway)
	}
	return f
}

func verdict(holds bool) Outcome {
	if holds {
		return Pass
	}
	return Fail
}

func text(d time.Duration) string { return clock.Duration(d).String() }

func trimPromise(word string) string { return strings.TrimPrefix(word, "promise.") }
