package mockidp

import (
	"context"
	"fmt"
	"time"

	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// newRing makes the keys that an issuer starts with, all of them new, as one
// generation.
func (i *Issuer) newRing(ctx context.Context, generation uint64, now time.Time) (keyring.Snapshot, []keyring.Transition, error) {
	var ring keyring.Snapshot
	moves := make([]keyring.Transition, 0, len(i.config.Keys))
	for n, k := range i.config.Keys {
		steps, err := life(k, stateOf(k, n))
		if err != nil {
			return keyring.Snapshot{}, nil, err
		}
		for _, step := range steps {
			if ring, _, err = i.applyKey(ctx, ring, step, now); err != nil {
				return keyring.Snapshot{}, nil, err
			}
		}
		made, _ := ring.Key(k.Name)
		moves = append(moves, keyring.Transition{Key: k.Name, KID: made.KID, To: made.State})
	}
	ring.Generation = generation
	return ring, moves, nil
}

// life is how a key gets into a state.
func life(k Key, state keyring.State) ([]keyring.Command, error) {
	publish := keyring.Publish{Name: k.Name, Alg: k.Alg, KID: k.KID}
	switch state {
	case keyring.Generated:
		return []keyring.Command{keyring.Generate{Name: k.Name, Alg: k.Alg, KID: k.KID}}, nil
	case keyring.Published:
		return []keyring.Command{publish}, nil
	case keyring.Active:
		return []keyring.Command{publish, keyring.ActivateBeside{Key: k.Name}}, nil
	case keyring.Retired:
		return []keyring.Command{publish, keyring.ActivateBeside{Key: k.Name}, keyring.Retire{Key: k.Name}}, nil
	case keyring.Removed:
		return []keyring.Command{publish, keyring.Remove{Key: k.Name}}, nil
	}
	return nil, fmt.Errorf("%w: key %q: unknown state %q (one of generated, published, active, retired, removed)", issuer.ErrSpec, k.Name, state)
}

// applyKey applies one command of the ring, with new material where it needs some.
func (i *Issuer) applyKey(ctx context.Context, ring keyring.Snapshot, cmd keyring.Command, now time.Time) (keyring.Snapshot, []keyring.Transition, error) {
	if alg, needed := keyring.NeedsMaterial(ring, cmd); needed {
		material, err := i.config.Source.Take(ctx, alg)
		if err != nil {
			return ring, nil, fmt.Errorf("%s: %w", cmd.Verb(), err)
		}
		cmd = keyring.Provide(cmd, material)
	}
	return keyring.Apply(ring, cmd, i.kid, now)
}
