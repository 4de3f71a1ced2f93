package spec

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/rollover-harness/rollover/mockidp/credential"
)

// Limits of a present step, far beyond what any real scenario wants.
const (
	maxTimes    = 10_000
	maxTogether = 256
)

// Validate checks a scenario that was built in Go as strictly as Decode checks
// a file; the errors carry paths in the place of positions. Nil: nothing is wrong.
func Validate(s Scenario) Errors {
	if s.APIVersion == "" {
		s.APIVersion = APIVersion // whoever builds in Go has no old files
	}
	for i, step := range s.Steps {
		if step.Do == nil || !slices.ContainsFunc(Verbs(), func(v Verb) bool { return sameType(v, step.Do) }) {
			return Errors{{Path: fmt.Sprintf("steps[%d]", i), Cause: fmt.Sprintf("%T is no step", step.Do), Hint: "a value of one of Verbs, no pointer"}}
		}
	}
	for i, e := range s.Expect {
		if e.Rule == nil || !slices.ContainsFunc(Rules(), func(r Rule) bool { return sameType(r, e.Rule) }) {
			return Errors{{Path: fmt.Sprintf("expect[%d]", i), Cause: fmt.Sprintf("%T is no rule", e.Rule), Hint: "a value of one of Rules, no pointer"}}
		}
	}
	if errs := checkWords(reflect.ValueOf(s), "", nil); len(errs) > 0 {
		return errs
	}
	return checkScenario(s)
}

func sameType(a, b any) bool { return reflect.TypeOf(a) == reflect.TypeOf(b) }

var (
	idForm   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,31}$`)
	nameForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
)

// checkScenario checks what types and words cannot say.
func checkScenario(s Scenario) Errors {
	c := checker{needs: s.Needs}
	if !idForm.MatchString(s.ID) {
		c.fail("id", fmt.Sprintf("id %q", s.ID), "a letter, then letters, digits and hyphens, 32 at most")
	}
	if !nameForm.MatchString(s.Name) {
		c.fail("name", fmt.Sprintf("name %q", s.Name), "lower case words joined by hyphens")
	}
	if strings.Contains(strings.TrimSpace(s.Title), "\n") {
		c.fail("title", "title has more than one line", "")
	}
	c.ring(s.Issuer.Keys)
	for i, step := range s.Steps {
		path := fmt.Sprintf("steps[%d].%s", i, step.Do.Verb())
		switch do := step.Do.(type) {
		case Present:
			c.present(do, path)
		case Wait:
			c.wait(do, path)
		case Restart:
			c.restart(path)
		default:
			c.command(do, path)
		}
	}
	c.replicaKeys()
	for i, e := range s.Expect {
		c.rule(e.Rule, fmt.Sprintf("expect[%d].%s", i, e.Rule.Rule()))
	}
	return c.errs
}

// checker goes through a scenario in the order of its steps.
type checker struct {
	errs  Errors
	needs []string

	keys      simulation
	presented map[string]bool // keys of which a token was shown
	labels    []string        // of tokens
	forged    []string
	set       []string              // ids of faults that are set now
	anonymous bool                  // a fault without an id is set
	replicas  map[string][][]string // by path
}

func (c *checker) fail(path, cause, hint string) {
	c.errs = append(c.errs, Error{Path: path, Cause: cause, Hint: hint})
}

func (c *checker) present(p Present, path string) {
	switch {
	case p.Times < 0 || p.Times > maxTimes:
		c.fail(path+".times", fmt.Sprintf("times %d", p.Times), fmt.Sprintf("1 to %d", maxTimes))
	case p.Together < 0 || p.Together > maxTogether:
		c.fail(path+".together", fmt.Sprintf("together %d", p.Together), fmt.Sprintf("1 to %d", maxTogether))
	case !p.Until.IsZero() && (p.Times > 0 || p.Together > 0):
		c.fail(path+".until", "until beside times or together", "until goes on one by one until it is met")
	case p.Together > max(p.Times, 1):
		c.fail(path+".together", fmt.Sprintf("%d together, but %d times", p.Together, max(p.Times, 1)), "times counts all of them")
	case p.Until.IsZero() && !p.Within.IsZero():
		c.fail(path+".within", "within without until", "such as until: 3 in a row")
	case p.Until.Length > 0 && !p.Until.Rejected && p.Forge != "":
		c.fail(path+".until", "waits until a forged token is accepted", "3 rejected in a row")
	}
	if _, named := p.Header["kid"]; named && p.RandomKID {
		c.fail(path+".randomKid", "randomKid beside a kid in header", "give one of them")
	}
	c.saml(p, path)
	name := c.keys.signer(c, p.Key, path)
	c.presented[name] = true
	c.beside(p.Beside, path)
	if p.Token != "" {
		c.labels = append(c.labels, p.Token)
	}
	if p.Forge != "" {
		c.forged = append(c.forged, string(p.Forge))
	}
}

// saml demands a target that is shown assertions where a step is about them.
func (c *checker) saml(p Present, path string) {
	if named := p.SAML.KeyInfo; named != "" && named != "absent" {
		if _, known := c.keys.ring.Key(named); !known {
			c.unknownKey(named, path+".saml.keyInfo")
		}
	}
	needs := func(protocols ...string) bool {
		return slices.ContainsFunc(protocols, func(p string) bool { return slices.Contains(c.needs, p) })
	}
	ofResponses := []credential.Forgery{credential.UnsignedAssertion, credential.XSW1, credential.XSW2}
	switch federated := needs("wsfed", "saml", "federation"); {
	case slices.Contains(ofResponses, p.Forge) && !needs("saml"):
		c.fail(path+".forge", fmt.Sprintf("%s of a target that may be shown no signed response", p.Forge), "needs: [saml]")
	case p.Forge != "" && !slices.Contains(credential.JWTForgeries(), p.Forge) && !federated:
		c.fail(path+".forge", fmt.Sprintf("%s of a target that may be shown no assertion", p.Forge), "needs: [federation]")
	case p.SAML != (credential.SAML{}) && !federated:
		c.fail(path+".saml", "saml of a target that may be shown no assertion", "needs: [federation]")
	}
}

// beside demands keys whose tokens are good now: the documents name them.
func (c *checker) beside(keys []string, path string) {
	for i, name := range keys {
		c.keys.served(c, name, fmt.Sprintf("%s.beside[%d]", path, i), "no token of it is good")
		c.presented[name] = true
	}
}

func (c *checker) wait(w Wait, path string) {
	if w.Fetched != "" && w.Fault != "" {
		c.fail(path, "fetched beside fault", "one thing to wait for; two steps wait for both")
	}
	if w.Fetched != "" {
		c.keys.served(c, w.Fetched, path+".fetched", "no document names it")
	}
	if w.Fault != "" && !slices.Contains(c.set, w.Fault) {
		c.unknownFault(w.Fault, path+".fault", c.set)
	}
	c.beside(w.Beside, path)
}

func (c *checker) restart(path string) {
	if !slices.Contains(c.needs, "restart") {
		c.fail(path, "restart of a target that may have none", "needs: [restart]")
	}
}

func (c *checker) unknownFault(id, path string, known []string) {
	cause, hint := unknownWord("fault", id, known)
	if len(known) == 0 {
		hint = "no fault is set by then"
	}
	c.fail(path, cause, hint)
}
