package keyring_test

import (
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/keyring"
)

func TestBendGrowsStale(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		until, passed time.Duration
		stale         bool
	}{
		{time.Hour, 0, false},
		{time.Hour, 30*time.Minute - 1, false},
		{time.Hour, 30 * time.Minute, true},
		{-time.Hour, 30*time.Minute - 1, false},
		{-time.Hour, 30 * time.Minute, true},
		{0, time.Second - 1, false},
		{0, time.Second, true},
		{time.Hour, -1, true}, // the clock was moved back
	} {
		b := keyring.Bend{ValidUntil: &test.until, At: at}
		if got := b.Stale(at.Add(test.passed)); got != test.stale {
			t.Errorf("validUntil %s, %s later: %v", test.until, test.passed, got)
		}
	}
	if (keyring.Bend{At: at}).Stale(at.AddDate(1, 0, 0)) {
		t.Error("what says nothing of time grows stale")
	}
}
