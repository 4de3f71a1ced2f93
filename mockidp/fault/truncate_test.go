package fault_test

import (
	"errors"
	"io"
	"testing"

	"github.com/rollover-harness/rollover/mockidp/fault"
)

func TestTruncateAnnouncesTheWholeAndSendsAPart(t *testing.T) {
	for name, c := range map[string]struct {
		after int
		want  string
	}{
		"half":                         {0, original[:len(original)/2]},
		"so many bytes":                {5, original[:5]},
		"always short of one at least": {len(original) + 10, original[:len(original)-1]},
	} {
		t.Run(name, func(t *testing.T) {
			got := fetch(t, planned(t, fault.Rule{Truncate: &fault.Truncate{After: c.after}}))
			if !errors.Is(got.err, io.ErrUnexpectedEOF) {
				t.Errorf("error %v, want an unexpected end", got.err)
			}
			if got.Response == nil || got.ContentLength != int64(len(original)) || string(got.body) != c.want {
				t.Errorf("body %q of %+v", got.body, got.Response)
			}
		})
	}
}
