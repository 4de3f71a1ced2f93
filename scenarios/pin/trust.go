package pin

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rollover-harness/rollover/scenarios/signers"
)

// asksIssuer reports whether the issuer of a token matters, and is known.
func (c *checker) asksIssuer() bool { return c.registry.Kind == Validating && c.entity.ID != "" }

// knows reports whether an authority takes the entity's tokens for those of its issuers.
func (c *checker) knows(authority int) bool {
	return !c.asksIssuer() || slices.ContainsFunc(c.registry.Authorities[authority].Issuers, func(t Text) bool { return accepts(t.Value, c.entity) })
}

// concerns reports whether an authority is about the entity, and not about
// another provider that the app trusts too.
func (c *checker) concerns(authority int) bool {
	a := c.registry.Authorities[authority]
	if c.knows(authority) || c.near(authority) || len(c.registry.Authorities) == 1 {
		return true
	}
	return slices.ContainsFunc(a.Keys, func(k Text) bool { return c.isServed(normal(k.Value)) })
}

// strangers reports whether the file has nothing to do with the entity: it is
// compared with the metadata of another provider, more often than not.
func (c *checker) strangers() bool {
	if !c.asksIssuer() || len(c.registry.Authorities) == 0 {
		return false
	}
	var trusted []string
	for i, a := range c.registry.Authorities {
		if c.knows(i) || c.near(i) || slices.ContainsFunc(a.Keys, func(k Text) bool { return c.isServed(normal(k.Value)) }) {
			return false
		}
		for _, t := range a.Issuers {
			trusted = append(trusted, visible(t.Value))
		}
	}
	if slices.ContainsFunc(c.defects, func(d flaw) bool { return slices.ContainsFunc(c.served, d.means) }) {
		return false
	}
	for _, s := range c.served {
		c.refused = append(c.refused, s.SHA1.Hex())
	}
	c.found(Finding{
		Line: c.registry.Line, Column: c.registry.Column, Level: Now, Code: c.registry.Kind.Code(),
		Cause: fmt.Sprintf("neither the issuer %q nor any of its keys is in the file, which trusts %s", c.entity.ID, cmp.Or(strings.Join(trusted, ", "), "nobody")),
		Hint:  "check against the metadata of the right issuer; to trust this one too, add the authority that rollover thumbprint --web-config prints",
	})
	return true
}

// near reports whether an authority has an issuer that looks like the entity.
func (c *checker) near(authority int) bool {
	return slices.ContainsFunc(c.registry.Authorities[authority].Issuers, func(t Text) bool {
		what, _ := difference(t.Value, c.entity)
		return what != ""
	})
}

// issuer looks whether tokens of the entity are taken at all.
func (c *checker) issuer() {
	if !c.asksIssuer() || slices.ContainsFunc(c.authorities(), c.knows) {
		return
	}
	f := Finding{Line: c.registry.Line, Column: c.registry.Column, Level: Now, Code: c.registry.Kind.Code()}
	if slices.ContainsFunc(c.authorities(), c.near) {
		c.nearIssuers(f)
		return
	}
	for i, a := range c.registry.Authorities {
		if c.concerns(i) {
			f.Line, f.Column = a.line, a.column
			if len(a.Issuers) > 0 {
				f.Line, f.Column = c.registry.file.ValuePosition(a.Issuers[0].attr, 0)
			}
			break
		}
	}
	f.Cause = fmt.Sprintf("%q, from which the tokens come, is no valid issuer", c.entity.ID)
	f.Hint = fmt.Sprintf(`add <add name="%s" /> to validIssuers`, c.entity.ID)
	if c.entity.Template() {
		f.Hint = "add one entry for each tenant to validIssuers, with its id in the place of " + signers.Tenant
	}
	c.found(f)
}

// nearIssuers tells of issuers that look like the entity and are not it.
func (c *checker) nearIssuers(f Finding) {
	for _, a := range c.registry.Authorities {
		for _, t := range a.Issuers {
			what, index := difference(t.Value, c.entity)
			if what == "" {
				continue
			}
			f.Line, f.Column = c.registry.file.ValuePosition(t.attr, index)
			f.Cause = fmt.Sprintf("the issuer %q %s: tokens come from %q, and every character counts", visible(t.Value), what, c.entity.ID)
			f.Hint = "make it equal"
			if c.entity.Template() {
				f.Cause = fmt.Sprintf("the issuer %q %s", visible(t.Value), what)
				f.Hint = "one entry for each tenant: " + c.entity.Of("11111111-2222-3333-4444-555555555555")
			}
			c.found(f)
		}
	}
}

func (c *checker) authorities() []int {
	all := make([]int, len(c.registry.Authorities))
	for i := range all {
		all[i] = i
	}
	return all
}
