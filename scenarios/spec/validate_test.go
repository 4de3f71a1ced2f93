package spec_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

const twoKeys = "issuer: {keys: [{name: old}, {name: next, state: published}, {name: spare, state: generated}]}\n"

// Steps begin on line 8; with twoKeys, on line 9.
func TestDecodeRefusesWhatCannotHappen(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"id":    {strings.Replace(scenario("", shown, accepted), "id: X1", "id: ../X", 1), `f:2:5: id "../X" (a letter, then letters, digits and hyphens, 32 at most)`},
		"name":  {strings.Replace(scenario("", shown, accepted), "name: x", "name: Big One", 1), `f:3:7: name "Big One" (lower case words joined by hyphens)`},
		"title": {strings.Replace(scenario("", shown, accepted), "title: X", "title: \"X\\ny\"", 1), "f:4:8: title has more than one line"},

		"key of a step":       {scenario(twoKeys, "  - present: {key: nxt}\n", "  - accepts: {key: old}\n"), `f:9:20: no key "nxt" by then (did you mean "next"?)`},
		"key made later":      {scenario("", "  - present: {key: new}\n  - publish: {name: new}\n", accepted), `f:8:20: no key "new" by then (one of initial)`},
		"key of beside":       {scenario(twoKeys, "  - present: {beside: [old, nxt]}\n", "  - accepts: {key: old}\n"), `f:9:29: no key "nxt" by then (did you mean "next"?)`},
		"key of a wait":       {scenario("", "  - wait: {for: 1s, fetched: initail}\n", accepted), `f:8:30: no key "initail" by then (did you mean "initial"?)`},
		"key of a command":    {scenario(twoKeys, "  - activate: {key: nxt}\n", "  - accepts: {key: old}\n"), `f:9:21: no key "nxt" by then (did you mean "next"?)`},
		"key of a kid":        {scenario("", "  - reuseKid: {name: a, of: initail}\n", accepted), `f:8:29: no key "initail" by then (did you mean "initial"?)`},
		"key of a replica":    {scenario("", "  - fault: {replicas: {keys: [[initial], [late, nobody]]}}\n  - publish: {name: late}\n", accepted), `f:8:49: no key "nobody" by then (one of initial, late)`},
		"key of a rule":       {scenario("", shown, "  - accepts: {key: initail}\n"), `f:10:20: no key "initail" by then (did you mean "initial"?)`},
		"key nobody presents": {scenario(twoKeys, shown, "  - accepts: {key: next}\n"), `f:11:20: no step presents key "next" (present: {key: next})`},

		"name taken":       {scenario("", "  - generate: {name: initial}\n", accepted), `f:8:22: key "initial" is there already (another name)`},
		"name taken again": {scenario("", "  - duplicateKid: {name: initial, of: initial}\n", accepted), `f:8:26: key "initial" is there already (another name)`},
		"name taken first": {scenario("issuer: {keys: [{name: initial}, {name: initial, state: published}]}\n", shown, accepted), `f:7:41: key "initial" is there already (another name)`},
		"kid taken":        {scenario("issuer: {keys: [{name: initial, kid: k}]}\n", "  - publish: {name: b, kid: k}\n", accepted), "f:9:29: another key has this kid (the steps reuseKid and duplicateKid do this on purpose)"},
		"two active":       {scenario("issuer: {keys: [{name: initial}, {name: b}]}\n", shown, accepted), `f:7:34: key "b" is active beside "initial" (state: published for one of them; the step activateBeside does this on purpose)`},
		"none active":      {scenario("issuer: {keys: [{name: initial, state: retired}]}\n", "  - present: {key: initial}\n", accepted), "f:7:16: no key is active (state: active for one of them)"},
		"removed at first": {scenario("issuer: {keys: [{name: initial, state: removed}]}\n", shown, accepted), `f:7:40: unknown state "removed" (one of generated, published, active, retired)`},

		"activate too early":  {scenario(twoKeys, "  - activate: {key: spare}\n", "  - accepts: {key: old}\n"), `f:9:21: key "spare" is generated and cannot become active (publish it first)`},
		"activate again":      {scenario(twoKeys, "  - activate: {key: old}\n", "  - accepts: {key: old}\n"), `f:9:21: key "old" is active already`},
		"remove the signer":   {scenario(twoKeys, "  - remove: {key: old}\n", "  - accepts: {key: old}\n"), `f:9:19: key "old" is active and cannot become removed (retire it or activate another first; withdraw does this on purpose)`},
		"retire the next":     {scenario(twoKeys, "  - retire: {key: next}\n", "  - accepts: {key: old}\n"), `f:9:19: key "next" is published and cannot become retired (only an active key retires)`},
		"activate the gone":   {scenario(twoKeys, "  - remove: {key: next}\n  - activate: {key: next}\n", "  - accepts: {key: old}\n"), `f:10:21: key "next" is removed and cannot become active (restore brings it back)`},
		"restore the present": {scenario(twoKeys, "  - restore: {key: next}\n", "  - accepts: {key: old}\n"), `f:9:20: key "next" is published: nothing to restore (remove or withdraw comes before it)`},
		"publish again":       {scenario(twoKeys, "  - publish: {name: next}\n", "  - accepts: {key: old}\n"), `f:9:21: key "next" is published already`},
		"share an unserved":   {scenario(twoKeys, "  - duplicateKid: {name: a, of: spare}\n", "  - accepts: {key: old}\n"), `f:9:33: key "spare" is generated and cannot become published (publish it first)`},
		"nobody signs":        {scenario(twoKeys, "  - retire: {key: old}\n  - present: {}\n", "  - accepts: {key: old}\n"), "f:10:14: no key is active here (key: one of old, next, spare)"},
		"beside no good":      {scenario(twoKeys, "  - present: {key: old, beside: [spare]}\n", "  - accepts: {key: old}\n"), `f:9:34: key "spare" is generated here: no token of it is good`},
		"fetched never":       {scenario(twoKeys, "  - wait: {for: 1s, fetched: spare}\n", "  - accepts: {key: old}\n"), `f:9:30: key "spare" is generated here: no document names it`},

		"times":              {scenario("", "  - present: {times: -1}\n", accepted), "f:8:22: times -1 (1 to 10000)"},
		"together":           {scenario("", "  - present: {together: 257}\n", accepted), "f:8:25: together 257 (1 to 256)"},
		"together and times": {scenario("", "  - present: {times: 2, together: 3}\n", accepted), "f:8:35: 3 together, but 2 times (times counts all of them)"},
		"until and times":    {scenario("", "  - present: {times: 2, until: 3 in a row}\n", accepted), "f:8:32: until beside times or together (until goes on one by one until it is met)"},
		"within alone":       {scenario("", "  - present: {within: 1m}\n", accepted), "f:8:23: within without until (such as until: 3 in a row)"},
		"until forged":       {scenario("", "  - present: {forge: alg-none, until: 3 in a row}\n", accepted), "f:8:39: waits until a forged token is accepted (3 rejected in a row)"},
		"two kids":           {scenario("", "  - present: {randomKid: true, header: {kid: a}}\n", accepted), "f:8:26: randomKid beside a kid in header (give one of them)"},
		"two things to wait": {scenario("", "  - fault: {id: a, hang: {}}\n  - wait: {for: 1s, fetched: initial, fault: a}\n", accepted), "f:9:11: fetched beside fault (one thing to wait for; two steps wait for both)"},
		"saml unasked":       {scenario("", "  - present: {saml: {sign: both}}\n", accepted), "f:8:21: saml of a target that may be shown no assertion (needs: [federation])"},
		"forgery unasked":    {scenario("needs: [oidc]\n", "  - present: {forge: comment-in-name}\n", accepted), "f:9:22: comment-in-name of a target that may be shown no assertion (needs: [federation])"},
		"response unasked":   {scenario("needs: [wsfed]\n", "  - present: {forge: xsw1}\n", accepted), "f:9:22: xsw1 of a target that may be shown no signed response (needs: [saml])"},
		"key of KeyInfo":     {scenario("needs: [wsfed]\n", "  - present: {saml: {keyInfo: initail}}\n", accepted), `f:9:31: no key "initail" by then (did you mean "initial"?)`},
		"restart unasked":    {scenario("", "  - restart: {}\n", accepted), "f:8:14: restart of a target that may have none (needs: [restart])"},
		"skew by nothing":    {scenario("", "  - skew: {}\n", accepted), "f:8:11: skew moves nothing (by: 5m, or drift: 0.01)"},

		"signer of metadata": {scenario("", "  - fault: {metadata: {signedBy: nobody}}\n", accepted), `f:8:34: no key "nobody" by then (one of initial)`},
		"key in metadata":    {scenario("", "  - fault: {metadata: {unsigned: true, extraKey: initia}}\n", accepted), `f:8:50: no key "initia" by then (did you mean "initial"?)`},
		"fault of nothing":   {scenario("", "  - fault: {id: a}\n", accepted), "f:8:12: nothing goes wrong in it: give one of status, refuse, hang, delay, drip, truncate, contentType, html, body, cache, empty, stale, replicas, extra, reorder, metadata"},
		"fault of two":       {scenario("", "  - fault: {hang: {}, refuse: {}}\n", accepted), "f:8:12: refuse and hang in one fault: set one fault for each"},
		"fault twice":        {scenario("", "  - fault: {id: a, hang: {}}\n  - fault: {id: a, refuse: {}}\n", accepted), `f:9:17: fault "a" is set already (clear it first, or another id)`},
		"clear a stranger":   {scenario("", "  - fault: {id: down, hang: {}}\n  - clear: {fault: dwon}\n", accepted), `f:9:20: unknown fault "dwon" (did you mean "down"?)`},
		"clear before":       {scenario("", "  - clear: {fault: a}\n  - fault: {id: a, hang: {}}\n", accepted), `f:8:20: unknown fault "a" (no fault is set by then)`},
		"clear nothing":      {scenario("", "  - clear: {}\n", accepted), "f:8:12: nothing to clear (no fault is set by then)"},
		"wait for a cleared": {scenario("", "  - fault: {id: a, hang: {}}\n  - clear: {}\n  - wait: {for: 1s, fault: a}\n", accepted),
			`f:10:28: unknown fault "a" (no fault is set by then)`},

		"accepts nothing":  {scenario("", shown, "  - accepts: {}\n"), "f:10:14: 0 of key and token (exactly one says which tokens)"},
		"rejects too much": {scenario("", "  - present: {token: a}\n", "  - rejects: {token: a, key: initial}\n"), "f:10:14: 2 of key, token and forge (exactly one says which tokens)"},
		"token":            {scenario("", "  - present: {token: storm}\n", "  - rejects: {token: strom}\n"), `f:10:22: unknown token "strom" (did you mean "storm"?)`},
		"token of none":    {scenario("", shown, "  - leeway: {tokens: [early]}\n"), `f:10:23: unknown token "early" (no step labels its tokens: present: {token: early})`},
		"while":            {scenario("", shown, "  - fetches: {document: jwks, atMost: 1, while: storm}\n"), `f:10:49: unknown token "storm" (no step labels its tokens: present: {token: storm})`},
		"forge":            {scenario("", shown, "  - rejects: {forge: alg-none}\n"), "f:10:22: no step forges alg-none (present: {forge: alg-none})"},
		"per":              {scenario("", shown, "  - fetches: {document: jwks, atMost: promise.fetchesPerMinute, per: 5m}\n"), "f:10:70: promise.fetchesPerMinute is per minute already (leave per out)"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := spec.Decode("f", []byte(c.file))
			same(t, err, c.want)
		})
	}
}

// What the checks could take for a slip and must not.
func TestDecodeAllowsWhatIsDoneOnPurpose(t *testing.T) {
	for name, file := range map[string]string{
		"certificate of another key": scenario("needs: [saml]\n"+twoKeys, "  - present: {saml: {keyInfo: next, sign: both}}\n  - present: {saml: {keyInfo: absent}, forge: xsw1}\n  - present: {key: next}\n", "  - accepts: {key: next}\n"),
		"wrapping for WS-Federation": scenario("needs: [federation]\n", "  - present: {forge: xsw3}\n  - present: {forge: tampered-payload}\n", "  - rejects: {forge: xsw3}\n"),
		"a stranger for everybody":   scenario("", "  - present: {forge: stranger-key, randomKid: true}\n", "  - rejects: {forge: stranger-key}\n"),
		"present a removed key":      scenario(twoKeys, "  - remove: {key: next}\n  - present: {key: next}\n", "  - rejects: {key: next}\n"),
		"present a generated key":    scenario(twoKeys, "  - present: {key: spare}\n", "  - rejects: {key: spare}\n"),
		"withdraw and restore":       scenario("", "  - withdraw: {key: initial}\n  - present: {key: initial}\n  - restore: {key: initial}\n", accepted),
		"two active by command":      scenario(twoKeys, "  - activateBeside: {key: next}\n  - present: {key: next}\n", "  - accepts: {key: next}\n"),
		"back to a retired key":      scenario(twoKeys, "  - activate: {key: next}\n  - activate: {key: old}\n  - present: {}\n", "  - accepts: {key: old}\n"),
		"rotate without a name":      scenario("", "  - rotate: {}\n  - rotate: {}\n  - present: {}\n", accepted),
		"rotate takes the waiting":   scenario(twoKeys, "  - rotate: {}\n  - present: {key: next}\n", "  - accepts: {key: next}\n"),
		"one kid twice":              scenario("", "  - duplicateKid: {name: b, of: initial}\n  - reuseKid: {name: c, of: initial}\n  - present: {key: c}\n", "  - accepts: {key: c}\n"),
		"clear what has no id":       scenario("", "  - fault: {hang: {}}\n  - clear: {}\n", accepted),
		"one id after the other":     scenario("", "  - fault: {id: a, hang: {}}\n  - clear: {fault: a}\n  - fault: {id: a, hang: {}}\n", accepted),
		"the initial key by default": scenario("", "  - wait: {for: 1s}\n", accepted),
		"fetches per minute":         scenario("", shown, "  - fetches: {document: jwks, atMost: promise.fetchesPerMinute, per: 1m}\n"),
		"until rejected, forged":     scenario("", "  - present: {forge: alg-none, until: 3 rejected in a row}\n", "  - rejects: {forge: alg-none}\n"),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := spec.Decode("f", []byte(file)); err != nil {
				t.Error(err)
			}
		})
	}
}

func built() spec.Scenario {
	return spec.Scenario{
		ID: "X1", Name: "x", Title: "X", Because: "RFC 0000", Profile: "extended",
		Steps:  []spec.Step{{Do: spec.Present{}}, {Do: keyring.Publish{Name: "new"}}, {Do: spec.Present{Key: "new"}}},
		Expect: []spec.Expect{{Rule: spec.Accepts{Key: "new"}}},
	}
}

func TestValidateChecksWhatIsBuiltInGo(t *testing.T) {
	if errs := spec.Validate(built()); errs != nil {
		t.Fatal(errs)
	}
	if errs := spec.Validate(built().WithDefaults()); errs != nil {
		t.Fatal("with defaults:", errs)
	}
	for name, c := range map[string]struct {
		change func(*spec.Scenario)
		want   string
	}{
		"nothing at all": {func(s *spec.Scenario) { *s = spec.Scenario{} }, `id is empty (short and stable, such as A5; ids outside A to H are free for scenarios of one's own)`},
		"no verb":        {func(s *spec.Scenario) { s.Steps[0].Do = nil }, "steps[0]: <nil> is no step (a value of one of Verbs, no pointer)"},
		"a pointer":      {func(s *spec.Scenario) { s.Steps[1].Do = &spec.Wait{} }, "steps[1]: *spec.Wait is no step (a value of one of Verbs, no pointer)"},
		"internal":       {func(s *spec.Scenario) { s.Steps[1].Do = command.Record{} }, "steps[1]: command.Record is no step (a value of one of Verbs, no pointer)"},
		"no rule":        {func(s *spec.Scenario) { s.Expect[0].Rule = nil }, "expect[0]: <nil> is no rule (a value of one of Rules, no pointer)"},
		"a word":         {func(s *spec.Scenario) { s.Steps[0].Do = spec.Present{Forge: credential.Forgery("alg-nine")} }, `steps[0].present.forge: unknown forge "alg-nine" (did you mean "alg-none"?)`},
		"a span":         {func(s *spec.Scenario) { s.Steps[0].Do = spec.Wait{For: spec.Span{Word: "promise.recovery"}} }, `steps[0].wait.for: unknown for "promise.recovery" (one of promise.announcement, promise.outage, patience)`},
		"a required one": {func(s *spec.Scenario) { s.Steps[0].Do = spec.Wait{} }, "steps[0].wait.for: for is empty (the longest wait: a duration, promise.announcement, promise.outage or patience)"},
		"a key":          {func(s *spec.Scenario) { s.Steps[2].Do = spec.Present{Key: "nwe"} }, `steps[2].present.key: no key "nwe" by then (did you mean "new"?)`},
		"a move":         {func(s *spec.Scenario) { s.Steps[1].Do = keyring.Remove{Key: "initial"} }, `steps[1].remove.key: key "initial" is active and cannot become removed (retire it or activate another first; withdraw does this on purpose)`},
	} {
		t.Run(name, func(t *testing.T) {
			s := built()
			c.change(&s)
			errs := spec.Validate(s)
			if len(errs) == 0 {
				t.Fatal("no error")
			}
			first, _, _ := strings.Cut(errs.Error(), "\n")
			if want := c.want; first != want && first != "id: "+want {
				t.Errorf("got  %s\nwant %s", first, want)
			}
		})
	}
}

func TestDefaultsAreFilledInOnce(t *testing.T) {
	s := built()
	s.Steps = append(s.Steps, spec.Step{Do: spec.Present{Until: spec.Row{Length: 3}}})
	s.Expect = append(s.Expect, spec.Expect{Rule: spec.Fetches{Document: "jwks"}})
	got := s.WithDefaults()
	want := spec.Scenario{
		APIVersion: "rollover/v1", ID: "X1", Name: "x", Title: "X", Because: "RFC 0000", Profile: "extended",
		Issuer: spec.Issuer{Keys: []spec.Key{{Name: "initial", Alg: "RS256", State: keyring.Active}}},
		Steps: []spec.Step{
			{Do: spec.Present{Times: 1, Together: 1}}, {Do: keyring.Publish{Name: "new"}},
			{Do: spec.Present{Key: "new", Times: 1, Together: 1}},
			{Do: spec.Present{Until: spec.Row{Length: 3}, Within: spec.Span{Word: "patience"}}},
		},
		Expect: []spec.Expect{
			{Rule: spec.Accepts{Key: "new", Within: spec.Span{Word: "promise.recovery"}}},
			{Rule: spec.Fetches{Document: "jwks", Per: spec.For(time.Minute)}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, got.WithDefaults()); diff != "" {
		t.Error("a second time:", diff)
	}
	if s.Steps[0].Do.(spec.Present).Times != 0 || len(s.Issuer.Keys) != 0 {
		t.Error("the scenario itself was changed")
	}
}
