package fault

import "github.com/rollover-harness/rollover/mockidp/keyring"

// View serves the keys of an earlier generation: then, or a number of
// generations back (the oldest of past where it does not reach that far). It
// imitates the CDN that went on serving an old key set for an hour after a
// rotation (Logto, 8 January 2026).
func (f Stale) View(s, then keyring.Snapshot, past Past) keyring.Snapshot {
	earlier := then
	if f.Generations > 0 && len(past) > 0 {
		earlier = past[max(0, len(past)-f.Generations)]
	} else if f.Generations > 0 {
		earlier = s
	}
	// What another rule put beside the keys stays.
	earlier.Extras, earlier.Bend = s.Extras, s.Bend
	return earlier
}
