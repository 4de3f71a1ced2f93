package pin

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/scenarios/signers"
)

// Check compares a registry with what is served.
func (g Registry) Check(s Served) Report {
	c := &checker{registry: g, entity: s.Entity, document: s.Document, now: s.Now, pinned: map[string][]pinned{}}
	c.findings = slices.Clone(g.Faults)
	c.served = s.Document.Signing()
	if s.Entity.TokenRole() != "" {
		c.served = s.Document.SigningTokens(s.Entity)
	}
	slices.SortStableFunc(c.served, func(a, b signers.Certificate) int {
		return cmp.Or(a.NotBefore.Compare(b.NotBefore), strings.Compare(a.SHA1.Hex(), b.SHA1.Hex()))
	})
	c.findSigner()
	if g.Kind == Foreign {
		return Report{Outcome: Unknown, Findings: c.findings, Summary: fmt.Sprintf("inconclusive: the registry is of the type %q, whose keys are not in the file", g.Type)}
	}
	c.pins()
	if c.strangers() {
		return c.report()
	}
	c.issuer()
	for _, one := range c.served {
		c.certificate(one)
	}
	c.broken()
	c.gone()
	c.beside()
	return c.report()
}

// checker is a check under way.
type checker struct {
	registry Registry
	entity   signers.Entity
	document signers.Document
	now      time.Time

	served   []signers.Certificate // those that sign tokens, the oldest first
	signer   string                // thumbprint of the one that signs now; empty: not known
	pinned   map[string][]pinned   // by normal thumbprint
	defects  []flaw
	findings []Finding
	refused  []string // thumbprints of served certificates whose tokens are refused
}

// pinned is one place of a thumbprint.
type pinned struct {
	authority int
	text      Text
}

// flaw is a thumbprint that equals none.
type flaw struct {
	defect
	pinned
}

func (c *checker) found(f Finding) { c.findings = append(c.findings, f) }

// findSigner takes the certificate that signed the metadata, as AD FS and Entra
// ID do it with a token-signing key, or the one that there is.
func (c *checker) findSigner() {
	for _, s := range c.served {
		if h := s.SHA1.Hex(); h == c.entity.SignedBy || len(c.served) == 1 {
			c.signer = h
		}
	}
}

// signs is why a certificate is taken for the one that signs tokens now.
func (c *checker) signs() string {
	if c.signer == c.entity.SignedBy {
		return "signs the metadata"
	}
	return "is the only one that is served"
}

// pins sorts what is pinned into what can match and what cannot.
func (c *checker) pins() {
	for i, a := range c.registry.Authorities {
		for _, k := range a.Keys {
			if d := defectOf(k.Value); d != nil {
				c.defects = append(c.defects, flaw{*d, pinned{i, k}})
				continue
			}
			h := normal(k.Value)
			c.pinned[h] = append(c.pinned[h], pinned{i, k})
		}
	}
}

func (c *checker) isServed(thumbprint string) bool {
	return slices.ContainsFunc(c.served, func(s signers.Certificate) bool { return s.SHA1.Hex() == thumbprint })
}

// level is when it hurts that a served certificate is refused.
func (c *checker) level(thumbprint string) Level {
	switch {
	case thumbprint == c.signer:
		return Now
	case c.signer != "":
		return Later
	}
	for _, s := range c.served {
		if slices.ContainsFunc(c.pinned[s.SHA1.Hex()], func(p pinned) bool { return c.knows(p.authority) }) {
			return Later
		}
	}
	return Now
}

func (c *checker) ended(s signers.Certificate) bool { return s.NotAfter.Before(c.now) }

// certificate looks whether tokens of a served certificate are accepted.
func (c *checker) certificate(s signers.Certificate) {
	h := s.SHA1.Hex()
	places := c.pinned[h]
	if slices.ContainsFunc(places, func(p pinned) bool { return c.knows(p.authority) }) {
		return
	}
	c.refused = append(c.refused, h)
	f := Finding{Level: c.level(h), Code: c.registry.Kind.Code()}
	if len(places) > 0 {
		for i := range c.registry.Authorities {
			if c.knows(i) { // else the issuer is the trouble, which has been told
				f.Line, f.Column = c.registry.file.ValuePosition(places[0].text.attr, 0)
				f.Cause = fmt.Sprintf("%s is a key of the authority %q, and the issuer %q is valid in %q alone", short(h), c.registry.Authorities[places[0].authority].Name, c.entity.ID, c.registry.Authorities[i].Name)
				f.Hint = "key and issuer have to stand in the same authority"
				c.found(f)
				return
			}
		}
		return
	}
	if slices.ContainsFunc(c.defects, func(d flaw) bool { return d.means(s) }) {
		return // it is told where that stands
	}
	f.Line, f.Column = c.registry.keysLine, c.registry.keysColumn
	what := "is served"
	if h == c.signer {
		what = c.signs()
	}
	f.Cause = fmt.Sprintf("%s %s and is not pinned", h, what)
	f.Hint = fmt.Sprintf(`add <add thumbprint="%s" />`, h)
	switch {
	case f.Level == Later && c.ended(s):
		f.Level, f.Code, f.Hint = Warning, "", ""
		f.Cause += fmt.Sprintf("; it ended on %s, so nothing should sign with it any more", day(s.NotAfter))
	case f.Level == Later:
		f.Cause += ": its tokens are refused from the day on which it signs"
	}
	c.found(f)
}
