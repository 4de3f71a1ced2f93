package pin

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	"github.com/rollover-harness/rollover/scenarios/signers"
)

// Element is the issuerNameRegistry that pins what is served: every certificate
// that signs tokens, and the issuer as it is served. from says where it is
// from, in a comment above. tenants take the place of the placeholder where the
// metadata is that of every tenant. The comment stands outside of the element:
// inside, the registry counts children.
func Element(s Served, from string, tenants []string) ([]byte, error) {
	role := s.Entity.TokenRole()
	certificates := s.Document.SigningTokens(s.Entity)
	switch {
	case strings.TrimSpace(s.Entity.ID) == "":
		return nil, errors.New("write issuerNameRegistry: no issuer is named (key sets and certificates name none, federation metadata does)")
	case len(certificates) == 0:
		return nil, fmt.Errorf("write issuerNameRegistry: no certificate signs tokens of %s", s.Entity.ID)
	case len(tenants) > 0 && !s.Entity.Template():
		return nil, fmt.Errorf("write issuerNameRegistry: %s is one tenant already", s.Entity.ID)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "<!-- %s\n     %s, keys of the role %s, as served on %s.\n     Pins do not follow a roll; rollover thumbprint checks them.\n",
		comment(from), comment(s.Entity.ID), comment(string(role)), day(s.Now))
	if s.Entity.Template() && len(tenants) == 0 {
		fmt.Fprintf(&b, "     %s stands for every tenant and matches no token: write one valid issuer for each tenant,\n     with its id in the place of the braces.\n", signers.Tenant)
	}
	for _, c := range certificates {
		fmt.Fprintf(&b, "     %s %s, %s to %s\n", c.SHA1.Hex(), comment(c.Subject), day(c.NotBefore), day(c.NotAfter))
	}
	b.WriteString("-->\n")
	class := "System.IdentityModel.Tokens." + string(Validating)
	fmt.Fprintf(&b, "<issuerNameRegistry type=\"%s, %s\">\n", class, class)
	fmt.Fprintf(&b, "  <authority name=\"%s\">\n    <keys>\n", attribute(s.Entity.ID))
	for _, c := range certificates {
		fmt.Fprintf(&b, "      <add thumbprint=\"%s\" />\n", c.SHA1.Hex())
	}
	b.WriteString("    </keys>\n    <validIssuers>\n")
	for _, issuer := range issuers(s.Entity, tenants) {
		fmt.Fprintf(&b, "      <add name=\"%s\" />\n", attribute(issuer))
	}
	b.WriteString("    </validIssuers>\n  </authority>\n</issuerNameRegistry>\n")
	return b.Bytes(), nil
}

func issuers(e signers.Entity, tenants []string) []string {
	if len(tenants) == 0 {
		return []string{e.ID}
	}
	all := make([]string, len(tenants))
	for i, t := range tenants {
		all[i] = e.Of(t)
	}
	return all
}

// IsTenant reports whether a text is the id of a tenant of Entra ID.
func IsTenant(text string) bool { return text != "" && guid.FindString(text) == text }

func attribute(value string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(value)) // a Builder takes everything
	return b.String()
}

// comment makes a text fit for a comment, which must not have two hyphens in a row.
func comment(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0xfffe || r == 0xffff {
			return ' '
		}
		return r
	}, text)
	for strings.Contains(text, "--") {
		text = strings.ReplaceAll(text, "--", "- -")
	}
	return strings.TrimSuffix(text, "-")
}
