package keyring_test

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/keyring"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// material differs for each seed.
func material(seed int) keyring.Material {
	key := ed25519.NewKeyFromSeed([]byte(fmt.Sprintf("%032d", seed)))
	return keyring.Material{Alg: "EdDSA", Signer: key}
}

// named gives kids that a reader of a failure can tell apart.
func named(m keyring.Material) string {
	return fmt.Sprintf("kid-%x", m.Signer.Public().(ed25519.PublicKey)[:4])
}

// apply applies the commands a minute apart and gives those that make a key material.
func apply(t *testing.T, s keyring.Snapshot, commands ...keyring.Command) (keyring.Snapshot, []keyring.Transition) {
	t.Helper()
	var moves []keyring.Transition
	for _, c := range commands {
		next, made, err := tryApply(s, c)
		if err != nil {
			t.Fatalf("%T: %v", c, err)
		}
		s, moves = next, made
	}
	return s, moves
}

func tryApply(s keyring.Snapshot, c keyring.Command) (keyring.Snapshot, []keyring.Transition, error) {
	if _, needed := keyring.NeedsMaterial(s, c); needed {
		c = keyring.Provide(c, material(len(s.Keys())))
	}
	return keyring.Apply(s, c, named, start.Add(time.Duration(s.Generation)*time.Minute))
}

// in returns a ring with key "k" in each state, and with an active key "other"
// where k is not active itself.
func in(t *testing.T, state keyring.State) keyring.Snapshot {
	t.Helper()
	to := map[keyring.State][]keyring.Command{
		keyring.Generated: {keyring.Generate{Name: "k"}},
		keyring.Published: {keyring.Publish{Name: "k"}},
		keyring.Active:    {keyring.Publish{Name: "k"}, keyring.Activate{Key: "k"}},
		keyring.Retired:   {keyring.Publish{Name: "k"}, keyring.Activate{Key: "k"}, keyring.Retire{Key: "k"}},
		keyring.Removed:   {keyring.Publish{Name: "k"}, keyring.Remove{Key: "k"}},
	}
	s, _ := apply(t, keyring.Snapshot{}, to[state]...)
	if state != keyring.Active {
		s, _ = apply(t, s, keyring.Publish{Name: "other"}, keyring.Activate{Key: "other"})
	}
	return s
}

// states writes a ring as "name:state" words.
func states(s keyring.Snapshot) string {
	var words []string
	for _, k := range s.Keys() {
		words = append(words, k.Name+":"+string(k.State))
	}
	return strings.Join(words, " ")
}

func TestEveryCommandFromEveryState(t *testing.T) {
	const illegal = ""
	all := []keyring.State{keyring.Generated, keyring.Published, keyring.Active, keyring.Retired, keyring.Removed}
	tests := []struct {
		command keyring.Command
		becomes [5]keyring.State // k's state after the command, from each of all
	}{
		{keyring.Publish{Name: "k"}, [5]keyring.State{keyring.Published, illegal, illegal, illegal, illegal}},
		{keyring.Activate{Key: "k"}, [5]keyring.State{illegal, keyring.Active, illegal, keyring.Active, illegal}},
		{keyring.ActivateBeside{Key: "k"}, [5]keyring.State{illegal, keyring.Active, illegal, keyring.Active, illegal}},
		{keyring.Retire{Key: "k"}, [5]keyring.State{illegal, illegal, keyring.Retired, illegal, illegal}},
		{keyring.Remove{Key: "k"}, [5]keyring.State{illegal, keyring.Removed, illegal, keyring.Removed, illegal}},
		{keyring.Withdraw{Key: "k"}, [5]keyring.State{illegal, illegal, keyring.Removed, illegal, illegal}},
		{keyring.Restore{Key: "k"}, [5]keyring.State{illegal, illegal, illegal, illegal, keyring.Published}},
		{keyring.Compromise{Key: "k"}, [5]keyring.State{keyring.Generated, keyring.Published, keyring.Active, keyring.Retired, keyring.Removed}},
		{keyring.ReuseKID{Name: "n", Of: "k"}, [5]keyring.State{keyring.Generated, keyring.Removed, keyring.Removed, keyring.Removed, keyring.Removed}},
		{keyring.DuplicateKID{Name: "n", Of: "k"}, [5]keyring.State{illegal, keyring.Published, keyring.Active, keyring.Retired, illegal}},
	}
	for _, test := range tests {
		for i, from := range all {
			t.Run(fmt.Sprintf("%s/%s", test.command.Verb(), from), func(t *testing.T) {
				before := in(t, from)
				was := states(before)
				after, moves, err := tryApply(before, test.command)
				if states(before) != was {
					t.Errorf("the snapshot given changed: %s, was %s", states(before), was)
				}
				if test.becomes[i] == illegal {
					var wrong *keyring.TransitionError
					if !errors.As(err, &wrong) || wrong.KeyID != "k" || wrong.From != from {
						t.Fatalf("error %v, want a TransitionError of k from %s", err, from)
					}
					if after.Generation != before.Generation || states(after) != was || moves != nil {
						t.Errorf("a refused command changed the ring: %s, moves %v", states(after), moves)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if k, _ := after.Key("k"); k.State != test.becomes[i] {
					t.Errorf("k is %s, want %s", k.State, test.becomes[i])
				}
				if after.Generation != before.Generation+1 {
					t.Errorf("generation %d after %d", after.Generation, before.Generation)
				}
				if want := start.Add(time.Duration(before.Generation) * time.Minute); !after.At.Equal(want) {
					t.Errorf("generation began at %s, want %s", after.At, want)
				}
			})
		}
	}
}

func TestTransitions(t *testing.T) {
	tests := []struct {
		name  string
		ring  []keyring.Command
		last  keyring.Command
		ring2 string   // the ring after last
		moves []string // name:from>to
	}{
		{"generate", nil, keyring.Generate{Name: "a"}, "a:generated", []string{"a:>generated"}},
		{"publish new", nil, keyring.Publish{Name: "a"}, "a:published", []string{"a:>published"}},
		{"publish generated", []keyring.Command{keyring.Generate{Name: "a"}}, keyring.Publish{Name: "a"}, "a:published", []string{"a:generated>published"}},
		{
			"activate retires the former", []keyring.Command{keyring.Publish{Name: "a"}, keyring.Activate{Key: "a"}, keyring.Publish{Name: "b"}},
			keyring.Activate{Key: "b"}, "a:retired b:active", []string{"b:published>active", "a:active>retired"},
		},
		{
			"activate retires all of several", []keyring.Command{
				keyring.Publish{Name: "a"}, keyring.Activate{Key: "a"}, keyring.Publish{Name: "b"}, keyring.ActivateBeside{Key: "b"}, keyring.Publish{Name: "c"},
			},
			keyring.Activate{Key: "c"}, "a:retired b:retired c:active",
			[]string{"c:published>active", "a:active>retired", "b:active>retired"},
		},
		{
			"activateBeside retires none", []keyring.Command{keyring.Publish{Name: "a"}, keyring.Activate{Key: "a"}, keyring.Publish{Name: "b"}},
			keyring.ActivateBeside{Key: "b"}, "a:active b:active", []string{"b:published>active"},
		},
		{
			"roll back", []keyring.Command{keyring.Publish{Name: "a"}, keyring.Activate{Key: "a"}, keyring.Publish{Name: "b"}, keyring.Activate{Key: "b"}},
			keyring.Activate{Key: "a"}, "a:active b:retired", []string{"a:retired>active", "b:active>retired"},
		},
		{"rotate an empty ring", nil, keyring.Rotate{}, "key-1:active", []string{"key-1:>published", "key-1:published>active"}},
		{
			"rotate where none waits", []keyring.Command{keyring.Publish{Name: "a"}, keyring.Activate{Key: "a"}},
			keyring.Rotate{Name: "b"}, "a:retired b:active", []string{"b:>published", "b:published>active", "a:active>retired"},
		},
		{
			"rotate chooses a free name", []keyring.Command{keyring.Publish{Name: "key-2"}, keyring.Activate{Key: "key-2"}},
			keyring.Rotate{}, "key-2:retired key-3:active", []string{"key-3:>published", "key-3:published>active", "key-2:active>retired"},
		},
		{
			"rotate takes the longest waiting", []keyring.Command{
				keyring.Generate{Name: "late"}, keyring.Publish{Name: "a"}, keyring.Activate{Key: "a"}, keyring.Publish{Name: "early"}, keyring.Publish{Name: "late"},
			},
			keyring.Rotate{}, "late:published a:retired early:active", []string{"early:published>active", "a:active>retired"},
		},
		{
			"rotate removes keys retired before", []keyring.Command{
				keyring.Publish{Name: "a"}, keyring.Activate{Key: "a"}, keyring.Publish{Name: "b"}, keyring.Activate{Key: "b"}, keyring.Publish{Name: "c"},
			},
			keyring.Rotate{}, "a:removed b:retired c:active", []string{"c:published>active", "b:active>retired", "a:retired>removed"},
		},
		{
			"rotate abruptly leaves nothing else", []keyring.Command{
				keyring.Generate{Name: "g"}, keyring.Publish{Name: "a"}, keyring.Activate{Key: "a"}, keyring.Publish{Name: "b"}, keyring.Publish{Name: "c"},
			},
			keyring.Rotate{Abrupt: true}, "g:generated a:removed b:active c:removed",
			[]string{"b:published>active", "a:active>retired", "a:retired>removed", "c:published>removed"},
		},
		{
			"reuseKid takes the former out", []keyring.Command{keyring.Publish{Name: "a"}},
			keyring.ReuseKID{Name: "b", Of: "a"}, "a:removed b:published", []string{"b:>published", "a:published>removed"},
		},
		{
			"reuseKid of a removed key", []keyring.Command{keyring.Publish{Name: "a"}, keyring.Remove{Key: "a"}},
			keyring.ReuseKID{Name: "b", Of: "a"}, "a:removed b:published", []string{"b:>published"},
		},
		{
			"duplicateKid leaves it", []keyring.Command{keyring.Publish{Name: "a"}},
			keyring.DuplicateKID{Name: "b", Of: "a"}, "a:published b:published", []string{"b:>published"},
		},
		{
			"restore a retired key", []keyring.Command{keyring.Publish{Name: "a"}, keyring.Activate{Key: "a"}, keyring.Retire{Key: "a"}, keyring.Remove{Key: "a"}},
			keyring.Restore{Key: "a"}, "a:retired", []string{"a:removed>retired"},
		},
		{
			"restore a withdrawn key", []keyring.Command{keyring.Publish{Name: "a"}, keyring.Activate{Key: "a"}, keyring.Withdraw{Key: "a"}},
			keyring.Restore{Key: "a"}, "a:active", []string{"a:removed>active"},
		},
		{
			"restore a withdrawn key that has a successor", []keyring.Command{
				keyring.Publish{Name: "a"}, keyring.Activate{Key: "a"}, keyring.Withdraw{Key: "a"}, keyring.Publish{Name: "b"}, keyring.Activate{Key: "b"},
			},
			keyring.Restore{Key: "a"}, "a:retired b:active", []string{"a:removed>retired"},
		},
		{"compromise moves nothing", []keyring.Command{keyring.Publish{Name: "a"}}, keyring.Compromise{Key: "a"}, "a:published", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, _ := apply(t, keyring.Snapshot{}, test.ring...)
			s, made := apply(t, s, test.last)
			if states(s) != test.ring2 {
				t.Errorf("ring %q, want %q", states(s), test.ring2)
			}
			var moves []string
			for _, m := range made {
				k, _ := s.Key(m.Key)
				if m.KID != k.KID {
					t.Errorf("move of %s says kid %q, the key has %q", m.Key, m.KID, k.KID)
				}
				moves = append(moves, fmt.Sprintf("%s:%s>%s", m.Key, m.From, m.To))
			}
			if !slices.Equal(moves, test.moves) {
				t.Errorf("moves %q, want %q", moves, test.moves)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	ring, _ := apply(t, keyring.Snapshot{}, keyring.Publish{Name: "a", KID: "shared"}, keyring.Generate{Name: "g"})
	tests := []struct {
		name    string
		command keyring.Command
		want    error
		text    string
	}{
		{"unknown key", keyring.Activate{Key: "b"}, keyring.ErrUnknownKey, `activate: key "b": no such key`},
		{"unknown key to reuse", keyring.ReuseKID{Name: "n", Of: "b"}, keyring.ErrUnknownKey, ""},
		{"unknown key to compromise", keyring.Compromise{Key: "b"}, keyring.ErrUnknownKey, ""},
		{"unknown key to restore", keyring.Restore{Key: "b"}, keyring.ErrUnknownKey, ""},
		{"name taken", keyring.Generate{Name: "a"}, keyring.ErrNameTaken, ""},
		{"name of a generated key with another alg", keyring.Publish{Name: "g", Alg: "ES256"}, keyring.ErrNameTaken, ""},
		{"name of a generated key with another kid", keyring.Publish{Name: "g", KID: "x"}, keyring.ErrNameTaken, ""},
		{"name taken by reuse", keyring.ReuseKID{Name: "g", Of: "a"}, keyring.ErrNameTaken, ""},
		{"kid taken", keyring.Publish{Name: "n", KID: "shared"}, keyring.ErrKIDTaken, `publish: key "n": kid "shared": kid is taken`},
		{"no name", keyring.Generate{}, keyring.ErrNoName, "generate: a new key needs a name"},
		{"no name to publish", keyring.Publish{}, keyring.ErrNoName, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := tryApply(ring, test.command)
			if !errors.Is(err, test.want) {
				t.Fatalf("error %v, want %v", err, test.want)
			}
			if test.text != "" && err.Error() != test.text {
				t.Errorf("error %q, want %q", err, test.text)
			}
		})
	}
	for _, c := range []keyring.Command{
		keyring.Generate{Name: "n"}, keyring.Publish{Name: "n"}, keyring.Rotate{Name: "a"}, keyring.ReuseKID{Name: "n", Of: "a"}, keyring.DuplicateKID{Name: "n", Of: "a"},
	} {
		bare := keyring.Snapshot{}
		if c.Verb() != "rotate" {
			bare = ring
		}
		if _, _, err := keyring.Apply(bare, c, named, start); !errors.Is(err, keyring.ErrNoMaterial) {
			t.Errorf("%s without material: %v, want ErrNoMaterial", c.Verb(), err)
		}
	}
	active := in(t, keyring.Active)
	if _, _, err := tryApply(active, keyring.Activate{Key: "k"}); err == nil || err.Error() != `activate: key "k" is active already` {
		t.Errorf("activating twice: %v", err)
	}
	if _, _, err := tryApply(active, keyring.Remove{Key: "k"}); err == nil || err.Error() != `remove: key "k" is active and cannot become removed` {
		t.Errorf("removing the active key: %v", err)
	}
}

func TestMaterialAndNames(t *testing.T) {
	empty := keyring.Snapshot{}
	generated, _ := apply(t, empty, keyring.Generate{Name: "g"})
	published, _ := apply(t, empty, keyring.Publish{Name: "p"})
	tests := []struct {
		ring    keyring.Snapshot
		command keyring.Command
		alg     string
		needed  bool
	}{
		{empty, keyring.Generate{Alg: "ES256"}, "ES256", true},
		{empty, keyring.Publish{Name: "n", Alg: "PS256"}, "PS256", true},
		{generated, keyring.Publish{Name: "g"}, "", false},
		{empty, keyring.Rotate{Alg: "EdDSA"}, "EdDSA", true},
		{generated, keyring.Rotate{}, "", true},
		{published, keyring.Rotate{Alg: "EdDSA"}, "EdDSA", false},
		{published, keyring.ReuseKID{Alg: "ES256", Of: "p"}, "ES256", true},
		{published, keyring.DuplicateKID{Alg: "ES256", Of: "p"}, "ES256", true},
		{published, keyring.Activate{Key: "p"}, "", false},
	}
	for _, test := range tests {
		alg, needed := keyring.NeedsMaterial(test.ring, test.command)
		if needed != test.needed || needed && alg != test.alg {
			t.Errorf("%#v needs material: %q, %v", test.command, alg, needed)
		}
	}
	if c := (keyring.Activate{Key: "p"}); keyring.Provide(c, material(7)) != keyring.Command(c) {
		t.Errorf("Provide changed a command that makes no key")
	}
	s, _ := apply(t, empty, keyring.Publish{Name: "own", KID: "my kid"}, keyring.Publish{Name: "theirs"},
		keyring.ReuseKID{Name: "again", Of: "own"}, keyring.DuplicateKID{Name: "twin", Of: "theirs"})
	var kids []string
	for _, k := range s.Keys() {
		kids = append(kids, k.KID)
	}
	if theirs := named(material(1)); !slices.Equal(kids, []string{"my kid", theirs, "my kid", theirs}) {
		t.Errorf("kids %q", kids)
	}
	if got := s.Names(); !slices.Equal(got, []string{"own", "theirs", "again", "twin"}) {
		t.Errorf("names %q", got)
	}
	var served []string
	for _, k := range s.Served() {
		served = append(served, k.Name)
	}
	if !slices.Equal(served, []string{"theirs", "again", "twin"}) {
		t.Errorf("served %q", served)
	}
}

func TestSigner(t *testing.T) {
	tests := []struct {
		name string
		ring []keyring.Command
		want string
	}{
		{"none", []keyring.Command{keyring.Publish{Name: "a"}}, ""},
		{"one", []keyring.Command{keyring.Publish{Name: "a"}, keyring.Activate{Key: "a"}}, "a"},
		{"retired", []keyring.Command{keyring.Publish{Name: "a"}, keyring.Activate{Key: "a"}, keyring.Retire{Key: "a"}}, ""},
		{"the one activated last, though listed first", []keyring.Command{
			keyring.Publish{Name: "a"}, keyring.Publish{Name: "b"}, keyring.Activate{Key: "b"}, keyring.ActivateBeside{Key: "a"},
		}, "a"},
		{"withdrawn keys go on signing", []keyring.Command{keyring.Publish{Name: "a"}, keyring.Activate{Key: "a"}, keyring.Withdraw{Key: "a"}}, "a"},
		{"until another is activated", []keyring.Command{
			keyring.Publish{Name: "a"}, keyring.Activate{Key: "a"}, keyring.Withdraw{Key: "a"}, keyring.Publish{Name: "b"}, keyring.Activate{Key: "b"},
		}, "b"},
		{"and not again after that", []keyring.Command{
			keyring.Publish{Name: "a"}, keyring.Activate{Key: "a"}, keyring.Withdraw{Key: "a"}, keyring.Publish{Name: "b"}, keyring.Activate{Key: "b"}, keyring.Retire{Key: "b"},
		}, ""},
		{"an active key before a withdrawn one", []keyring.Command{
			keyring.Publish{Name: "a"}, keyring.Publish{Name: "b"}, keyring.Activate{Key: "a"}, keyring.ActivateBeside{Key: "b"}, keyring.Withdraw{Key: "b"},
		}, "a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, _ := apply(t, keyring.Snapshot{}, test.ring...)
			if k, found := s.Active(); k.Name != test.want || found != (test.want != "") {
				t.Errorf("signer %q (%v), want %q", k.Name, found, test.want)
			}
		})
	}
}

func TestWaitingIsOrderedByMovesNotByTheClock(t *testing.T) {
	s := keyring.Snapshot{}
	for i, name := range []string{"first", "second"} {
		// The clock is moved back in between.
		at := start.Add(-time.Duration(i) * time.Hour)
		next, _, err := keyring.Apply(s, keyring.Publish{Name: name, Material: material(i)}, named, at)
		if err != nil {
			t.Fatal(err)
		}
		s = next
		s.Generation = 0 // an owner may number generations anew
		if k, _ := s.Key(name); !k.PublishedAt().Equal(at) {
			t.Errorf("%s was published at %s, want %s", name, k.PublishedAt(), at)
		}
	}
	s, _ = apply(t, s, keyring.Rotate{})
	if k, _ := s.Active(); k.Name != "first" {
		t.Errorf("%q was activated before the key that waited longest", k.Name)
	}
}

func TestCopies(t *testing.T) {
	s, _ := apply(t, keyring.Snapshot{}, keyring.Publish{Name: "a"}, keyring.Activate{Key: "a"})
	s.Keys()[0].Name = "changed"
	s.Served()[0].Name = "changed"
	if states(s) != "a:active" {
		t.Errorf("a copy's change shows in the ring: %s", states(s))
	}
	keys := s.Keys()
	keys[0].KID = "lie"
	lie := s.With(keys)
	keys[0].KID = "later"
	if k, _ := lie.Key("a"); k.KID != "lie" || lie.Generation != s.Generation {
		t.Errorf("With: kid %q at generation %d", k.KID, lie.Generation)
	}
	if k, _ := s.Key("a"); k.KID == "lie" {
		t.Error("With changed the truth")
	}
	marked, _ := apply(t, s, keyring.Compromise{Key: "a"})
	if k, _ := marked.Key("a"); !k.Compromised {
		t.Error("the key is not marked")
	}
	if k, _ := s.Key("a"); k.Compromised {
		t.Error("Compromise changed the snapshot given")
	}
}

func TestRotateDescribesNoKeyThatAlreadyWaits(t *testing.T) {
	waiting, _ := apply(t, keyring.Snapshot{}, keyring.Publish{Name: "a"}, keyring.Activate{Key: "a"}, keyring.Publish{Name: "next"})
	for _, c := range []keyring.Rotate{{Name: "other"}, {Name: "a"}, {Alg: "RS256"}, {Name: "next", Alg: "RS256"}, {Name: "other", Abrupt: true}} {
		if after, _, err := tryApply(waiting, c); !errors.Is(err, keyring.ErrWaiting) || !strings.Contains(err.Error(), `"next"`) || after.Generation != waiting.Generation {
			t.Errorf("%+v: generation %d, %v", c, after.Generation, err)
		}
	}
	for _, c := range []keyring.Rotate{{}, {Name: "next"}, {Alg: "EdDSA"}} {
		if after, _ := apply(t, waiting, c); states(after) != "a:retired next:active" {
			t.Errorf("%+v: %s", c, states(after))
		}
	}
}

func TestATransitionAlwaysSaysFromWhere(t *testing.T) {
	for text, want := range map[string]keyring.Transition{
		`{"key":"a","kid":"k","from":null,"to":"published"}`:     {Key: "a", KID: "k", To: keyring.Published},
		`{"key":"a","kid":"k","from":"published","to":"active"}`: {Key: "a", KID: "k", From: keyring.Published, To: keyring.Active},
	} {
		if got, err := json.Marshal(want); err != nil || string(got) != text {
			t.Errorf("wrote %s (%v), want %s", got, err, text)
		}
		var got keyring.Transition
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("read %+v (%v), want %+v", got, err, want)
		}
	}
	var old keyring.Transition // as timelines had it that were saved before
	if err := json.Unmarshal([]byte(`{"key":"a","kid":"k","to":"published"}`), &old); err != nil || old.From != "" {
		t.Errorf("%+v %v", old, err)
	}
}
