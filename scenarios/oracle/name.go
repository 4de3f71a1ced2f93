package oracle

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/rollover-harness/rollover/mockidp/credential"
)

// ruleShows is the rule that no scenario has to state: whoever is signed in is
// the one whom the issuer named.
const ruleShows = "shows"

// subjectOf is whom a credential names, as its step asked for it.
func (b *book) subjectOf(s *show) string {
	p, _ := b.stepOf(s)
	return cmp.Or(p.Subject, credential.DefaultSubject)
}

// takesForAnother reports whether an app took the bearer of a genuine credential for
// somebody else. Nothing is known of it where the page shows no name, or where
// the step chose claims that a page may show in the name's place.
func (b *book) takesForAnother(s *show) bool {
	p, _ := b.stepOf(s)
	shown := s.presented.Shown
	return s.accepted() && s.minted.Forge == string(credential.Genuine) && len(p.Claims) == 0 && shown != "" && !strings.EqualFold(shown, s.subject)
}

// wrongNames fails an app that signed in somebody else than the issuer named: that
// is worse than a rejection.
func (b *book) wrongNames() []Finding {
	var wrong []*show
	for i := range b.shows {
		if s := &b.shows[i]; s.judged() && s.mistaken {
			wrong = append(wrong, s)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	text := fmt.Sprintf("the app took %s for somebody else: its page shows %s where the issuer named %s",
		plural(len(wrong), "person", "people"), wrong[0].presented.Shown, wrong[0].subject)
	return []Finding{{Rule: ruleShows, Outcome: Fail, Text: text, Evidence: seqs(wrong)}}
}
