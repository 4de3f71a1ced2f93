package pin

import (
	"fmt"
	"slices"
	"strings"
)

// report draws the conclusion.
func (c *checker) report() Report {
	r := Report{Findings: sorted(c.findings), Rows: c.rows()}
	at := func(l Level) *Finding {
		i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Level == l })
		if i < 0 {
			return nil
		}
		return &r.Findings[i]
	}
	now, later := at(Now), at(Later)
	switch {
	case now != nil:
		r.Outcome, r.Summary = FailsNow, "fails now"+c.because(now)
	case later != nil:
		r.Outcome, r.Summary = WillFail, "works as long as "+c.signerOrAny()+" signs, "+c.when()
	case len(c.served) == 0:
		r.Outcome, r.Summary = Unknown, "inconclusive: no key of the document comes with a certificate, so there is nothing to compare"
	case c.registry.Kind == Validating && c.entity.ID == "":
		r.Outcome, r.Summary = Unknown, "inconclusive: every certificate is pinned, but the document does not say whose tokens they sign, so the issuers were not compared (federation metadata does)"
	case len(c.document.Problems) > 0:
		r.Outcome = Unknown
		r.Summary = fmt.Sprintf("inconclusive: what could be read is pinned, but %s of the document could not", plural(len(c.document.Problems), "entry", "entries"))
	default:
		r.Outcome, r.Summary = Fits, c.fits()
	}
	return r
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// because is why an app fails already.
func (c *checker) because(f *Finding) string {
	text := ""
	if f.Code != "" {
		text = " with " + f.Code
	}
	if len(c.registry.Faults) > 0 && slices.ContainsFunc(c.registry.Faults, func(fault Finding) bool { return fault.Level == Now }) {
		return text + ": the app does not start with this file"
	}
	if slices.Contains(c.refused, c.signer) {
		return fmt.Sprintf("%s: tokens of %s, which %s, are refused", text, short(c.signer), c.signs())
	}
	if len(c.served) > 0 && len(c.refused) == len(c.served) {
		return text + ": no certificate that is served is accepted"
	}
	return text
}

func (c *checker) signerOrAny() string {
	if c.signer != "" {
		return short(c.signer)
	}
	return "a pinned certificate"
}

// when is when an app that works will fail.
func (c *checker) when() string {
	var all []string
	for _, s := range c.served {
		if h := s.SHA1.Hex(); slices.Contains(c.refused, h) && !c.ended(s) {
			all = append(all, short(h))
		}
	}
	if len(all) == 0 {
		return "fails with " + c.registry.Kind.Code() + " when a certificate is due that line's thumbprint was meant for"
	}
	return fmt.Sprintf("fails with %s at the next roll, when %s signs: %s", c.registry.Kind.Code(), orOne(len(all)), strings.Join(all, ", "))
}

func orOne(n int) string {
	if n == 1 {
		return "this one"
	}
	return "one of these"
}

// fits says how long the peace lasts: pins do not follow a roll.
func (c *checker) fits() string {
	last := c.served[0].NotAfter
	for _, s := range c.served {
		if s.NotAfter.After(last) {
			last = s.NotAfter
		}
	}
	text := "fits: the one certificate that is served is pinned"
	if len(c.served) > 1 {
		text = fmt.Sprintf("fits: all %d certificates that are served are pinned", len(c.served))
	}
	if len(c.refused) > 0 {
		text = "fits: every certificate that is served and has not ended is pinned"
	}
	until := "at the latest on " + day(last) + ", when the last of them ends"
	if last.Before(c.now) {
		until = "which is overdue: the last of them ended on " + day(last)
	}
	return fmt.Sprintf("%s. It fails with %s when one signs that is not served yet, %s", text, c.registry.Kind.Code(), until)
}
