package oracle

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

func (b *book) bounds(r spec.Fetches) Finding {
	f := Finding{Rule: r.Rule(), Text: r.Document}
	if b.federated && r.Document == string(timeline.JWKS) {
		f.Text = "metadata"
	}
	most, per := r.AtMost.Number, time.Minute
	switch {
	case r.AtMost.Word != "":
		rate := b.promise.FetchesPerMinute
		if rate == nil {
			f.undeclare("fetchesPerMinute")
			return f
		}
		most, per = allowance(*rate)
	case !r.Per.IsZero():
		length, declared := b.resolve(r.Per)
		if !declared || length <= 0 {
			f.undeclare(trimPromise(r.Per.Word))
			return f
		}
		per = length
	}
	from, to, shown := b.during(r.While)
	if !shown {
		return unseen(r.Rule(), fmt.Sprintf("token labelled %q", r.While))
	}
	counted := b.fetchesWhere(func(f *fetch) bool {
		return b.counts(r.Document, f.Document) && f.at >= from && f.at <= to
	})
	peak, first := busiest(counted, per)
	f.Text = fmt.Sprintf("%s: at most %s in %s, %d allowed", f.Text, plural(peak, "fetch", "fetches"), text(per), most)
	for i := first; i < first+min(peak, 6); i++ {
		f.Evidence = append(f.Evidence, counted[i].seq)
	}
	switch {
	case peak > most:
		f.Outcome = Fail
	case slices.ContainsFunc(b.lies, func(l lie) bool { return l.closed && l.during(from, to) }):
		// Refused connections are not in the book: nobody knows how many there were.
		f.withhold("connections were refused meanwhile, and nobody counts those")
	default:
		f.Outcome = Pass
	}
	return f
}

// counts reports whether a fetch of a document is one of the rule's: for an app
// that is shown assertions the metadata stands where JWTs have their key set.
func (b *book) counts(rule string, d timeline.Document) bool {
	if b.federated && rule == string(timeline.JWKS) {
		return b.holdsKeys(d)
	}
	return fault.Concerns(rule, string(d))
}

// allowance turns fetches per minute into a whole number in a stretch of time:
// 0.2 a minute is 1 in 5 minutes.
func allowance(perMinute float64) (most int, per time.Duration) {
	switch {
	case perMinute >= 1:
		return int(min(perMinute, math.MaxInt32)), time.Minute
	case perMinute > 0:
		return 1, time.Duration(math.Round(min(float64(time.Minute)/perMinute, float64(math.MaxInt64/2))))
	}
	return 0, time.Minute
}

// busiest finds the most fetches in any stretch of that length, and where it begins.
func busiest(fetches []fetch, per time.Duration) (most, first int) {
	from := 0
	for to := range fetches {
		for from < to && fetches[to].at-fetches[from].at >= per {
			from++
		}
		if n := to - from + 1; n > most {
			most, first = n, from
		}
	}
	return most, first
}

// during is the time from the first to the last token of a label; without a
// label the whole scenario.
func (b *book) during(label string) (from, to time.Duration, shown bool) {
	if label == "" {
		return b.opened.at, b.end, true
	}
	for i := range b.shows {
		s := &b.shows[i]
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

func text(d time.Duration) string { return clock.Duration(d).String() }

func trimPromise(word string) string { return strings.TrimPrefix(word, "promise.") }
