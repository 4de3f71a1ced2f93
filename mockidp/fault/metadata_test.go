package fault_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// everyMetadata is each member of a Metadata alone.
func everyMetadata() []fault.Metadata {
	past := clock.Duration(-time.Hour)
	return []fault.Metadata{
		{Roles: []string{"idpsso"}}, {Roles: []string{}}, {Unsigned: true}, {Tampered: true}, {SignedBy: "old"}, {ExtraKey: "old"},
		{ValidUntil: &past}, {CacheDuration: minute}, {EntityID: "urn:other"}, {ByteOrderMark: true}, {Aggregate: true},
		{EncryptionKey: true}, {BadCertificate: true}, {Canonical: true}, {EncryptionMethod: true},
	}
}

// Each member has an effect on the snapshot, and no two the same one.
func TestEveryMemberOfMetadataBends(t *testing.T) {
	s, past := ring(t, keyring.Publish{Name: "old", Alg: "RS256"})
	seen := map[int]bool{}
	for _, m := range everyMetadata() {
		all, err := fault.Table{}.Set(fault.Rule{ID: "x", Metadata: &m}, rsa(s), start)
		if err != nil {
			t.Fatal(err)
		}
		plan := all.Plan("federationMetadata", start)
		if plan.ViewKey() == "" {
			t.Errorf("%+v lies about nothing", m)
		}
		bend := reflect.ValueOf(plan.View(rsa(s), past).Bend)
		var changed []int
		for i := range bend.NumField() {
			if !bend.Field(i).IsZero() {
				changed = append(changed, i)
			}
		}
		if len(changed) != 1 || (seen[changed[0]] && m.Roles == nil) {
			t.Errorf("%+v bends %v", m, changed)
			continue
		}
		seen[changed[0]] = true
	}
	if members := reflect.TypeFor[fault.Metadata]().NumField(); len(seen) != members {
		t.Errorf("%d of %d members bend something", len(seen), members)
	}
	if !reflect.ValueOf(s.Bend).IsZero() {
		t.Error("the view changed the truth")
	}
}

// rsa is the ring with keys that say they are RSA: the ring of these tests has
// Ed25519 keys, which are quicker to make.
func rsa(s keyring.Snapshot) keyring.Snapshot {
	keys := s.Keys()
	for i := range keys {
		keys[i].Alg = "RS256"
	}
	return s.With(keys)
}

// Keys that an earlier rule took out of sight are found all the same, and what
// one rule bent stays bent by the next.
func TestMetadataActsOnWhatOthersLeft(t *testing.T) {
	s, past := ring(t, keyring.Publish{Name: "old"}, keyring.Activate{Key: "old"}, keyring.Publish{Name: "now"}, keyring.Generate{Name: "evil"})
	s = rsa(s)
	until := clock.Duration(0)
	var all fault.Table
	for _, r := range []fault.Rule{
		{ID: "1", Metadata: &fault.Metadata{Roles: []string{"sts"}, Unsigned: true, ValidUntil: &until}},
		{ID: "2", Replicas: &fault.Replicas{Keys: [][]string{{"now"}}}},
		{ID: "3", Metadata: &fault.Metadata{Roles: []string{"idpsso"}, ExtraKey: "evil", SignedBy: "old"}},
		{ID: "4", Stale: &fault.Stale{Generations: 1}},
	} {
		var err error
		if all, err = all.Set(r, s, start); err != nil {
			t.Fatal(err)
		}
	}
	got := all.Plan("samlMetadata", start).View(s, past)
	b := got.Bend
	if !b.Unsigned || len(b.Roles) != 1 || b.Roles[0] != "idpsso" || b.ValidUntil == nil || *b.ValidUntil != 0 ||
		b.Beside == nil || b.Beside.Name != "evil" || b.Signer == nil || b.Signer.Name != "old" {
		t.Errorf("%+v", b)
	}
	if kept := names(got); len(kept) != 2 || kept[0] != "old" {
		t.Errorf("the stale rule shows %v", kept)
	}
}

func TestMetadataNeedsItsKeys(t *testing.T) {
	s, _ := ring(t, keyring.Publish{Name: "old"})
	for want, m := range map[string]fault.Metadata{
		`there is no key "odl" (one of old)`: {ExtraKey: "odl"},
		`there is no key "new" (one of old)`: {SignedBy: "new"},
		`key "old" is of EdDSA, and XML is`:  {SignedBy: "old"},
	} {
		_, err := fault.Table{}.Set(fault.Rule{ID: "x", Metadata: &m}, s, start)
		if !errors.Is(err, fault.ErrRule) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := (fault.Table{}).Set(fault.Rule{ID: "x", Metadata: &fault.Metadata{ExtraKey: "old"}}, s, start); err != nil {
		t.Errorf("a certificate of another algorithm may stand beside: %v", err)
	}
}

func TestWhatASoundReaderMayRefuse(t *testing.T) {
	past, future := clock.Duration(-1), clock.Duration(1)
	for _, test := range []struct {
		m    fault.Metadata
		want bool
	}{
		{fault.Metadata{Roles: []string{"idpsso"}}, true},
		{fault.Metadata{Unsigned: true}, true},
		{fault.Metadata{Tampered: true}, true},
		{fault.Metadata{SignedBy: "old"}, true},
		{fault.Metadata{EntityID: "urn:other"}, true},
		{fault.Metadata{ValidUntil: &past}, true},
		{fault.Metadata{ValidUntil: &future}, false},
		{fault.Metadata{ExtraKey: "old", CacheDuration: 1, ByteOrderMark: true, Aggregate: true, EncryptionKey: true, BadCertificate: true, Canonical: true, EncryptionMethod: true}, false},
	} {
		if got := test.m.Refusable(); got != test.want {
			t.Errorf("%+v: %v", test.m, got)
		}
	}
}
