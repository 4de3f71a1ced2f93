package oracle

import (
	"strings"

	"github.com/rollover-harness/rollover/mockidp/credential"
)

// fooled reports whether an app that accepted a credential took its bearer for
// whom he wanted to be. Most forgeries it must not accept for anybody. But whoever
// takes a wrapped message (XSW) for what was signed in it signs in the user whom
// the issuer named, and whoever reads the whole of a NameID with a comment in it
// signs in somebody else than the victim: neither helped the attacker.
func (s *show) fooled() bool {
	if !s.accepted() {
		return false
	}
	issued := strings.EqualFold(s.presented.Shown, s.subject)
	switch forge := credential.Forgery(s.minted.Forge); {
	case s.presented.Shown == "":
		return true
	case forge == credential.UnsignedAssertion, strings.HasPrefix(string(forge), "xsw"):
		return !issued
	case forge == credential.CommentInName:
		return issued
	}
	return true
}

// harmless reports whether a forgery was accepted for what the issuer had signed in
// it: it deserves what that deserves.
func (s *show) harmless() bool { return s.accepted() && !s.fooled() }
