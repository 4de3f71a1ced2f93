package fault

import (
	"slices"

	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// View serves the same keys in another order. The order carries no meaning
// (RFC 7517 section 5); passport-azure-ad used index 0 all the same and broke
// when Azure AD published a second key in front (15 August 2016).
func (f Reorder) View(s keyring.Snapshot) keyring.Snapshot {
	keys := s.Served()
	switch f.Order {
	case "reverse":
		slices.Reverse(keys)
	case "oldest-first":
		slices.SortStableFunc(keys, func(a, b keyring.Key) int { return a.PublishedAt().Compare(b.PublishedAt()) })
	case "newest-first":
		// Reversed first: of keys published in one instant the later listed is newer.
		slices.Reverse(keys)
		slices.SortStableFunc(keys, func(a, b keyring.Key) int { return b.PublishedAt().Compare(a.PublishedAt()) })
	}
	return s.With(keys)
}
