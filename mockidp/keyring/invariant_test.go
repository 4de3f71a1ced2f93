package keyring_test

import (
	"testing"

	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// commandOf reads one byte as a command on one of four keys.
func commandOf(b byte) keyring.Command {
	names := []string{"a", "b", "c", "d"}
	name, other := names[b>>4&3], names[b>>6&3]
	switch b & 15 {
	case 0:
		return keyring.Generate{Name: name}
	case 1, 2:
		return keyring.Publish{Name: name}
	case 3, 4:
		return keyring.Activate{Key: name}
	case 5:
		return keyring.ActivateBeside{Key: name}
	case 6:
		return keyring.Retire{Key: name}
	case 7:
		return keyring.Remove{Key: name}
	case 8:
		return keyring.Withdraw{Key: name}
	case 9, 10:
		return keyring.Restore{Key: name}
	case 11:
		return keyring.Rotate{}
	case 12:
		return keyring.Rotate{Abrupt: true}
	case 13:
		return keyring.Compromise{Key: name}
	case 14:
		return keyring.ReuseKID{Name: name, Of: other}
	default:
		return keyring.DuplicateKID{Name: name, Of: other}
	}
}

// FuzzCommands applies any sequence of commands: whatever is asked for, the ring
// keeps its word.
func FuzzCommands(f *testing.F) {
	f.Add([]byte{0x01, 0x03, 0x11, 0x13, 0x06, 0x07, 0x09})
	f.Add([]byte{0x01, 0x03, 0x08, 0x11, 0x13, 0x09})       // withdrawn, succeeded, restored
	f.Add([]byte{0x01, 0x03, 0x11, 0x15, 0x21, 0x23, 0x0b}) // two signers, one successor
	f.Add([]byte{0x01, 0x5e, 0x9f, 0x03, 0x0c, 0x09})
	f.Fuzz(func(t *testing.T, bytes []byte) {
		var s keyring.Snapshot
		beside, shared := false, false
		for _, b := range bytes {
			c := commandOf(b)
			switch c.(type) {
			case keyring.ActivateBeside:
				beside = true
			case keyring.ReuseKID, keyring.DuplicateKID:
				shared = true
			}
			was := states(s)
			next, moves, err := tryApply(s, c)
			if states(s) != was {
				t.Fatalf("%#v changed the snapshot given", c)
			}
			if err != nil {
				if next.Generation != s.Generation || states(next) != was {
					t.Fatalf("%#v was refused (%v) and changed the ring", c, err)
				}
				continue
			}
			check(t, c, s, next, moves, beside, shared)
			s = next
		}
	})
}

func check(t *testing.T, c keyring.Command, before, after keyring.Snapshot, moves []keyring.Transition, beside, shared bool) {
	t.Helper()
	if after.Generation != before.Generation+1 {
		t.Fatalf("%#v: generation %d after %d", c, after.Generation, before.Generation)
	}
	active, names, kids := 0, map[string]bool{}, map[string]bool{}
	for _, k := range after.Keys() {
		if k.State == keyring.Active {
			active++
		}
		if names[k.Name] || kids[k.KID] && !shared {
			t.Fatalf("%#v: name %q or kid %q twice", c, k.Name, k.KID)
		}
		names[k.Name], kids[k.KID] = true, true
		if k.State.Served() && k.PublishedAt().IsZero() {
			t.Fatalf("%#v: %s is served and was never published", c, k.Name)
		}
	}
	if active > 1 && !beside {
		t.Fatalf("%#v: %d keys are active: %s", c, active, states(after))
	}
	if signer, found := after.Active(); active > 0 && (!found || signer.State != keyring.Active) {
		t.Fatalf("%#v: the signer is %q, %s", c, signer.Name, signer.State)
	}
	// The moves tell the whole difference.
	told := map[string]keyring.State{}
	for _, k := range before.Keys() {
		told[k.Name] = k.State
	}
	for _, m := range moves {
		if told[m.Key] != m.From {
			t.Fatalf("%#v: a move of %s from %q, it was %q", c, m.Key, m.From, told[m.Key])
		}
		told[m.Key] = m.To
	}
	for _, k := range after.Keys() {
		if told[k.Name] != k.State {
			t.Fatalf("%#v: %s is %s, the moves say %q", c, k.Name, k.State, told[k.Name])
		}
	}
}
