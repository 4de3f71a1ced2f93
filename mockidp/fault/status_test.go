package fault_test

import (
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/fault"
)

func TestStatus(t *testing.T) {
	for name, c := range map[string]struct {
		status     fault.Status
		body       string
		retryAfter string
	}{
		"text of the status":      {fault.Status{Code: 503}, "Service Unavailable", ""},
		"a body of one's own":     {fault.Status{Code: 500, Body: "boom"}, "boom", ""},
		"retry in whole seconds":  {fault.Status{Code: 429, RetryAfter: clock.Duration(30 * time.Second)}, "Too Many Requests", "30"},
		"retry rounded upwards":   {fault.Status{Code: 429, RetryAfter: clock.Duration(1100 * time.Millisecond)}, "Too Many Requests", "2"},
		"not modified, no body":   {fault.Status{Code: 304, Body: "x"}, "", ""},
		"redirect without a goal": {fault.Status{Code: 302}, "Found", ""},
	} {
		t.Run(name, func(t *testing.T) {
			recorder := record(planned(t, fault.Rule{Status: &c.status}))
			if recorder.Code != c.status.Code || recorder.Body.String() != c.body || recorder.Header().Get("Retry-After") != c.retryAfter {
				t.Errorf("%d %q, Retry-After %q", recorder.Code, recorder.Body, recorder.Header().Get("Retry-After"))
			}
		})
	}
}
