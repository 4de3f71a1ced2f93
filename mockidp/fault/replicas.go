package fault

import (
	"slices"

	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// View serves what replica nth (modulo their number) knows: the keys that it
// names, in its order, whatever their state. Names that the ring does not have
// yet are left out. It imitates front ends that are out of step during a
// rollover, as Entra's common endpoint showed 6 and 9 keys in turn
// (internet-identity #3957).
func (f Replicas) View(s keyring.Snapshot, nth int) keyring.Snapshot {
	var keys []keyring.Key
	for _, name := range f.Keys[nth%len(f.Keys)] {
		k, known := s.Key(name)
		if !known || slices.ContainsFunc(keys, func(have keyring.Key) bool { return have.Name == name }) {
			continue
		}
		if !k.State.Served() {
			k.State = keyring.Published
		}
		keys = append(keys, k)
	}
	return s.With(keys)
}
