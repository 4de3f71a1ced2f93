package clock_test

import (
	"encoding/json"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// stopped is a clock that moves when told to.
type stopped struct{ now time.Time }

func (s *stopped) Now() time.Time       { return s.now }
func (s *stopped) pass(d time.Duration) { s.now = s.now.Add(d) }

func TestSkewed(t *testing.T) {
	tests := []struct {
		name string
		do   func(*clock.Skewed, *stopped)
		want time.Duration // ahead of the base
	}{
		{"untouched", func(s *clock.Skewed, b *stopped) { b.pass(time.Hour) }, 0},
		{"ahead", func(s *clock.Skewed, b *stopped) { s.Move(5 * time.Minute); b.pass(time.Hour) }, 5 * time.Minute},
		{"back", func(s *clock.Skewed, b *stopped) { s.Move(-5 * time.Minute) }, -5 * time.Minute},
		{"moves add up", func(s *clock.Skewed, b *stopped) { s.Move(5 * time.Minute); s.Move(-time.Minute) }, 4 * time.Minute},
		{"drift", func(s *clock.Skewed, b *stopped) { s.Drift(0.5); b.pass(time.Hour) }, 30 * time.Minute},
		{"drift loses", func(s *clock.Skewed, b *stopped) { s.Drift(-0.5); b.pass(time.Hour) }, -30 * time.Minute},
		{"drift does not reach back", func(s *clock.Skewed, b *stopped) { b.pass(time.Hour); s.Drift(1) }, 0},
		{"drift stops where it is", func(s *clock.Skewed, b *stopped) { s.Drift(1); b.pass(time.Minute); s.Drift(0); b.pass(time.Hour) }, time.Minute},
		{"another drift", func(s *clock.Skewed, b *stopped) { s.Drift(1); b.pass(time.Minute); s.Drift(2); b.pass(time.Minute) }, 3 * time.Minute},
		{"move within drift", func(s *clock.Skewed, b *stopped) {
			s.Drift(1)
			b.pass(time.Minute)
			s.Move(time.Hour)
			b.pass(time.Minute)
		}, time.Hour + 2*time.Minute},
		{"reset", func(s *clock.Skewed, b *stopped) {
			s.Move(time.Hour)
			s.Drift(1)
			b.pass(time.Minute)
			s.Reset()
			b.pass(time.Minute)
		}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			base := &stopped{start}
			skewed := &clock.Skewed{Base: base}
			test.do(skewed, base)
			if got := skewed.Offset(); got != test.want {
				t.Errorf("offset %s, want %s", got, test.want)
			}
			if got := skewed.Now().Sub(base.now); got != test.want {
				t.Errorf("ahead by %s, want %s", got, test.want)
			}
		})
	}
}

func TestZeroSkewedFollowsTheSystem(t *testing.T) {
	var skewed clock.Skewed
	before := clock.System{}.Now()
	now := skewed.Now()
	after := clock.System{}.Now()
	if now.Before(before) || now.After(after) {
		t.Errorf("%s is not between %s and %s", now, before, after)
	}
	if skewed.Offset() != 0 {
		t.Errorf("offset %s", skewed.Offset())
	}
}

func TestSkewedFromManyGoroutines(t *testing.T) {
	skewed := &clock.Skewed{Base: &stopped{start}}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 100 {
				skewed.Move(time.Second)
				skewed.Drift(1)
				_ = skewed.Now()
			}
		})
	}
	wait.Wait()
	if got := skewed.Offset(); got != 800*time.Second {
		t.Errorf("offset %s, want 800s", got)
	}
}

func TestDurationText(t *testing.T) {
	tests := []struct {
		text string
		want time.Duration
		back string
	}{
		{"5m", 5 * time.Minute, "5m"},
		{"+5m", 5 * time.Minute, "5m"},
		{"-30s", -30 * time.Second, "-30s"},
		{"24h", 24 * time.Hour, "24h"},
		{"90m", 90 * time.Minute, "1h30m"},
		{"1h0m5s", time.Hour + 5*time.Second, "1h0m5s"},
		{"10m0s", 10 * time.Minute, "10m"},
		{"-100h", -100 * time.Hour, "-100h"},
		{"0s", 0, "0s"},
		{"0", 0, "0s"},
		{"1500ms", 1500 * time.Millisecond, "1.5s"},
		{"250ms", 250 * time.Millisecond, "250ms"},
	}
	for _, test := range tests {
		var d clock.Duration
		if err := json.Unmarshal([]byte(`"`+test.text+`"`), &d); err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if time.Duration(d) != test.want || d.Seconds() != test.want.Seconds() {
			t.Errorf("%s reads as %s", test.text, time.Duration(d))
		}
		if back, err := json.Marshal(d); err != nil || string(back) != `"`+test.back+`"` {
			t.Errorf("%s writes as %s (%v), want %q", test.text, back, err, test.back)
		}
	}
	for _, text := range []string{`""`, `"5"`, `"soon"`, `"5 m"`, `"5d"`, `5`, `{}`} {
		var d clock.Duration
		if err := json.Unmarshal([]byte(text), &d); err == nil {
			t.Errorf("%s reads as %s", text, d)
		}
	}
	var d clock.Duration
	if err := d.UnmarshalText([]byte("soon")); err == nil || err.Error() != `"soon" is not a duration such as 30s, 5m or 24h` {
		t.Errorf("error %v", err)
	}
}

func FuzzDurationText(f *testing.F) {
	for _, text := range []string{"5m", "+1h0m0.5s", "-2562047h47m16.854775808s", "1us", "h", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var d, back clock.Duration
		if d.UnmarshalText([]byte(text)) != nil {
			return
		}
		written, err := d.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		if err := back.UnmarshalText(written); err != nil || back != d {
			t.Errorf("%q reads as %d, written %q, which reads as %d (%v)", text, d, written, back, err)
		}
	})
}

func TestTheOffsetStaysWithinACentury(t *testing.T) {
	base := &clock.Skewed{}
	for name, move := range map[string]func(*clock.Skewed){
		"one leap":      func(c *clock.Skewed) { c.Move(math.MaxInt64) },
		"many leaps":    func(c *clock.Skewed) { c.Move(90 * year); c.Move(90 * year); c.Move(290 * year) },
		"a century":     func(c *clock.Skewed) { c.Move(100 * year) },
		"drift":         func(c *clock.Skewed) { c.Drift(1e300); base.Move(time.Hour) },
		"drift settled": func(c *clock.Skewed) { c.Drift(1e300); base.Move(time.Hour); c.Drift(0) },
	} {
		c := &clock.Skewed{Base: base}
		if move(c); c.Offset() != clock.MaxOffset || !c.Now().After(base.Now().Add(clock.MaxOffset-time.Hour)) {
			t.Errorf("%s: %s", name, c.Offset())
		}
		if c.Drift(0); c.Offset() != clock.MaxOffset {
			t.Errorf("%s, then: %s", name, c.Offset())
		}
		c.Move(math.MinInt64)
		if got := c.Offset(); got != -clock.MaxOffset {
			t.Errorf("%s, then back: %s", name, got)
		}
	}
}

const year = 365 * 24 * time.Hour
