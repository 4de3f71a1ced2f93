package defective

import (
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// promises are what the sound app keeps, each on a fresh app. They say whether
// it was kept.
func promises() map[string]func(b *bench) bool {
	return map[string]func(b *bench) bool{
		"good token accepted": func(b *bench) bool { return b.accepts(b.old.token(nil)) },
		"new key accepted at once": func(b *bench) bool {
			next := newSigner(b, "new", jose.ES256)
			b.accepts(b.old.token(nil))
			b.serves(set(b.old, next))
			return b.accepts(next.token(nil)) && b.accepts(b.old.token(nil))
		},
		"new key accepted six seconds later": func(b *bench) bool {
			next := newSigner(b, "new", jose.ES256)
			b.accepts(b.old.token(nil))
			b.serves(set(b.old, next))
			b.advance(6 * time.Second)
			return b.accepts(next.token(nil))
		},
		"key used before it was published": func(b *bench) bool {
			early := newSigner(b, "early", jose.ES256)
			b.accepts(b.old.token(nil))
			b.advance(2 * time.Second)
			b.accepts(early.token(nil))
			b.serves(set(b.old, early))
			b.advance(16 * time.Second) // longer than any pause but the miss's
			return b.accepts(early.token(nil))
		},
		"removed key rejected six seconds later": func(b *bench) bool {
			next := newSigner(b, "new", jose.ES256)
			b.accepts(b.old.token(nil))
			b.serves(set(next))
			b.advance(6 * time.Second)
			return !b.accepts(b.old.token(nil))
		},
		"kid reused": func(b *bench) bool {
			next := newSigner(b, "old", jose.ES256)
			b.accepts(b.old.token(nil))
			b.serves(set(next))
			b.advance(16 * time.Second)
			return b.accepts(next.token(nil)) && !b.accepts(b.old.token(nil))
		},
		"any key of the set": func(b *bench) bool {
			next := newSigner(b, "new", jose.ES256)
			b.serves(set(b.old, next))
			return b.accepts(b.old.token(nil)) && b.accepts(next.token(nil))
		},
		"odd key ignored": func(b *bench) bool {
			b.serves(set(`{"kty":"AKP"}`, b.old))
			return b.accepts(b.old.token(nil))
		},
		"empty set ignored": func(b *bench) bool {
			b.accepts(b.old.token(nil))
			b.serves(`{"keys":[]}`)
			b.advance(6 * time.Second)
			return b.accepts(b.old.token(nil))
		},
		"page instead of a set ignored": func(b *bench) bool {
			b.accepts(b.old.token(nil))
			b.serves("<html>")
			b.advance(6 * time.Second)
			return b.accepts(b.old.token(nil))
		},
		"outage survived": func(b *bench) bool {
			b.accepts(b.old.token(nil))
			b.answers(func(*http.Request) (int, string, error) { return 0, "", errors.New("connection refused") })
			b.advance(4 * time.Minute)
			return b.accepts(b.old.token(nil))
		},
		"issuer down at first": func(b *bench) bool {
			b.answers(func(*http.Request) (int, string, error) { return 503, "", nil })
			b.accepts(b.old.token(nil))
			b.serves(set(b.old))
			b.advance(4 * time.Second)
			return b.accepts(b.old.token(nil))
		},
		"fetches bounded": func(b *bench) bool {
			b.accepts(b.old.token(nil))
			before := b.fetches()
			bogus := newSigner(b, "", jose.ES256)
			for range 20 {
				bogus.kid += "x"
				b.accepts(bogus.token(nil))
			}
			return b.fetches()-before <= 1
		},
		"unknown key rejected": func(b *bench) bool {
			return !b.accepts(newSigner(b, "bogus", jose.ES256).token(nil))
		},
		"tampered token rejected": func(b *bench) bool { return !b.accepts(b.old.tampered()) },
		"alg none rejected":       func(b *bench) bool { return !b.accepts(none(b.old.token(nil))) },
		"HMAC with the public key rejected": func(b *bench) bool {
			return !b.accepts(b.old.confused(b.T))
		},
		"HMAC with another secret rejected": func(b *bench) bool {
			return !b.accepts(signer{"old", jose.HS256, []byte("0123456789abcdef0123456789abcdef"), nil}.token(nil))
		},
		"early token rejected": func(b *bench) bool {
			return !b.accepts(b.old.token(map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}))
		},
		"expired token rejected": func(b *bench) bool {
			return !b.accepts(b.old.token(map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}))
		},
		"foreign audience rejected": func(b *bench) bool {
			return !b.accepts(b.old.token(map[string]any{"aud": "api://other"}))
		},
		"foreign issuer rejected": func(b *bench) bool {
			return !b.accepts(b.old.token(map[string]any{"iss": "https://issuer.test/other"}))
		},
	}
}

// broken says which promises each defect breaks; it keeps all the others.
func broken() map[string][]string {
	return map[string][]string{
		"": {},
		"frozen-key-set": {
			"new key accepted at once", "new key accepted six seconds later", "key used before it was published",
			"removed key rejected six seconds later", "kid reused",
		},
		"background-refresh": {"new key accepted at once"},
		"cool-down-15s": { // its cache of an hour lets removed keys live too
			"new key accepted at once", "new key accepted six seconds later", "removed key rejected six seconds later",
		},
		"keeps-removed-keys":   {"removed key rejected six seconds later"},
		"first-key-only":       {"new key accepted at once", "new key accepted six seconds later", "key used before it was published", "any key of the set"},
		"odd-key-discards-set": {"odd key ignored"},
		"wiped-by-empty-set":   {"empty set ignored"},
		"no-unknown-kid-limit": {"fetches bounded"},
		"caches-misses":        {"key used before it was published"},
		"accepts-none":         {"alg none rejected"},
		"hmac-confusion":       {"HMAC with the public key rejected"},
		"ignores-nbf":          {"early token rejected"},
		"ignores-exp":          {"expired token rejected"},
		"ignores-audience":     {"foreign audience rejected"},
		"skips-signature": {
			"removed key rejected six seconds later", "kid reused", "unknown key rejected", "tampered token rejected",
		},
	}
}

func TestEachDefectBreaksItsPromisesAndNoOthers(t *testing.T) {
	expected := broken()
	for _, defect := range append(Names(), "") {
		breaks, listed := expected[defect]
		if !listed {
			t.Errorf("no expectation for %q", defect)
		}
		for promise, kept := range promises() {
			t.Run(defect+"/"+promise, func(t *testing.T) {
				bubble(t, defect, func(b *bench) {
					if got, want := kept(b), !slices.Contains(breaks, promise); got != want {
						t.Errorf("kept is %t, want %t", got, want)
					}
				})
			})
		}
	}
}

func TestDefectsAreNamedAndExplained(t *testing.T) {
	if got, want := len(Names()), len(broken())-1; got != want {
		t.Errorf("%d names, want %d", got, want)
	}
	for _, defect := range Defects() {
		if defect.Name == "" || defect.Imitates == "" {
			t.Errorf("defect %q imitates %q", defect.Name, defect.Imitates)
		}
	}
	for name, breaks := range broken() {
		for _, promise := range breaks {
			if promises()[promise] == nil {
				t.Errorf("%q breaks an unknown promise %q", name, promise)
			}
		}
	}
}

func TestFrozenSetNeverThaws(t *testing.T) {
	bubble(t, "frozen-key-set", func(b *bench) {
		b.wants("first", b.old.token(nil), true, 1)
		next := newSigner(t, "new", jose.ES256)
		b.serves(set(next))
		b.advance(12 * time.Hour)
		b.wants("new", next.token(nil), false, 0)
		b.wants("removed", b.old.token(nil), true, 0)
	})
}

func TestBackgroundRefreshComesEveryThreeSeconds(t *testing.T) {
	bubble(t, "background-refresh", func(b *bench) {
		b.advance(10 * time.Second)
		b.wants("starts with the first token", b.old.token(nil), true, 1)
		next := newSigner(t, "new", jose.ES256)
		b.serves(set(next))
		b.advance(2999 * time.Millisecond)
		b.wants("new, before the timer", next.token(nil), false, 0)
		b.advance(time.Millisecond)
		b.wants("new, after the timer", next.token(nil), true, 0)
		b.wants("removed, after the timer", b.old.token(nil), false, 0)
		b.advance(9 * time.Second)
		if b.fetches() != 5 {
			t.Errorf("%d fetches after four periods, want 5", b.fetches())
		}
	})
}

func TestBackgroundRefreshSharesARunningFetch(t *testing.T) {
	bubble(t, "background-refresh", func(b *bench) {
		b.answers(func(*http.Request) (int, string, error) { return 503, "", nil })
		b.wants("issuer down", b.old.token(nil), false, 1)
		gate := make(chan struct{})
		b.answers(func(*http.Request) (int, string, error) {
			<-gate
			return 200, set(b.old), nil
		})
		b.advance(2500 * time.Millisecond)
		var retry sync.WaitGroup
		retry.Go(func() {
			if !b.accepts(b.old.token(nil)) {
				t.Error("rejected after the retry")
			}
		})
		b.advance(time.Second) // past the timer's first turn
		if b.fetches() != 2 {
			t.Errorf("%d fetches, want 2", b.fetches())
		}
		close(gate)
		retry.Wait()
	})
}

func TestUnsecuredWithASignatureIsNone(t *testing.T) {
	bubble(t, "accepts-none", func(b *bench) {
		b.wants("without", none(b.old.token(nil)), true, 0)
		b.wants("with", none(b.old.token(nil))+"AAAA", false, 0)
	})
}

func TestCoolDownCountsFromAnyFetch(t *testing.T) {
	bubble(t, "cool-down-15s", func(b *bench) {
		b.wants("first", b.old.token(nil), true, 1)
		next := newSigner(t, "new", jose.ES256)
		b.serves(set(b.old, next))
		b.advance(14999 * time.Millisecond)
		b.wants("new, in the pause", next.token(nil), false, 0)
		b.advance(time.Millisecond)
		b.wants("new, after it", next.token(nil), true, 1)
		b.advance(time.Hour)
		b.answers(func(*http.Request) (int, string, error) { return 503, "", nil })
		b.wants("known key in an outage", b.old.token(nil), true, 1)
	})
}

func TestRemovedKeysAreKeptBesideNewOnes(t *testing.T) {
	bubble(t, "keeps-removed-keys", func(b *bench) {
		unnamed := newSigner(t, "", jose.ES256)
		b.serves(set(b.old, unnamed))
		b.wants("first", b.old.token(nil), true, 1)
		next := newSigner(t, "new", jose.ES256)
		for range 3 {
			b.serves(set(next, unnamed))
			b.advance(5 * time.Second)
			b.wants("removed", b.old.token(nil), true, 1)
		}
		b.wants("new", next.token(nil), true, 0)
		if held, _ := b.app.keys.Current(t.Context()); len(held.Keys) != 3 {
			t.Errorf("%d keys held, want 3", len(held.Keys))
		}
	})
}

func TestFirstKeyIsTriedForEveryToken(t *testing.T) {
	bubble(t, "first-key-only", func(b *bench) {
		next := newSigner(t, "new", jose.ES256)
		b.serves(set(b.old, next))
		b.wants("first", b.old.token(nil), true, 1)
		b.wants("kid of nobody", b.old.sign(good(nil), map[jose.HeaderKey]any{"kid": "nobody"}), true, 0)
		b.serves(set(next, b.old)) // Azure AD, 15 August 2016
		b.wants("second, now in front", next.token(nil), true, 1)
		b.wants("first, now behind", b.old.token(nil), false, 0)
	})
}

func TestOddKeyKeepsTheSetFromBeingRefreshed(t *testing.T) {
	bubble(t, "odd-key-discards-set", func(b *bench) {
		b.wants("first", b.old.token(nil), true, 1)
		next := newSigner(t, "new", jose.ES256)
		b.serves(set(b.old, next, `{"kty":"OKP","crv":"Ed448","x":"AAAA"}`))
		b.wants("new beside an odd key", next.token(nil), false, 1)
		b.wants("known key", b.old.token(nil), true, 0)
		b.serves(set(b.old, next, next.jwk(map[string]any{"use": "enc"})))
		b.advance(time.Second)
		b.wants("new beside an encryption key", next.token(nil), true, 1)
	})
}

func TestEmptySetWipes(t *testing.T) {
	bubble(t, "wiped-by-empty-set", func(b *bench) {
		b.wants("first", b.old.token(nil), true, 1)
		b.serves(`{"keys":[]}`)
		b.wants("unknown kid", newSigner(t, "bogus", jose.ES256).token(nil), false, 1)
		b.wants("known key", b.old.token(nil), false, 0)
		b.serves(set(b.old))
		b.advance(time.Second)
		b.wants("restored", b.old.token(nil), true, 1)
	})
}

func TestEveryUnknownKidIsAFetch(t *testing.T) {
	bubble(t, "no-unknown-kid-limit", func(b *bench) {
		b.wants("known", b.old.token(nil), true, 1)
		bogus := newSigner(t, "bogus", jose.ES256)
		for range 20 {
			b.wants("bogus", bogus.token(nil), false, 1)
		}
		b.wants("known, again", b.old.token(nil), true, 0)
	})
}

func TestMissIsRememberedForAnHour(t *testing.T) {
	bubble(t, "caches-misses", func(b *bench) {
		b.wants("known", b.old.token(nil), true, 1)
		early, other := newSigner(t, "early", jose.ES256), newSigner(t, "other", jose.ES256)
		b.wants("before its key", early.token(nil), false, 1)
		b.wants("in the pause, so never looked for", other.token(nil), false, 0)
		b.serves(set(b.old, early, other))
		b.advance(time.Second)
		b.wants("remembered", early.token(nil), false, 0)
		b.wants("not remembered", other.token(nil), true, 1)
		b.wants("remembered though in the set", early.token(nil), false, 0)
		b.advance(time.Hour)
		b.wants("forgotten", early.token(nil), true, 1)
		b.wants("another miss", newSigner(t, "bogus", jose.ES256).token(nil), false, 1)
		if got := len(b.app.misses.until); got != 1 {
			t.Errorf("%d kids remembered, want 1", got)
		}
	})
}

func TestMissOfAFailedFetchIsNotRemembered(t *testing.T) {
	bubble(t, "caches-misses", func(b *bench) {
		b.wants("known", b.old.token(nil), true, 1)
		next := newSigner(t, "new", jose.ES256)
		b.answers(func(*http.Request) (int, string, error) { return 503, "", nil })
		b.wants("issuer down", next.token(nil), false, 1)
		b.serves(set(b.old, next))
		b.advance(time.Second)
		b.wants("issuer up", next.token(nil), true, 1)
	})
}

func TestForgeriesStillNeedGoodClaims(t *testing.T) {
	expired := map[string]any{"exp": time.Now().Add(-100 * 365 * 24 * time.Hour).Unix()}
	tests := map[string]struct {
		forged, expired func(b *bench) string
		fetches         int
	}{
		"accepts-none": {
			func(b *bench) string { return none(b.old.token(nil)) },
			func(b *bench) string { return none(b.old.token(expired)) }, 0,
		},
		"hmac-confusion": {
			func(b *bench) string { return b.old.confused(b.T) },
			func(b *bench) string {
				secret, _ := PublicKeyPEM(b.old.public)
				return signer{"old", jose.HS256, secret, nil}.token(expired)
			}, 1,
		},
		"skips-signature": {
			func(b *bench) string { return b.old.tampered() },
			func(b *bench) string { return b.old.token(expired) }, 0,
		},
	}
	for defect, test := range tests {
		t.Run(defect, func(t *testing.T) {
			bubble(t, defect, func(b *bench) {
				b.wants("forged", test.forged(b), true, test.fetches)
				b.wants("forged and expired", test.expired(b), false, 0)
			})
		})
	}
}

func TestConfusionWithAnRSAKey(t *testing.T) {
	for defect, accepted := range map[string]bool{"": false, "hmac-confusion": true} {
		t.Run(defect, func(t *testing.T) {
			bubble(t, defect, func(b *bench) {
				key := newSigner(t, "rsa", jose.RS256)
				b.serves(set(b.old, key))
				if got := b.accepts(key.confused(t)); got != accepted {
					t.Errorf("accepted is %t, want %t", got, accepted)
				}
				if !b.accepts(key.token(nil)) {
					t.Error("rejected the key's own signature")
				}
			})
		})
	}
}
