package report

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

func number(f float64) *float64 { return &f }

// sample is a run in which everything occurs that a report can tell: out of
// order, with an app whose words carry colours, markup and control characters.
func sample() Run {
	lag := clock.Duration(5 * time.Minute)
	return Run{
		Tool: "v0.1.0", Seed: 7, StartedAt: time.Date(2026, 3, 1, 10, 30, 0, 0, time.FixedZone("", 3600)), Seconds: 33.14,
		Target: Target{Name: "orders-api", Kind: "process"}, Profile: "entra",
		Promise:   spec.Promise{Recovery: &spec.Recovery{Within: clock.Duration(10 * time.Second)}, RejectedGood: new(int), RevocationLag: &lag},
		Because:   map[string]string{"A5": "an IdP may roll its key at any time; OpenID Connect Core 10.1.1"},
		Reproduce: "rollover run rollover.yaml --seed 7",
		Verdicts: []oracle.Verdict{
			rollback(), forged(), atOnce(), missing(), harnessFailed(), odd(), early(), revoked(), sound(),
		},
	}
}

func sound() oracle.Verdict {
	return oracle.Verdict{
		ID: "A2", Name: "each-published-key", Title: "The signer goes through all published keys", Profile: "core",
		Outcome: oracle.Pass, Grade: oracle.SameRequest, Seconds: 0.4,
		Measures: oracle.Measures{RecoverySeconds: number(0), Fetches: oracle.Fetches{Discovery: 1, JWKS: 1}, PeakFetchesPerMinute: 1},
		Findings: []oracle.Finding{{Rule: "accepts", Outcome: oracle.Pass, Text: `good token of key "b": 1 was accepted, none rejected`, Evidence: []uint64{9}}},
	}
}

func atOnce() oracle.Verdict {
	return oracle.Verdict{
		ID: "A5", Name: "publish-and-sign-at-once", Title: "The next key is published and used in the same instant", Profile: "core",
		Outcome: oracle.Fail, Grade: oracle.CoolDown, Seconds: 31,
		Measures: oracle.Measures{RejectedGood: 12, RecoverySeconds: number(30.104), Fetches: oracle.Fetches{Discovery: 1, JWKS: 2}, PeakFetchesPerMinute: 2},
		Findings: []oracle.Finding{
			{Rule: "accepts", Outcome: oracle.Fail, Text: `good token of key "new": 12 of 15 rejected, the first with 401 (IDX10501: Signature validation failed. Unable to match key: kid: 'x|y'); accepted again after 30.1 s; 10s is promised`, Evidence: []uint64{11, 12, 40}},
			{Rule: "accepts", Outcome: oracle.Pass, Text: `good token of key "old": 4 were accepted, none rejected`, Evidence: []uint64{4, 44}},
		},
		Diagnosis: []oracle.Diagnosis{{Code: "IDX10501", Cause: "refetches but is still inside its 30 s cool-down", Fix: "shorten the pause between refetches, or announce keys for longer than it", Evidence: []uint64{11, 12}}},
	}
}

func rollback() oracle.Verdict {
	return oracle.Verdict{
		ID: "A10", Name: "rollback", Title: "The switch is taken back", Profile: "extended",
		Outcome: oracle.Pass, Grade: oracle.SameRequest, Seconds: 0.62,
		Measures: oracle.Measures{RecoverySeconds: number(0), Fetches: oracle.Fetches{Discovery: 1, JWKS: 2}, PeakFetchesPerMinute: 2},
		Findings: []oracle.Finding{
			{Rule: "accepts", Outcome: oracle.Pass, Text: `good token of key "old": 3 were accepted, none rejected`, Evidence: []uint64{5, 9, 14}},
			{Rule: "fetches", Outcome: oracle.NotApplicable, Text: "jwks: not judged: the promise has no fetchesPerMinute"},
		},
	}
}

func early() oracle.Verdict {
	return oracle.Verdict{
		ID: "B2", Name: "sign-before-publish", Title: "Tokens carry a kid that shows up later", Profile: "core",
		Outcome: oracle.Pass, Grade: oracle.NextRequest, Seconds: 4.2,
		Measures:  oracle.Measures{RejectedGood: 1, RecoverySeconds: number(0.052), Fetches: oracle.Fetches{Discovery: 1, JWKS: 3}, PeakFetchesPerMinute: 3},
		Findings:  []oracle.Finding{{Rule: "accepts", Outcome: oracle.Pass, Text: `good token of key "new": 1 of 4 rejected, the first with 401; accepted again after 0.1 s`, Evidence: []uint64{15, 18}}},
		Diagnosis: []oracle.Diagnosis{{Cause: "refreshes its keys beside the request", Fix: "fetch the key set within the request", Evidence: []uint64{15}}},
	}
}

func harnessFailed() oracle.Verdict {
	return oracle.Verdict{
		ID: "B3", Name: "unknown-kid-storm", Title: "A storm of unknown kids", Profile: "core",
		Outcome: oracle.Inconclusive, Seconds: 0.1, Error: "open issuer: listen: address already in use",
	}
}

func revoked() oracle.Verdict {
	return oracle.Verdict{
		ID: "B4", Name: "revoked-key-still-signs", Title: "A removed key goes on signing", Profile: "core",
		Outcome: oracle.Pass, Grade: oracle.SameRequest, Seconds: 5.5,
		Measures: oracle.Measures{RecoverySeconds: number(0), RevocationLagSeconds: number(4.25), Fetches: oracle.Fetches{Discovery: 1, JWKS: 2}, PeakFetchesPerMinute: 2},
		Findings: []oracle.Finding{{Rule: "rejects", Outcome: oracle.Pass, Text: `token of key "old" outside the documents: accepted for 4.2 s after the key was removed`, Evidence: []uint64{20}}},
	}
}

func odd() oracle.Verdict {
	return oracle.Verdict{
		ID: "D1", Name: "unknown-kty-beside", Title: "A key of an unknown type beside the good one", Profile: "core",
		Outcome: oracle.Fail, Grade: oracle.NotRecovered, Seconds: 12,
		Measures:  oracle.Measures{RejectedGood: 3, ServerErrors: 3, Fetches: oracle.Fetches{Discovery: 1, JWKS: 4}, PeakFetchesPerMinute: 4},
		Findings:  []oracle.Finding{{Rule: "accepts", Outcome: oracle.Fail, Text: "3 of 3 rejected, the first with 500 (\x1b[31mTypeError\x1b[0m:\x00 <JWK> & *kty* \x07\r\n\"AKP\"\u202e)", Evidence: []uint64{7, 8, 9}}},
		Diagnosis: []oracle.Diagnosis{{Cause: "one unusable key discards the whole set", Fix: "skip keys that the library cannot use (RFC 7517 section 5)", Evidence: []uint64{7}}},
	}
}

func missing() oracle.Verdict {
	return oracle.Verdict{
		ID: "F3", Name: "app-clock-jumps", Title: "The app's clock jumps", Profile: "extended", Outcome: oracle.NotApplicable,
		Findings: []oracle.Finding{{Rule: "needs", Outcome: oracle.NotApplicable, Text: `the scenario needs a target with "clock", this one has restart, logs`}},
	}
}

func forged() oracle.Verdict {
	return oracle.Verdict{
		ID: "H1", Name: "alg-none", Title: "An unsigned token", Profile: "forgery",
		Outcome: oracle.Fail, Seconds: 0.3,
		Measures:  oracle.Measures{AcceptedBad: 2, RecoverySeconds: number(0), Fetches: oracle.Fetches{Discovery: 1, JWKS: 1}, PeakFetchesPerMinute: 1},
		Findings:  []oracle.Finding{{Rule: "rejects", Outcome: oracle.Fail, Text: "forged token (alg-none): 2 of 2 accepted", Evidence: []uint64{6, 8}}},
		Diagnosis: []oracle.Diagnosis{{Cause: "accepts unsigned tokens (alg none)", Fix: "allow the algorithms that the issuer signs with and no other (RFC 8725 section 3.1)", Evidence: []uint64{6}}},
	}
}

// golden compares with an expectation that was written by hand.
func golden(t *testing.T, file, got string) {
	t.Helper()
	want, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
