package pin

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/scenarios/signers"
)

// means reports whether a thumbprint that equals none was meant to be that of a
// certificate.
func (f flaw) means(s signers.Certificate) bool {
	value := normal(f.text.Value)
	return f.clean == s.SHA1.Hex() || value == s.SHA256.Hex() ||
		slices.Contains([]string{s.SHA1.Base64URL(), s.SHA256.Base64URL()}, strings.TrimRight(strings.TrimSpace(f.text.Value), "="))
}

// broken tells of thumbprints that can equal none.
func (c *checker) broken() {
	for _, d := range c.defects {
		f := Finding{Level: Later, Code: c.registry.Kind.Code()}
		f.Line, f.Column = c.registry.file.ValuePosition(d.text.attr, d.index)
		f.Cause = "the thumbprint " + d.what + ": it never matches"
		f.Hint = "type it anew"
		if d.clean != "" {
			f.Hint = "write " + d.clean
		}
		for _, s := range c.served {
			h := s.SHA1.Hex()
			if !d.means(s) {
				continue
			}
			f.Hint = "write " + h
			if slices.Contains(c.refused, h) {
				f.Level = c.level(h)
				f.Cause += "; it is meant for a certificate that is served"
				if h == c.signer {
					f.Cause = strings.TrimSuffix(f.Cause, "a certificate that is served") + "the one that " + c.signs()
				}
			}
		}
		c.found(f)
	}
}

// gone tells of thumbprints that are pinned and not served, or not for tokens.
// Nobody is kept out by them, but whoever got hold of that key is let in.
func (c *checker) gone() {
	if len(c.document.Bare)+len(c.document.Problems) > 0 || c.document.Kind == signers.Certificates {
		return // one of those may be it, and a file of certificates is not all that is served
	}
	for h, places := range c.pinned {
		if c.isServed(h) {
			continue
		}
		for _, p := range places {
			if !c.concerns(p.authority) {
				continue
			}
			f := Finding{Level: Warning}
			f.Line, f.Column = c.registry.file.ValuePosition(p.text.attr, 0)
			f.Cause = short(h) + " is pinned and not served"
			f.Hint = "remove it when nothing signs with it any more: the app accepts every token of that key"
			if other := c.document.Find(h); other != nil {
				f.Cause = fmt.Sprintf("%s signs no tokens: it is served for %s", short(h), duties(*other))
				f.Hint = "remove it"
			}
			c.found(f)
		}
	}
}

// duties are what a certificate is served for.
func duties(s signers.Certificate) string {
	var all []string
	for _, p := range s.Places {
		duty := strings.TrimSpace(fmt.Sprintf("%s %s", p.Role, p.Use))
		if !slices.Contains(all, duty) {
			all = append(all, duty)
		}
	}
	return strings.Join(all, ", ")
}

// short is how a long text names a certificate: as certificate lists do.
func short(thumbprint string) string {
	if len(thumbprint) <= 12 {
		return thumbprint
	}
	return thumbprint[:8] + "..."
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// rows are all certificates: the served ones, then those that are pinned alone.
func (c *checker) rows() []Row {
	var rows []Row
	lines := func(h string) []int {
		all := []int{}
		for _, p := range c.pinned[h] {
			line, _ := c.registry.file.ValuePosition(p.text.attr, 0)
			all = append(all, line)
		}
		return all
	}
	for _, s := range c.served {
		h := s.SHA1.Hex()
		rows = append(rows, Row{
			Thumbprint: h, PinnedAt: lines(h), Served: true, Accepted: !slices.Contains(c.refused, h), Signs: h == c.signer, NotAfter: s.NotAfter.UTC(), Subject: s.Subject,
		})
	}
	var alone []Row
	for h, places := range c.pinned {
		concerned := slices.ContainsFunc(places, func(p pinned) bool { return c.concerns(p.authority) })
		if !c.isServed(h) && concerned {
			alone = append(alone, Row{Thumbprint: h, PinnedAt: lines(h), Accepted: true})
		}
	}
	slices.SortFunc(alone, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.PinnedAt[0], b.PinnedAt[0]), cmp.Compare(a.Thumbprint, b.Thumbprint))
	})
	return append(rows, alone...)
}
