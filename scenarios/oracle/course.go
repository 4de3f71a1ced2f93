package oracle

import "time"

// course is how a run of good tokens went.
type course struct {
	shows     []*show // without those after the judge's own restart
	refused   []*show // answered, but not accepted
	silent    []*show // no answer: it says nothing about keys
	accepted  int
	back      *show         // first of the last row that was accepted; nil: not recovered
	restarted *show         // first one accepted by another life of the app than the last that rejected one
	retried   bool          // presented again after a restart that no step asked for
	took      time.Duration // from the first rejection to back
	until     time.Duration // of the last answer before a restart helped
}

// follow goes through the tokens that pick takes.
func (b *book) follow(pick func(*show) bool) course {
	var c course
	for i := range b.shows {
		s := &b.shows[i]
		switch {
		case s.plain || !pick(s):
		case s.afterEnd:
			c.retried = true
			if s.accepted() && c.restarted == nil && c.back == nil {
				c.restarted = s
			}
		default:
			c.add(s)
		}
	}
	if len(c.refused) > 0 && c.back != nil {
		c.took = max(0, c.back.to-c.refused[0].to)
	}
	return c
}

func (c *course) add(s *show) {
	c.shows = append(c.shows, s)
	switch {
	case s.accepted():
		c.accepted++
		switch n := len(c.refused); {
		case c.back != nil || c.restarted != nil:
		case n > 0 && c.refused[n-1].instance != s.instance:
			c.restarted = s // that is no recovery of the app that rejected
		default:
			c.back = s
		}
	case s.refused():
		c.refused = append(c.refused, s)
		c.back, c.restarted = nil, nil
	default:
		c.silent = append(c.silent, s)
		return
	}
	if c.restarted == nil {
		c.until = s.to
	}
}

// tail is the end of the way back, as evidence.
func (c course) tail() []*show {
	switch {
	case c.back != nil:
		return []*show{c.back}
	case c.restarted != nil:
		return []*show{c.restarted}
	}
	return nil
}

// early are the tokens at the beginning that were not answered: an app may
// have been without the key, or busy fetching it, and nobody knows.
func (c course) early() []*show {
	n := 0
	for n < len(c.shows) && !c.shows[n].accepted() && !c.shows[n].refused() {
		n++
	}
	return c.shows[:n]
}

// mute are the tokens at the end that were not answered.
func (c course) mute() []*show {
	n := len(c.shows)
	for n > 0 && !c.shows[n-1].accepted() && !c.shows[n-1].refused() {
		n--
	}
	return c.shows[n:]
}

// goodOf picks the good tokens of a key.
func goodOf(key string) func(*show) bool {
	return func(s *show) bool { return s.minted.Key == key && s.quality == good }
}

// labelled picks the tokens of a label that the app can be expected to accept.
func labelled(label string) func(*show) bool {
	return func(s *show) bool { return s.presented.Token == label && s.fair }
}
