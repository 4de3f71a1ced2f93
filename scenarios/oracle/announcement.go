package oracle

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// settle is how long an app gets to put a document to use that it was served.
const settle = time.Second

// excuse leaves failures unjudged that come of a run which announced the key
// for a shorter time than the promise says.
func (b *book) excuse(findings []Finding, c course) {
	reason := b.shortly(c)
	for i := range findings {
		if reason != "" && findings[i].Outcome == Fail {
			findings[i].withhold(reason)
		}
	}
}

// shortly says why an app may not be blamed: the run announced the key for a
// shorter time than the promise says, and the app had not been served it yet
// when it rejected it. Empty: it may.
func (b *book) shortly(c course) string {
	if b.promise.Announcement == nil || len(c.refused) == 0 {
		return ""
	}
	key := c.refused[0].minted.Key
	if !b.announces(key) {
		return ""
	}
	published, ever := b.published(key)
	if !ever {
		return ""
	}
	signs := c.shows[0].from
	for _, m := range b.moves[key] {
		if m.state == keyring.Active {
			signs = m.at
			break
		}
	}
	promised := time.Duration(*b.promise.Announcement)
	if signs-published.at >= promised {
		return ""
	}
	last := c.refused[len(c.refused)-1]
	for _, f := range b.keyFetches() {
		if f.seq > published.seq && slices.Contains(f.Keys, key) && (f.at < signs || f.at+settle <= last.from) {
			return ""
		}
	}
	return fmt.Sprintf("the key was announced for %.1f s, %s is promised", (signs - published.at).Seconds(), text(promised))
}

// announces reports whether the scenario waits for the promised announcement
// of the key.
func (b *book) announces(key string) bool {
	published := false
	for _, s := range b.scenario.Steps {
		switch do := s.Do.(type) {
		case keyring.Publish:
			published = published || do.Name == key
		case spec.Wait:
			if do.For.Word == "promise.announcement" && (do.Fetched == key || do.Fetched == "" && published) {
				return true
			}
		}
	}
	return false
}
