package keycache

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// The rest of what a cache does is tested with the apps that hold one.
func TestOnceIsOnce(t *testing.T) {
	for name, failure := range map[string]error{"fetched": nil, "failed": errors.New("connection refused")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fetches := 0
				c := New(Config[string]{
					Refresh: Refresh{Lifetime: time.Second, OnDemand: OncePerSecond, Once: true},
					Load:    func(context.Context) ([]string, error) { fetches++; return []string{"old"}, failure },
					Replace: func(_, fetched []string) []string { return fetched },
					Now:     time.Now, Log: func(string) {},
				})
				for range 3 {
					held, err := c.Current(t.Context())
					if (held == nil) != (failure != nil) || !errors.Is(err, failure) {
						t.Errorf("held %v, %v", held, err)
					}
					if newer := c.Newer(t.Context(), held, c.Fetches()); newer != nil {
						t.Errorf("newer %v", newer)
					}
					<-time.After(time.Hour)
				}
				if fetches != 1 {
					t.Errorf("%d fetches", fetches)
				}
			})
		})
	}
}
