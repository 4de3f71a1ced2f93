package defective

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func TestFetchesLazily(t *testing.T) {
	bubble(t, "", func(b *bench) {
		health := httptest.NewRecorder()
		b.app.ServeHTTP(health, httptest.NewRequest(http.MethodGet, "/healthz", nil))
		if health.Code != http.StatusOK || b.fetches() != 0 {
			t.Errorf("healthz: status %d, %d fetches", health.Code, b.fetches())
		}
		b.wants("first token", b.old.token(nil), true, 1)
		b.wants("second token", b.old.token(nil), true, 0)
	})
}

func TestCacheLivesFiveSeconds(t *testing.T) {
	bubble(t, "", func(b *bench) {
		b.wants("first", b.old.token(nil), true, 1)
		b.advance(4999 * time.Millisecond)
		b.wants("still young", b.old.token(nil), true, 0)
		b.advance(time.Millisecond)
		b.wants("five seconds old", b.old.token(nil), true, 1)
		b.advance(3 * time.Second)
		b.wants("unknown kid", newSigner(t, "bogus", jose.ES256).token(nil), false, 1)
		b.advance(4 * time.Second)
		b.wants("counted from any successful fetch", b.old.token(nil), true, 0)
		b.advance(time.Second)
		b.wants("five seconds after it", b.old.token(nil), true, 1)
	})
}

func TestFailedRefreshKeepsTheSet(t *testing.T) {
	failures := map[string]func(*http.Request) (int, string, error){
		"status 500":  func(*http.Request) (int, string, error) { return 500, "", nil },
		"not there":   func(*http.Request) (int, string, error) { return 404, `{"keys":[]}`, nil },
		"unreachable": func(*http.Request) (int, string, error) { return 0, "", errors.New("connection refused") },
		"timeout": func(r *http.Request) (int, string, error) {
			<-r.Context().Done()
			return 0, "", r.Context().Err()
		},
		"empty set":     func(*http.Request) (int, string, error) { return 200, `{"keys":[]}`, nil },
		"no usable key": func(*http.Request) (int, string, error) { return 200, `{"keys":[{"kty":"AKP"}]}`, nil },
		"no key set":    func(*http.Request) (int, string, error) { return 200, `{}`, nil },
		"HTML":          func(*http.Request) (int, string, error) { return 200, "<html>sign in</html>", nil },
		"truncated":     func(*http.Request) (int, string, error) { return 200, `{"keys":[{"kty":"EC"`, nil },
		"too large": func(*http.Request) (int, string, error) {
			return 200, set(newSigner(t, "other", jose.ES256)) + strings.Repeat(" ", bodyLimit), nil
		},
	}
	for name, failure := range failures {
		t.Run(name, func(t *testing.T) {
			bubble(t, "", func(b *bench) {
				b.wants("before", b.old.token(nil), true, 1)
				b.answers(failure)
				b.advance(5 * time.Second)
				start := time.Now()
				b.wants("known key", b.old.token(nil), true, 1)
				if took := time.Since(start); took > 2*time.Second {
					t.Errorf("fetch took %v", took)
				}
				b.wants("tried once a second", b.old.token(nil), true, 0)
				b.advance(999 * time.Millisecond)
				b.wants("not yet again", b.old.token(nil), true, 0)
				b.advance(time.Millisecond)
				b.wants("tried again", b.old.token(nil), true, 1)
				next := newSigner(t, "next", jose.ES256)
				b.wants("new key during the outage", next.token(nil), false, 1)
				b.serves(set(next))
				b.advance(time.Second)
				b.wants("new key after it", next.token(nil), true, 1)
				b.wants("old key after it", b.old.token(nil), false, 1)
			})
		})
	}
}

func TestSetTooOldIsNotUsed(t *testing.T) {
	bubble(t, "", func(b *bench) {
		b.wants("first", b.old.token(nil), true, 1)
		b.answers(func(*http.Request) (int, string, error) { return 503, "", nil })
		b.advance(time.Hour)
		b.wants("an hour later", b.old.token(nil), true, 1)
		b.advance(time.Second)
		b.wants("past the limit", b.old.token(nil), false, 1)
		b.serves(set(b.old))
		b.advance(time.Second)
		b.wants("issuer is back", b.old.token(nil), true, 1)
	})
}

func TestIssuerDownAtFirst(t *testing.T) {
	bubble(t, "", func(b *bench) {
		b.answers(func(*http.Request) (int, string, error) { return 503, "", nil })
		b.wants("issuer down", b.old.token(nil), false, 1)
		b.serves(set(b.old))
		b.advance(time.Second)
		b.wants("issuer up", b.old.token(nil), true, 1)
	})
}

func TestRefetchesForWhatItCannotVerify(t *testing.T) {
	header := map[string]map[jose.HeaderKey]any{
		"unknown kid": {"kid": "new"},
		"kid reused":  {"kid": "old"},
		"no kid":      {},
	}
	for name, header := range header {
		t.Run(name, func(t *testing.T) {
			bubble(t, "", func(b *bench) {
				b.wants("old", b.old.token(nil), true, 1)
				kid, _ := header["kid"].(string)
				next := newSigner(t, kid, jose.ES256)
				b.serves(set(next))
				b.wants("new", next.sign(good(nil), header), true, 1)
				b.wants("new, again", next.sign(good(nil), header), true, 0)
			})
		})
	}
}

func TestRefetchIsLimitedToOnePerSecond(t *testing.T) {
	bubble(t, "", func(b *bench) {
		b.wants("known", b.old.token(nil), true, 1)
		bogus := newSigner(t, "bogus", jose.ES256)
		b.wants("first bogus", bogus.token(nil), false, 1)
		bogus.kid = "another"
		b.wants("second bogus", bogus.token(nil), false, 0)
		b.wants("tampered", b.old.tampered(), false, 0)
		b.advance(999 * time.Millisecond)
		b.wants("not yet", bogus.token(nil), false, 0)
		b.advance(time.Millisecond)
		b.wants("a second later", bogus.token(nil), false, 1)
		b.wants("known all the while", b.old.token(nil), true, 0)
	})
}

func TestRegularFetchDoesNotDelayTheRefetch(t *testing.T) {
	bubble(t, "", func(b *bench) {
		b.wants("first", b.old.token(nil), true, 1)
		b.advance(5 * time.Second)
		b.wants("regular", b.old.token(nil), true, 1)
		next := newSigner(t, "new", jose.ES256)
		b.serves(set(b.old, next))
		b.wants("new", next.token(nil), true, 1)
	})
}

func TestFetchMadeForTheRequestIsNotRepeated(t *testing.T) {
	bubble(t, "", func(b *bench) {
		b.wants("bogus, first of all", newSigner(t, "bogus", jose.ES256).token(nil), false, 1)
	})
}

func TestMissIsNotRemembered(t *testing.T) {
	bubble(t, "", func(b *bench) {
		b.wants("known", b.old.token(nil), true, 1)
		early := newSigner(t, "early", jose.ES256)
		b.wants("before its key", early.token(nil), false, 1)
		b.serves(set(b.old, early))
		b.advance(time.Second)
		b.wants("after its key", early.token(nil), true, 1)
	})
}

func TestRemovedKeyIsDropped(t *testing.T) {
	bubble(t, "", func(b *bench) {
		b.wants("first", b.old.token(nil), true, 1)
		next := newSigner(t, "new", jose.ES256)
		b.serves(set(next))
		b.advance(5 * time.Second)
		b.wants("removed", b.old.token(nil), false, 1)
		b.wants("new", next.token(nil), true, 0)
	})
}

// herd presents tokens at once and returns how many were accepted when gate,
// which holds up the issuer, has been opened.
func (b *bench) herd(gate chan struct{}, tokens ...string) int {
	var mu sync.Mutex
	var accepted int
	var callers sync.WaitGroup
	for _, token := range tokens {
		callers.Go(func() {
			if b.accepts(token) {
				mu.Lock()
				defer mu.Unlock()
				accepted++
			}
		})
	}
	synctest.Wait() // all of them wait for the issuer
	close(gate)
	callers.Wait()
	return accepted
}

func TestHerdSharesOneFetch(t *testing.T) {
	for name, first := range map[string]bool{"first fetch": true, "refetch": false} {
		t.Run(name, func(t *testing.T) {
			bubble(t, "", func(b *bench) {
				if !first {
					b.wants("warm up", b.old.token(nil), true, 1)
				}
				before := b.fetches()
				next := newSigner(t, "new", jose.ES256)
				gate := make(chan struct{})
				b.answers(func(*http.Request) (int, string, error) {
					<-gate
					return 200, set(b.old, next), nil
				})
				accepted := b.herd(gate, slices.Repeat([]string{next.token(nil)}, 50)...)
				if fetches := b.fetches() - before; accepted != 50 || fetches != 1 {
					t.Errorf("%d accepted, %d fetches; want 50 and 1", accepted, fetches)
				}
			})
		})
	}
}

// A fetch that began before the key was published cannot be the last word on
// a token that came after it.
func TestRefetchesAfterSharingAnEarlierFetch(t *testing.T) {
	bubble(t, "", func(b *bench) {
		b.wants("warm up", b.old.token(nil), true, 1)
		b.advance(5 * time.Second)
		next := newSigner(t, "new", jose.ES256)
		gate := make(chan struct{})
		b.answers(func(*http.Request) (int, string, error) {
			b.serves(set(b.old, next)) // from the next fetch on
			<-gate
			return 200, set(b.old), nil
		})
		var regular sync.WaitGroup
		regular.Go(func() { b.accepts(b.old.token(nil)) })
		synctest.Wait()
		if accepted := b.herd(gate, next.token(nil), b.old.token(nil)); accepted != 2 || b.fetches() != 3 {
			t.Errorf("%d accepted after %d fetches, want 2 and 3", accepted, b.fetches())
		}
		regular.Wait()
	})
}

func TestCallerWhoGivesUpDoesNotSpoilTheFetch(t *testing.T) {
	for name, first := range map[string]bool{"first fetch": true, "refetch": false} {
		t.Run(name, func(t *testing.T) {
			bubble(t, "", func(b *bench) {
				if !first {
					b.wants("warm up", b.old.token(nil), true, 1)
				}
				before := b.fetches()
				next := newSigner(t, "new", jose.ES256)
				gate := make(chan struct{})
				b.answers(func(r *http.Request) (int, string, error) {
					<-gate
					return 200, set(next), r.Context().Err()
				})
				ctx, cancel := context.WithCancel(b.Context())
				request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/api", nil)
				request.Header.Set("Authorization", "Bearer "+next.token(nil))
				var gone sync.WaitGroup
				gone.Go(func() { b.app.ServeHTTP(httptest.NewRecorder(), request) })
				synctest.Wait()
				cancel()
				accepted := b.herd(gate, next.token(nil))
				if fetches := b.fetches() - before; accepted != 1 || fetches != 1 {
					t.Errorf("%d accepted, %d fetches; want 1 and 1", accepted, fetches)
				}
				gone.Wait()
			})
		})
	}
}

func TestCallerWhoGivesUpDoesNotWait(t *testing.T) {
	bubble(t, "", func(b *bench) {
		gate := make(chan struct{})
		b.answers(func(*http.Request) (int, string, error) {
			<-gate
			return 200, set(b.old), nil
		})
		var first sync.WaitGroup
		first.Go(func() { b.accepts(b.old.token(nil)) })
		synctest.Wait()
		ctx, cancel := context.WithCancel(b.Context())
		cancel()
		request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/api", nil)
		request.Header.Set("Authorization", "Bearer "+b.old.token(nil))
		answer := httptest.NewRecorder()
		b.app.ServeHTTP(answer, request) // returns though the issuer does not answer
		if answer.Code != http.StatusUnauthorized {
			t.Errorf("status %d", answer.Code)
		}
		close(gate)
		first.Wait()
	})
}

// The issuer comes back while a first fetch is still failing.
func TestFirstFetchFailsForThoseWhoWait(t *testing.T) {
	bubble(t, "", func(b *bench) {
		gate := make(chan struct{})
		b.answers(func(*http.Request) (int, string, error) {
			b.serves(set(b.old)) // from the next fetch on
			<-gate
			return 503, "", nil
		})
		var first sync.WaitGroup
		first.Go(func() { b.accepts(b.old.token(nil)) })
		synctest.Wait()
		if accepted := b.herd(gate, slices.Repeat([]string{b.old.token(nil)}, 5)...); accepted != 5 || b.fetches() != 2 {
			t.Errorf("%d accepted, %d fetches; want 5 and 2", accepted, b.fetches())
		}
		first.Wait()
	})
}
