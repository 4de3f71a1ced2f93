package fault

import "github.com/rollover-harness/rollover/mockidp/keyring"

// View serves no key at all. Providers do it while a key store comes up; what
// matters is whether the app lets an empty set wipe a good one (PyJWT #1162). In
// federation metadata the roles stay, without a signing key, and nothing is left to
// sign with.
func (Empty) View(s keyring.Snapshot) keyring.Snapshot {
	s.Extras = nil
	return s.With(nil)
}
