package engine

import (
	"slices"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

func TestTheLongestBeginsFirst(t *testing.T) {
	announced, hour := clock.Duration(6*time.Second), clock.Duration(time.Hour)
	short := spec.Scenario{ID: "A5", Steps: []spec.Step{{Do: spec.Present{Until: spec.Row{Length: 3}, Within: spec.Span{Word: spec.Patience}}}}}
	wait := spec.Scenario{ID: "A1", Steps: []spec.Step{{Do: spec.Wait{For: spec.Span{Word: "promise.announcement"}}}}}
	lag := spec.Scenario{ID: "B4", Steps: []spec.Step{{Do: spec.Present{Until: spec.Row{Length: 3, Rejected: true}, Within: spec.For(7 * time.Second)}}}}
	glanced := spec.Scenario{ID: "E1", Steps: []spec.Step{{Do: spec.Wait{For: spec.Span{Word: "promise.outage"}}}}}
	c := Config{
		Scenarios: []spec.Scenario{short, wait, lag, glanced}, Patience: time.Minute, Parallel: 4,
		Promise: spec.Promise{Announcement: &announced, Outage: &hour},
	}
	if got := c.order(); !slices.Equal(got, []int{3, 2, 1, 0}) { // of an hour that it cannot wait the run takes a glance of 10 s
		t.Errorf("%v", got)
	}
	c.Parallel = 1
	if got := c.order(); !slices.Equal(got, []int{0, 1, 2, 3}) {
		t.Errorf("one after the other: %v", got)
	}
}
