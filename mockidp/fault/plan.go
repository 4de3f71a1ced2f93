package fault

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// Plan is what goes wrong with one request. The zero value is nothing.
type Plan struct {
	hits []hit
}

// hit is a rule that harms the request, which is the nth that it harms.
type hit struct {
	*armed
	nth int
}

// Past are snapshots of earlier generations, the latest last.
type Past []keyring.Snapshot

// Plan counts a request for document (one of Documents, or anything else for
// other paths) and returns what goes wrong with it. Finish ends it.
func (t Table) Plan(document string, now time.Time) Plan {
	var p Plan
	for _, a := range t.armed {
		if nth, harmed := a.hit(document, now); harmed {
			p.hits = append(p.hits, hit{a, nth})
		}
	}
	return p
}

// Harmless reports whether nothing goes wrong.
func (p Plan) Harmless() bool { return len(p.hits) == 0 }

// IDs names the rules, separated by commas.
func (p Plan) IDs() string {
	ids := make([]string, len(p.hits))
	for i, h := range p.hits {
		ids[i] = h.ID
	}
	return strings.Join(ids, ",")
}

// Finish counts the request as answered and returns the ids of rules that have
// thereby harmed as many as they may: they have ended.
func (p Plan) Finish() []string {
	var ended []string
	for _, h := range p.hits {
		if n := h.finished.Add(1); h.Count > 0 && n == int64(h.Count) {
			ended = append(ended, h.ID)
		}
	}
	return ended
}

// ViewKey tells apart what View makes of one snapshot; it is empty where no
// rule lies about keys.
func (p Plan) ViewKey() string {
	var key strings.Builder
	for _, h := range p.hits {
		if !h.views() {
			continue
		}
		key.WriteString(h.ID)
		if h.Replicas != nil {
			key.WriteString("#" + strconv.Itoa(h.nth%len(h.Replicas.Keys)))
		}
		key.WriteByte('\n')
	}
	return key.String()
}

// View returns the snapshot that is served instead of s. Rules act in the
// order in which they were set, each on what the earlier ones left.
func (p Plan) View(s keyring.Snapshot, past Past) keyring.Snapshot {
	truth := s
	for _, h := range p.hits {
		switch {
		case h.Empty != nil:
			s = h.Empty.View(s)
		case h.Stale != nil:
			s = h.Stale.View(s, h.then, past)
		case h.Replicas != nil:
			s = h.Replicas.View(s, h.nth)
		case h.Extra != nil:
			s = h.Extra.View(s)
		case h.Reorder != nil:
			s = h.Reorder.View(s)
		case h.Metadata != nil:
			s = h.Metadata.View(s, truth)
		}
	}
	return s
}

// views reports whether the rule lies about keys.
func (r Rule) views() bool {
	return r.Empty != nil || r.Stale != nil || r.Replicas != nil || r.Extra != nil || r.Reorder != nil || r.Metadata != nil
}

// layer is how near to the document a wire acts. Rules of one layer act in the
// order in which they were set; layers keep them from hiding one another: a
// page with 200 that is cut, late and of the wrong type needs no right order.
type layer int

const (
	content   layer = iota // what is sent: status, html, body; the one set last wins
	header                 // under which headers: contentType, cache
	transport              // how: drip, truncate
	admission              // whether and when: refuse, hang, delay; the one set first acts first
)

// Wire returns the handler that answers instead of next.
func (p Plan) Wire(next http.Handler) http.Handler {
	for l := content; l <= admission; l++ {
		hits := p.hits
		if l == admission {
			// The handler wrapped last acts first.
			hits = slices.Clone(hits)
			slices.Reverse(hits)
		}
		for _, h := range hits {
			if wire, on := h.wire(); wire != nil && on == l {
				next = wire(next)
			}
		}
	}
	return next
}

func (h hit) wire() (func(http.Handler) http.Handler, layer) {
	switch {
	case h.Status != nil:
		return h.Status.Wire, content
	case h.HTML != nil:
		return h.HTML.Wire, content
	case h.Body != nil:
		return h.Body.Wire, content
	case h.ContentType != nil:
		return h.ContentType.Wire, header
	case h.Cache != nil:
		return h.Cache.Wire, header
	case h.Truncate != nil:
		return h.Truncate.Wire, transport
	case h.Drip != nil:
		return func(next http.Handler) http.Handler { return h.Drip.Wire(next, h.over) }, transport
	case h.Refuse != nil:
		return h.Refuse.Wire, admission
	case h.Hang != nil:
		return func(next http.Handler) http.Handler { return h.Hang.Wire(next, h.over) }, admission
	case h.Delay != nil:
		return func(next http.Handler) http.Handler { return h.Delay.Wire(next, h.over) }, admission
	}
	return nil, content
}
