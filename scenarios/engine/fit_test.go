package engine_test

import (
	"context"
	"strings"
	"testing"

	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/engine"
	"github.com/rollover-harness/rollover/scenarios/engine/local"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target"
)

// A scenario about what a target is never shown does not apply to it, and says
// why: the mint would refuse it, and that is no failure of the harness.
func TestScenariosThatDoNotFit(t *testing.T) {
	wsfed, saml := []target.Feature{target.WSFed, target.Federation}, []target.Feature{target.SAML, target.Federation}
	keySetAway := command.Fault{Rule: fault.Rule{ID: "f", Document: "jwks", Status: &fault.Status{Code: 503}}}
	for name, c := range map[string]struct {
		features []target.Feature
		step     spec.Verb
		why      string // "" fits
	}{
		"a JWT's forgery, JWT":                {nil, spec.Present{Forge: credential.AlgNone}, ""},
		"a JWT's forgery, OpenID Connect":     {[]target.Feature{target.OIDC}, spec.Present{Forge: credential.EmptySignature}, ""},
		"a JWT's forgery, assertions":         {saml, spec.Present{Forge: credential.AlgNone}, "the scenario forges alg-none, and this target is shown assertions, which are not forged so"},
		"an assertion's forgery, assertions":  {wsfed, spec.Present{Forge: credential.XSW3}, ""},
		"an assertion's forgery, JWT":         {nil, spec.Present{Forge: credential.CommentInName}, "the scenario forges comment-in-name, and this target is shown no assertions"},
		"a response's forgery, SAML":          {saml, spec.Present{Forge: credential.XSW1}, ""},
		"a response's forgery, WS-Federation": {wsfed, spec.Present{Forge: credential.UnsignedAssertion}, "the scenario forges unsigned-assertion, and WS-Federation signs no response"},
		"a forgery of both":                   {wsfed, spec.Present{Forge: credential.TamperedSig}, ""},
		"signing, JWT":                        {[]target.Feature{target.OIDC}, spec.Present{SAML: credential.SAML{Sign: "both"}}, "the scenario is about how assertions are signed, and this target is shown none"},
		"signing, assertions":                 {saml, spec.Present{SAML: credential.SAML{Sign: "both"}}, ""},
		"a header, JWT":                       {nil, spec.Present{Header: map[string]any{"jku": "x"}}, ""},
		"a header, assertions":                {saml, spec.Present{Header: map[string]any{"jku": "x"}}, "the scenario changes the header, and assertions have none"},
		"an unknown kid, assertions":          {saml, spec.Present{RandomKID: true, Forge: credential.StrangerKey}, ""},
		"a good key's, assertions":            {saml, spec.Present{RandomKID: true}, "the scenario signs well under a kid that no key has, and assertions have no kid"},
		"a good key's, JWT":                   {nil, spec.Present{RandomKID: true}, ""},
		"a version, assertions":               {saml, spec.Present{Version: "v1"}, "the scenario asks for tokens of version v1, and assertions have none"},
		"a curve, JWT":                        {nil, keyring.Publish{Name: "new", Alg: "ES256"}, ""},
		"a curve, assertions":                 {wsfed, keyring.Publish{Name: "new", Alg: "ES256"}, "the scenario has a key of ES256, and assertions are signed with RSA keys"},
		"the key set, JWT":                    {nil, keySetAway, ""},
		"the key set, assertions":             {wsfed, keySetAway, "the scenario breaks the document jwks, and an app that is shown assertions does not read it"},
		"discovery, assertions":               {saml, command.Fault{Rule: fault.Rule{ID: "f", Document: "discovery", Empty: &fault.Empty{}}}, "the scenario breaks the document discovery, and an app that is shown assertions does not read it"},
		"every document, assertions":          {saml, command.Fault{Rule: fault.Rule{ID: "f", Status: &fault.Status{Code: 503}}}, ""},
		"another RSA, assertions":             {wsfed, keyring.Rotate{Alg: "PS256"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := scenario("T1", c.step)
			s.Issuer.Keys[0].Alg = "RS256"
			// Only what does not apply is run: nothing is started for it.
			results, err := run(t, &scripted{features: c.features, startErr: target.ErrStart}, nil, s)
			began := eventsOf[timeline.Began](results[0])
			switch {
			case c.why == "" && err == nil:
				t.Errorf("it does not apply: %q", began[0].Missing)
			case c.why != "" && (err != nil || len(began[0].Missing) != 1 || began[0].Missing[0] != c.why):
				t.Errorf("%+v, %v; want %q", began, err, c.why)
			}
		})
	}
}

// A scenario for apps that are shown assertions breaks other documents on purpose.
func TestWhatASignInScenarioBreaksFits(t *testing.T) {
	s := scenario("T1", command.Fault{Rule: fault.Rule{ID: "f", Document: "jwks", Stale: &fault.Stale{}}})
	s.Issuer.Keys[0].Alg, s.Needs = "RS256", []string{"federation"}
	app := &scripted{features: []target.Feature{target.SAML, target.Federation}}
	results, err := run(t, app, func(e *engine.Config) { e.Open = local.Opener(local.Config{Profile: "entra"}) }, s)
	if err != nil {
		t.Fatal(err)
	}
	if began := eventsOf[timeline.Began](results[0]); len(began[0].Missing) != 0 || app.starts.Load() != 1 {
		t.Errorf("it does not apply: %q", began[0].Missing)
	}
}

// seeing is a target that keeps what it was shown.
type seeing struct {
	scripted
	shown []credential.Credential
}

func (s *seeing) Start(ctx context.Context, env target.Environment, log func(string)) (target.Instance, error) {
	i, err := s.scripted.Start(ctx, env, log)
	return &seeingInstance{i, s}, err
}

type seeingInstance struct {
	target.Instance
	of *seeing
}

func (i *seeingInstance) Present(ctx context.Context, c credential.Credential) target.Observation {
	i.of.shown = append(i.of.shown, c)
	return i.Instance.Present(ctx, c)
}

// Whom a credential names is what the probe looks for on the page; how it is
// carried decides what is minted, and what makes an app look for keys.
func TestWhatIsMinted(t *testing.T) {
	for name, c := range map[string]struct {
		features    []target.Feature
		profile     string
		form, forge string
	}{
		"bearer":         {nil, "entra", "jwt", "stranger-key"},
		"OpenID Connect": {[]target.Feature{target.OIDC}, "generic", "session", "stranger-key"},
		"WS-Federation":  {[]target.Feature{target.WSFed, target.Federation}, "entra", "session", "stranger-certificate"},
		"SAML":           {[]target.Feature{target.SAML, target.Federation}, "adfs", "session", "stranger-certificate"},
	} {
		app := &seeing{scripted: scripted{features: c.features}}
		s := scenario("T1", spec.Present{Subject: "alice@rollover.test"}, spec.Present{RandomKID: true, Forge: credential.StrangerKey})
		s.Issuer.Keys[0].Alg = "RS256"
		results, err := run(t, app, func(e *engine.Config) { e.Open = local.Opener(local.Config{Profile: c.profile}) }, s)
		if err != nil {
			t.Fatal(name, err)
		}
		var subjects []string
		for _, one := range app.shown {
			subjects = append(subjects, one.Subject)
		}
		if got := strings.Join(subjects, " "); got != "user@rollover.test alice@rollover.test user@rollover.test" {
			t.Errorf("%s: names %q", name, got)
		}
		minted := eventsOf[timeline.Minted](results[0])
		if last := minted[len(minted)-1]; last.Form != c.form || last.Forge != c.forge {
			t.Errorf("%s: minted %+v", name, last)
		}
	}
}

// What the browser saw is in the book.
func TestAnswersOfASignIn(t *testing.T) {
	seen := target.Observation{Outcome: timeline.Rejected, Status: 200, Detail: "no", Shown: "attacker@rollover.test", Undelivered: true}
	app := &scripted{features: []target.Feature{target.WSFed, target.Federation}, answer: func(_, n int) target.Observation {
		if n == 0 {
			return accepted
		}
		return seen
	}}
	s := scenario("T1", spec.Present{})
	s.Issuer.Keys[0].Alg = "RS256"
	results, err := run(t, app, func(e *engine.Config) { e.Open = local.Opener(local.Config{Profile: "entra"}) }, s)
	if err != nil {
		t.Fatal(err)
	}
	if p := eventsOf[timeline.Presented](results[0])[1]; p.Shown != seen.Shown || !p.Undelivered || p.Status != 200 || p.Detail != "no" {
		t.Errorf("presented %+v", p)
	}
}

// An app that does not work at all is asked about what it was to be configured
// with, and the browser's last address is told.
func TestWhatAPlainStateLacks(t *testing.T) {
	for feature, want := range map[target.Feature]string{
		target.OIDC:  "v2.0 as client api://default?)",
		target.WSFed: "/wsfed for the realm api://default?)",
		target.SAML:  "/saml2, of the identity provider https://sts.windows.net/11111111-2222-3333-4444-555555555555/, as the service provider api://default?)",
		"":           "v2.0 and audience api://default?)",
	} {
		app := &scripted{features: []target.Feature{feature}, answer: func(int, int) target.Observation {
			return target.Observation{Outcome: timeline.Rejected, Status: 403, Detail: "no; the sign-in ended at http://app/acs with 403"}
		}}
		_, err := run(t, app, func(e *engine.Config) {
			e.Open, e.Patience = local.Opener(local.Config{Profile: "entra"}), 1
		}, scenario("T1", spec.Present{}))
		if err == nil || !strings.Contains(err.Error(), "rejected no; the sign-in ended at http://app/acs with 403 (is it configured ") || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v, want %q", feature, err, want)
		}
	}
}
