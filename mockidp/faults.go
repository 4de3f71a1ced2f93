package mockidp

import (
	"fmt"
	"time"

	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// endedKept is how many faults that ended by themselves are remembered: clearing
// one of them is no error, for nobody can know in time that it ended.
const endedKept = 256

// endFaults takes rules out that have harmed as many requests as they may.
func (i *Issuer) endFaults(ids []string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.closed {
		i.endLocked(ids)
	}
}

// setAlarm has expire called when the next window is over. The caller holds mu.
func (i *Issuer) setAlarm() {
	if i.alarm != nil {
		i.alarm.Stop()
		i.alarm = nil
	}
	if over, next := i.state.Load().faults.Expired(i.config.Clock.Now()); next > 0 || over != nil {
		i.alarm = time.AfterFunc(next, i.expire)
	}
}

// expire takes rules out whose window is over. Requests do not rely on it:
// they look at the window themselves.
func (i *Issuer) expire() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return
	}
	ids, _ := i.state.Load().faults.Expired(i.config.Clock.Now())
	i.endLocked(ids)
	i.setAlarm()
}

// endLocked takes rules out that ended by themselves, and says so once.
func (i *Issuer) endLocked(ids []string) {
	former := i.state.Load()
	var ended []string
	for _, id := range ids {
		if former.faults.Has(id) {
			ended = append(ended, id)
		}
	}
	if len(ended) == 0 {
		return
	}
	next := former.withFaults(former.faults.Without(ended...))
	i.state.Store(next)
	former.faults.Release(next.faults)
	var trouble error
	if i.listener != nil && !i.refuses() {
		trouble = i.listener.open()
	}
	for _, id := range ended {
		i.ended = append(i.ended[max(0, len(i.ended)-endedKept+1):], id)
		i.write(timeline.Issuer, timeline.FaultSet{ID: id, Cleared: true})
	}
	if trouble != nil {
		i.write(timeline.Issuer, staysClosed(trouble))
	}
}

func staysClosed(err error) timeline.Note {
	return timeline.Note{Text: fmt.Sprintf("the listener stays closed: %v", err)}
}
