package report

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func shown(o LiveOptions, updates ...Progress) (string, *Live) {
	var b strings.Builder
	l := NewLive(&b, o)
	for _, p := range updates {
		l.Update(p)
	}
	l.Close()
	return b.String(), l
}

func TestLiveRedrawsOneLine(t *testing.T) {
	got, _ := shown(LiveOptions{Terminal: true, Total: 3},
		Progress{ID: "A10", Doing: "starting", Step: -1, Steps: 5},
		Progress{ID: "A2", Doing: "present", Step: 0, Steps: 4},
		Progress{ID: "A2", Doing: "present", Step: 0, Steps: 4}, // nothing new: nothing is drawn
		Progress{ID: "A10", Doing: "wait", Step: 4, Steps: 5},
		Progress{ID: "A2", Doing: "looking back", Step: 4, Steps: 4},
		Progress{ID: "A2", Doing: "done", Step: 4, Steps: 4, Done: true, Seconds: 0.4},
		Progress{ID: "A10", Doing: "done", Step: 5, Steps: 5, Done: true})
	want := "\r0/3 done  A10 starting\x1b[K" +
		"\r0/3 done  A2 present 1/4, A10 starting\x1b[K" +
		"\r0/3 done  A2 present 1/4, A10 wait 5/5\x1b[K" +
		"\r0/3 done  A2 looking back, A10 wait 5/5\x1b[K" +
		"\r1/3 done  A10 wait 5/5\x1b[K" +
		"\r2/3 done\x1b[K" +
		"\r\x1b[K"
	if diff := cmp.Diff(strings.Split(want, "\r"), strings.Split(got, "\r")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLivePrintsLinesElsewhere(t *testing.T) {
	got, _ := shown(LiveOptions{Total: 2},
		Progress{ID: "A2", Doing: "present", Step: 0, Steps: 4},
		Progress{ID: "A2", Doing: "done", Done: true, Seconds: 31.04},
		Progress{ID: "F3", Doing: "done", Done: true})
	if want := "1/2 done  A2 in 31.0 s\n2/2 done  F3\n"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

func TestLiveIsCutToTheWidth(t *testing.T) {
	updates := []Progress{{ID: "A5", Doing: "present", Step: 3, Steps: 5}, {ID: "B4", Doing: "wait", Step: 2, Steps: 6}, {ID: "E2", Doing: "restart", Step: 1, Steps: 9}}
	for width, want := range map[int]string{
		80: "0/17 done  A5 present 4/5, B4 wait 3/6, E2 restart 2/9",
		55: "0/17 done  A5 present 4/5, B4 wait 3/6, E2 restart 2/9", // 54 characters
		54: "0/17 done  A5 present 4/5, B4 wait 3/6, 1 more",
		40: "0/17 done  A5 present 4/5, 2 more",
		30: "0/17 done",
		6:  "0/17 ",
	} {
		_, l := shown(LiveOptions{Terminal: true, Total: 17, Width: width}, updates...)
		if got := l.text(); got != want {
			t.Errorf("%d: %q, not %q", width, got, want)
		}
	}
}

// Nothing was drawn, so there is nothing to clear; and a broken terminal is no reason to end.
func TestLiveStaysQuiet(t *testing.T) {
	if got, _ := shown(LiveOptions{Terminal: true, Total: 1}); got != "" {
		t.Errorf("%q", got)
	}
	l := NewLive(failing(errors.New("gone")), LiveOptions{Terminal: true, Total: 1})
	l.Update(Progress{ID: "A1", Doing: "starting", Step: -1})
	l.Update(Progress{ID: "A1", Done: true})
	l.Close()
}
