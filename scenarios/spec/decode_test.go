package spec_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

const whole = `# a comment
apiVersion: rollover/v1
id: X1
name: one-of-each
title: Everything that a file can say
because: RFC 0000
profile: extended
needs: [restart]
issuer:
  keys:
    - {name: old, alg: ES256, kid: "1"}
    - {name: next, state: published}
steps:
  - present: {key: old, token: first, times: 4, together: 2, claims: {roles: [a, 1, 1.5, true, null], sub: null}, header: {typ: at+jwt}}
  - present:
      key: next
      until: 3 rejected in a row
      within: promise.revocationLag
      beside: [old]
      forge: stranger-key
      expiresIn: -30s
  - wait: {for: promise.announcement, fetched: next, beside: [old], bait: true}
  - fault: {id: down, document: jwks, count: 3, status: {code: 503, retryAfter: 10s}}
  - wait: {for: 20s, fault: down}
  - clear: {}
  - fault: {refuse: {}}
  - skew: {by: +5m, drift: 0.5}
  - publish: {name: third}
  - activate: {key: next}
  - rotate: {abrupt: true}
  - restart: {}
expect:
  - accepts: {key: old, within: promise.recovery, rejections: allowed}
  - rejects: {token: first, within: 2m}
  - fetches: {document: jwks, atMost: promise.fetchesPerMinute, while: first}
  - fetches: {document: discovery, atMost: 0, per: 30s}
  - leeway: {tokens: [first]}
`

func lasting(d time.Duration) *clock.Duration { return (*clock.Duration)(&d) }

func TestDecodeReadsEveryPart(t *testing.T) {
	got, err := spec.Decode("x1.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	want := spec.Scenario{
		APIVersion: "rollover/v1", ID: "X1", Name: "one-of-each", Title: "Everything that a file can say", Because: "RFC 0000",
		Profile: "extended", Needs: []string{"restart"},
		Issuer: spec.Issuer{Keys: []spec.Key{
			{Name: "old", Alg: "ES256", KID: "1", State: keyring.Active},
			{Name: "next", Alg: "RS256", State: keyring.Published},
		}},
		Steps: []spec.Step{
			{Line: 14, Do: spec.Present{
				Key: "old", Token: "first", Times: 4, Together: 2,
				Claims: map[string]any{"roles": []any{"a", 1.0, 1.5, true, nil}, "sub": nil}, Header: map[string]any{"typ": "at+jwt"},
			}},
			{Line: 15, Do: spec.Present{
				Key: "next", Until: spec.Row{Length: 3, Rejected: true}, Within: spec.Span{Word: "promise.revocationLag"},
				Beside: []string{"old"}, Forge: credential.StrangerKey, ExpiresIn: lasting(-30 * time.Second),
			}},
			{Line: 22, Do: spec.Wait{For: spec.Span{Word: "promise.announcement"}, Fetched: "next", Beside: []string{"old"}, Bait: true}},
			{Line: 23, Do: command.Fault{Rule: fault.Rule{
				ID: "down", Document: "jwks", Count: 3, Status: &fault.Status{Code: 503, RetryAfter: clock.Duration(10 * time.Second)},
			}}},
			{Line: 24, Do: spec.Wait{For: spec.For(20 * time.Second), Fault: "down"}},
			{Line: 25, Do: command.Clear{}},
			{Line: 26, Do: command.Fault{Rule: fault.Rule{Refuse: &fault.Refuse{}}}},
			{Line: 27, Do: command.Skew{By: clock.Duration(5 * time.Minute), Drift: 0.5}},
			{Line: 28, Do: keyring.Publish{Name: "third"}},
			{Line: 29, Do: keyring.Activate{Key: "next"}},
			{Line: 30, Do: keyring.Rotate{Abrupt: true}},
			{Line: 31, Do: spec.Restart{}},
		},
		Expect: []spec.Expect{
			{Line: 33, Rule: spec.Accepts{Key: "old", Within: spec.Span{Word: "promise.recovery"}, Rejections: "allowed"}},
			{Line: 34, Rule: spec.Rejects{Token: "first", Within: spec.For(2 * time.Minute)}},
			{Line: 35, Rule: spec.Fetches{Document: "jwks", AtMost: spec.Amount{Word: "promise.fetchesPerMinute"}, Per: spec.For(time.Minute), While: "first"}},
			{Line: 36, Rule: spec.Fetches{Document: "discovery", Per: spec.For(30 * time.Second)}},
			{Line: 37, Rule: spec.Leeway{Tokens: []string{"first"}}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// scenario is a file that is fine but for what is put in its places.
func scenario(head, steps, expect string) string {
	return "apiVersion: rollover/v1\nid: X1\nname: x\ntitle: X\nbecause: RFC 0000\nprofile: extended\n" + head + "steps:\n" + steps + "expect:\n" + expect
}

const (
	shown    = "  - present: {}\n"
	accepted = "  - accepts: {key: initial}\n"
)

func TestDecodeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		want string // by hand, one error per line
	}{
		"nothing":            {"", "f:1:1: the file is empty"},
		"only a comment":     {"# x\n", "f:1:1: the file is empty"},
		"no YAML":            {"a: [1,\nb: 2\n", "f:2:1: not YAML: did not find expected ',' or ']'"},
		"too big":            {strings.Repeat(" ", 1<<20+1), "f:1:1: the file has 1048577 bytes (at most 1048576)"},
		"no text":            {"a: 1\nb: \xff\n", "f:2:4: not a UTF-8 text file"},
		"control characters": {"a: \x00\n", "f:1:4: not a UTF-8 text file"},
		"a tab":              {"steps:\n \t- x\n", "f:2:2: a tab in the indentation (YAML is indented by spaces)"},
		"two documents":      {"a: 1\n---\nb: 1\n", "f:2:1: a second document (one file holds one)"},
		"a broken second":    {"a: 1\n--- [\n", "f:2:1: not YAML: did not find expected node content"},
		"alias":              {"a: &x 1\nb: *x\n", "f:1:4: anchor &x (anchors are not allowed: write it out)\nf:2:4: alias *x (aliases are not allowed: write it out)"},
		"tag":                {"a: !!str 1\n", "f:1:4: tag !!str (tags are not allowed: types follow from the key)"},
		"merge key":          {"<<: {a: 1}\n", "f:1:1: merge key << (merging is not allowed: write it out)"},
		"depth":              {strings.Repeat("[", 40) + strings.Repeat("]", 40), "f:1:34: nested too deep (at most 32 levels)"},
		"long list":          {scenario("", "  ["+strings.Repeat("x, ", 2000)+"x]\n", accepted), "f:8:3: steps has 2001 entries (at most 2000)"},
		"a list":             {"- 1\n", "f:1:1: the file must be a mapping (keys and values, such as name: value)"},

		"misspelt step":     {scenario("", "  - rotat: {}\n", accepted), `f:8:5: unknown step "rotat" (did you mean "rotate"?)`},
		"unheard-of step":   {scenario("", "  - frobnicate: {}\n", accepted), `f:8:5: unknown step "frobnicate" (one of present, wait, restart, generate, publish, activate, retire, remove, restore, rotate, compromise, activateBeside, withdraw, reuseKid, duplicateKid, skew, fault, clear)`},
		"internal command":  {scenario("", "  - record: {}\n", accepted), `f:8:5: unknown step "record" (one of present, wait, restart, generate, publish, activate, retire, remove, restore, rotate, compromise, activateBeside, withdraw, reuseKid, duplicateKid, skew, fault, clear)`},
		"misspelt rule":     {scenario("", shown, "  - acepts: {key: initial}\n"), `f:10:5: unknown rule "acepts" (did you mean "accepts"?)`},
		"misspelt key":      {scenario("", "  - present: {kee: initial}\n", accepted), `f:8:15: unknown key "kee" (did you mean "key"?)`},
		"misspelt fault":    {scenario("", "  - fault: {refsue: {}}\n", accepted), `f:8:13: unknown key "refsue" (did you mean "refuse"?)`},
		"misspelt word":     {scenario("", "  - present: {forge: alg_none}\n", accepted), `f:8:22: unknown forge "alg_none" (did you mean "alg-none"?)`},
		"misspelt need":     {scenario("needs: [restrat]\n", shown, accepted), `f:7:9: unknown needs "restrat" (did you mean "restart"?)`},
		"misspelt document": {scenario("", shown, "  - fetches: {document: jwk, atMost: 1}\n"), `f:10:25: unknown document "jwk" (did you mean "jwks"?)`},
		"misspelt algorithm": {scenario("issuer: {keys: [{name: initial, alg: RS265}]}\n", shown, accepted),
			`f:7:38: unknown alg "RS265" (did you mean "RS256"?)`},
		"misspelt promise": {scenario("", shown, "  - accepts: {key: initial, within: promise.recovry}\n"),
			`f:10:37: within: "promise.recovry" is not a duration such as 30s, 5m or 24h (did you mean "promise.recovery"?)`},
		"a promise out of place": {scenario("", shown, "  - accepts: {key: initial, within: promise.outage}\n"),
			`f:10:37: unknown within "promise.outage" (one of promise.recovery)`},
		"version": {strings.Replace(scenario("", shown, accepted), "rollover/v1", "rollover/v2", 1),
			`f:1:13: unknown apiVersion "rollover/v2" (did you mean "rollover/v1"?)`},

		"two verbs":    {scenario("", "  - present: {}\n    wait: {for: 1s}\n", accepted), "f:8:5: a step is a mapping with one key (one of present, wait, restart, generate, publish, activate, retire, remove, restore, rotate, compromise, activateBeside, withdraw, reuseKid, duplicateKid, skew, fault, clear)"},
		"two rules":    {scenario("", shown, "  - {accepts: {key: initial}, leeway: {tokens: [a]}}\n"), "f:10:5: a rule is a mapping with one key (one of accepts, rejects, fetches, leeway)"},
		"a bare verb":  {scenario("", "  - restart:\n", accepted), "f:8:13: restart is empty (write {} for its defaults)"},
		"a bare value": {scenario("", "  - activate:\n", accepted), "f:8:14: activate is empty (leave it out or give it a value)"},

		"twice":            {scenario("id: X2\n", shown, accepted), `f:7:1: key "id" is there twice (first on line 2)`},
		"twice in a claim": {scenario("", "  - present: {claims: {a: 1, a: 2}}\n", accepted), `f:8:30: key "a" is there twice (first on line 8)`},
		"key of no text":   {scenario("", "  - present: {1: 2}\n", accepted), "f:8:15: a key that is no text (put it in quotes)"},
		"missing": {"apiVersion: rollover/v1\nid: X1\n", "f:1:1: the file has no name (lower case words joined by hyphens)\n" +
			"f:1:1: the file has no title (one line for a reader of the report)\n" +
			"f:1:1: the file has no because (why apps must face this: the clause of a standard, a vendor's page or a public incident)\n" +
			"f:1:1: the file has no profile (core, extended, forgery or federation)\n" +
			"f:1:1: the file has no steps (what happens, in order; one verb in each)\n" +
			"f:1:1: the file has no expect (what must be true of the timeline; one rule in each)"},
		"missing deep": {scenario("", "  - wait: {bait: true}\n", accepted), "f:8:11: wait has no for (the longest wait: a duration, promise.announcement, promise.outage or patience)"},
		"emptied":      {scenario("", "  - present: {key: \"\"}\n", accepted), "f:8:20: key is empty (the key that signs, in whatever state; left out: the active one)"},
		"no steps":     {scenario("", "  []\n", accepted), "f:8:3: steps is empty (what happens, in order; one verb in each)"},

		"no list":       {scenario("", "  present: {}\n", accepted), "f:8:3: steps must be a list (each entry begins with a hyphen, or all stand in [ ])"},
		"no mapping":    {scenario("", "  - present: initial\n", accepted), "f:8:14: present must be a mapping (keys and values, such as name: value)"},
		"no claims":     {scenario("", "  - present: {claims: 1}\n", accepted), "f:8:23: claims must be a mapping (keys and values, such as name: value)"},
		"no text key":   {scenario("", "  - present: {key: 7}\n", accepted), `f:8:20: key must be text (put it in quotes: "7")`},
		"list for text": {scenario("", "  - present: {key: [a]}\n", accepted), "f:8:20: key must be text"},
		"no number":     {scenario("", "  - present: {times: many}\n", accepted), "f:8:22: times must be a whole number"},
		"no whole":      {scenario("", "  - present: {times: 1.5}\n", accepted), "f:8:22: times must be a whole number"},
		"no real":       {scenario("", "  - skew: {drift: fast}\n", accepted), "f:8:19: drift must be a number"},
		"infinite":      {scenario("", "  - skew: {drift: .inf}\n", accepted), "f:8:19: drift must be a number"},
		"no bool":       {scenario("", "  - wait: {for: 1s, bait: 1}\n", accepted), "f:8:27: bait must be true or false"},
		"no duration":   {scenario("", "  - skew: {by: soon}\n", accepted), `f:8:16: by: "soon" is not a duration such as 30s, 5m or 24h`},
		"bare number":   {scenario("", "  - skew: {by: 5}\n", accepted), "f:8:16: by: 5 is not text"},
		"no span":       {scenario("", "  - wait: {for: [1s]}\n", accepted), "f:8:17: for must be text"},
		"no row":        {scenario("", "  - present: {until: thrice}\n", accepted), `f:8:22: until: "thrice" is neither like "3 in a row" nor like "3 rejected in a row" (1 to 100)`},
		"no amount":     {scenario("", shown, "  - fetches: {document: jwks, atMost: few}\n"), `f:10:39: atMost: "few" is neither a number of fetches nor promise.fetchesPerMinute`},
		"huge claim":    {scenario("", "  - present: {claims: {n: 90071992547409930}}\n", accepted), `f:8:27: 90071992547409930 is no number that JSON can carry (put it in quotes: "90071992547409930")`},

		"all at once": {scenario("", "  - rotat: {}\n  - presnt: {}\n  - present: {times: x}\n", "  - nope: {}\n"), `f:8:5: unknown step "rotat" (did you mean "rotate"?)
f:9:5: unknown step "presnt" (did you mean "present"?)
f:10:22: times must be a whole number
f:12:5: unknown rule "nope" (one of accepts, rejects, fetches, leeway)`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := spec.Decode("f", []byte(c.file))
			same(t, err, c.want)
		})
	}
}

// same compares an error's text, and demands that it is an Errors.
func same(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", want)
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
	var all spec.Errors
	if !errors.As(err, &all) {
		t.Errorf("a %T, want Errors", err)
	}
	var one spec.Error
	if !errors.As(err, &one) {
		t.Error("no Error inside")
	}
}
