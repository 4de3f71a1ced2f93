package fault_test

import (
	"crypto/ed25519"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// ring is the ring after these commands, a minute apart, and all that came before.
func ring(t *testing.T, commands ...keyring.Command) (keyring.Snapshot, fault.Past) {
	t.Helper()
	var s keyring.Snapshot
	var past fault.Past
	for n, c := range commands {
		key := ed25519.NewKeyFromSeed(append(make([]byte, 31), byte(n)))
		c = keyring.Provide(c, keyring.Material{Alg: "EdDSA", Signer: key})
		past = append(past, s)
		var err error
		name := func(keyring.Material) string { return "kid-" + string(rune('0'+n)) }
		if s, _, err = keyring.Apply(s, c, name, start.Add(time.Duration(n)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	return s, past
}

func names(s keyring.Snapshot) []string {
	names := []string{}
	for _, k := range s.Served() {
		names = append(names, k.Name)
	}
	return names
}

func three(t *testing.T) (keyring.Snapshot, fault.Past) {
	return ring(t,
		keyring.Publish{Name: "old"}, keyring.Activate{Key: "old"}, keyring.Publish{Name: "now"}, keyring.Activate{Key: "now"}, keyring.Publish{Name: "next"})
}

func TestViews(t *testing.T) {
	s, past := three(t) // generations 1 to 5: old; old active; old, now; now active; old, now, next
	for name, c := range map[string]struct {
		rules []fault.Rule
		want  []string
	}{
		"the truth":                    {nil, []string{"old", "now", "next"}},
		"empty":                        {[]fault.Rule{{Empty: &fault.Empty{}}}, []string{}},
		"reverse":                      {[]fault.Rule{{Reorder: &fault.Reorder{Order: "reverse"}}}, []string{"next", "now", "old"}},
		"newest first":                 {[]fault.Rule{{Reorder: &fault.Reorder{Order: "newest-first"}}}, []string{"next", "now", "old"}},
		"oldest first, from reversed":  {[]fault.Rule{{Reorder: &fault.Reorder{Order: "reverse"}}, {Reorder: &fault.Reorder{Order: "oldest-first"}}}, []string{"old", "now", "next"}},
		"one generation stale":         {[]fault.Rule{{Stale: &fault.Stale{Generations: 1}}}, []string{"old", "now"}},
		"three generations stale":      {[]fault.Rule{{Stale: &fault.Stale{Generations: 3}}}, []string{"old"}},
		"staler than the ring is old":  {[]fault.Rule{{Stale: &fault.Stale{Generations: 99}}}, []string{}},
		"stale, then reversed":         {[]fault.Rule{{Stale: &fault.Stale{Generations: 1}}, {Reorder: &fault.Reorder{Order: "reverse"}}}, []string{"now", "old"}},
		"empty, whatever came before":  {[]fault.Rule{{Reorder: &fault.Reorder{Order: "reverse"}}, {Empty: &fault.Empty{}}}, []string{}},
		"a replica, in its own order":  {[]fault.Rule{{Replicas: &fault.Replicas{Keys: [][]string{{"next", "old"}}}}}, []string{"next", "old"}},
		"a replica with unknown names": {[]fault.Rule{{Replicas: &fault.Replicas{Keys: [][]string{{"soon", "old", "old"}}}}}, []string{"old"}},
		"a replica without keys":       {[]fault.Rule{{Replicas: &fault.Replicas{Keys: [][]string{{}}}}}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			plan := table(t, c.rules...).Plan("jwks", start)
			if got := names(plan.View(s, past)); !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestStaleWithoutANumberIsTheTimeItWasSet(t *testing.T) {
	s, past := three(t)
	all, err := fault.Table{}.Set(fault.Rule{ID: "cdn", Stale: &fault.Stale{}}, past[3], start)
	if err != nil {
		t.Fatal(err)
	}
	got := all.Plan("jwks", start).View(s, past)
	if !slices.Equal(names(got), []string{"old", "now"}) || got.Generation != 3 {
		t.Errorf("%v of generation %d", names(got), got.Generation)
	}
}

func TestReplicasTakeTurns(t *testing.T) {
	s, past := three(t)
	all := table(t, fault.Rule{Replicas: &fault.Replicas{Keys: [][]string{{"old"}, {"now", "next"}}}})
	keys := map[string]bool{}
	for n, want := range [][]string{{"old"}, {"now", "next"}, {"old"}, {"now", "next"}} {
		plan := all.Plan("jwks", start)
		if got := names(plan.View(s, past)); !slices.Equal(got, want) {
			t.Errorf("request %d: %v, want %v", n, got, want)
		}
		keys[plan.ViewKey()] = true
	}
	if len(keys) != 2 || keys[""] {
		t.Errorf("view keys %v: one for each replica", keys)
	}
}

func TestAReplicaServesWhatTheOthersNoLongerDo(t *testing.T) {
	s, past := ring(t, keyring.Publish{Name: "old"}, keyring.Remove{Key: "old"})
	plan := table(t, fault.Rule{Replicas: &fault.Replicas{Keys: [][]string{{"old"}}}}).Plan("jwks", start)
	if got := names(plan.View(s, past)); !slices.Equal(got, []string{"old"}) {
		t.Errorf("%v", got)
	}
	if len(names(s)) != 0 {
		t.Error("the view changed the truth")
	}
}

func TestExtraStandsBesideTheKeys(t *testing.T) {
	s, past := three(t)
	plan := table(t,
		fault.Rule{Extra: &fault.Extra{JWK: `{"a":1`}},
		fault.Rule{Extra: &fault.Extra{Kind: "null", First: true}},
	).Plan("jwks", start)
	got := plan.View(s, past)
	want := []keyring.Extra{{JWK: `{"a":1`}, {JWK: "null", First: true}}
	if !slices.Equal(got.Extras, want) || len(names(got)) != 3 || s.Extras != nil {
		t.Errorf("%+v beside %v", got.Extras, names(got))
	}
}

// Each kind is valid JSON, and is unusable in the way that it says.
func TestKindsOfExtra(t *testing.T) {
	s, past := three(t)
	usable := map[string]bool{"no-kid": true, "encryption": true, "symmetric": true}
	for _, kind := range fault.Kinds() {
		t.Run(kind, func(t *testing.T) {
			plan := table(t, fault.Rule{Extra: &fault.Extra{Kind: kind}}).Plan("jwks", start)
			raw := plan.View(s, past).Extras[0].JWK
			var members map[string]any
			if err := json.Unmarshal([]byte(raw), &members); err != nil {
				t.Fatalf("%v: %s", err, raw)
			}
			want := map[string]map[string]any{
				"post-quantum":   {"kty": "AKP", "alg": "ML-DSA-65"},
				"unknown-curve":  {"kty": "OKP", "crv": "Ed448"},
				"missing-member": {"kty": "RSA", "e": nil},
				"bad-base64":     {"kty": "RSA"},
				"no-kid":         {"kty": "RSA", "kid": nil, "e": "AQAB"},
				"encryption":     {"use": "enc"},
				"symmetric":      {"kty": "oct"},
			}
			for name, value := range want[kind] {
				if members[name] != value {
					t.Errorf("%s is %v, want %v", name, members[name], value)
				}
			}
			var key jose.JSONWebKey
			if err := key.UnmarshalJSON([]byte(raw)); kind != "null" && (err == nil) != usable[kind] {
				t.Errorf("go-jose reads it: %v", err)
			}
		})
	}
}
