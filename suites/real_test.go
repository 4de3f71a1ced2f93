package suites_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/rollover-harness/rollover/scenarios"
	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target/kind"
	"github.com/rollover-harness/rollover/suites"
)

// real is an app on a real library with its defaults, and what the library's
// own documentation says of it. What it says nothing about is not expected.
type real struct {
	file  string                  // its target file, below relyingparty
	grade map[string]oracle.Grade // by scenario
	code  string                  // what its log or answer says when it rejects a good token; empty: it never does
	why   string                  // where that is written
}

var reals = []real{
	{
		file: "node/jose/rollover.yaml", grade: map[string]oracle.Grade{"A5": oracle.CoolDown}, code: "ERR_JWKS_NO_MATCHING_KEY",
		why: "jose createRemoteJWKSet: cooldownDuration is 30000 ms after a successful fetch",
	},
	{
		file: "node/jwks-rsa/rollover.yaml", grade: map[string]oracle.Grade{"A5": oracle.SameRequest},
		why: "jwks-rsa: keys are cached by kid, an unknown kid is fetched; rateLimit is off",
	},
	{
		file: "python/pyjwt/rollover.yaml", grade: map[string]oracle.Grade{"A5": oracle.CoolDown},
		why: "PyJWT 2.15 PyJWKClient: an unknown kid refreshes the set, at most once in 30 s",
	},
	{
		file: "go/gooidc/rollover.yaml", grade: map[string]oracle.Grade{"A5": oracle.SameRequest},
		why: "go-oidc RemoteKeySet: keys are fetched again whenever no cached key verifies",
	},
	{
		file: "go/keyfunc/rollover.yaml", grade: map[string]oracle.Grade{"A5": oracle.SameRequest},
		why: "keyfunc NewDefault: an unknown kid refreshes the set, at most once in 5 min",
	},
	{
		file: "dotnet/jwtbearer/rollover.6.8.0.yaml", grade: map[string]oracle.Grade{"A5": oracle.CoolDown}, code: "IDX10501",
		why: "IdentityModel 6.8: ConfigurationManager.DefaultRefreshInterval is 30 s",
	},
	{
		file: "dotnet/jwtbearer/rollover.8.16.0.yaml", grade: map[string]oracle.Grade{"A5": oracle.NextRequest}, code: "IDX10503",
		why: "IdentityModel 8: the configuration is refreshed in the background, the first time at once",
	},
}

// realPatience is longer than a cool-down of 30 s and the look back at it. The
// pauses of 5 min that some libraries have are longer: what they promise is
// then not applicable, with that reason.
const realPatience = 75 * time.Second

// mustPass is what no library may fail, whatever it promises.
var mustPass = []string{"A2", "F4", "H1", "H2", "H3"}

// tool says what a target's command needs and the machine does not have.
func tool(t spec.Target, dir string) (missing string) {
	name := t.Process.Command[0]
	if strings.Contains(name, "/") {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return fmt.Sprintf("%s is not built (make targets)", name)
		}
		return ""
	}
	if _, err := exec.LookPath(name); err != nil {
		return fmt.Sprintf("no %s on PATH", name)
	}
	return ""
}

// judged is what a real target came to.
type judged struct {
	skip     string
	verdicts map[string]oracle.Verdict
	err      error
}

// everything is faced by an app that is measured in all that it can do.
func everything(spec.File, string) ([]spec.Scenario, error) { return scenarios.All() }

// runReal runs the app of a target file through what choose takes.
func runReal(ctx context.Context, name string, patience time.Duration, choose func(file spec.File, dir string) ([]spec.Scenario, error)) judged {
	path := filepath.Join("relyingparty", name)
	dir := filepath.Dir(path)
	data, err := os.ReadFile(path)
	if err != nil {
		return judged{err: err}
	}
	file, err := spec.DecodeFile(path, data)
	if err != nil {
		return judged{err: err}
	}
	if missing := tool(file.Target, dir); missing != "" {
		return judged{skip: missing}
	}
	app, err := kind.Of(file.Target, dir, kind.Machine{Environ: os.Environ()})
	if err != nil {
		return judged{err: err}
	}
	chosen, err := choose(file, dir)
	if err != nil {
		return judged{err: err}
	}
	verdicts, err := suites.Run(ctx, suites.Config{
		Target: app, Scenarios: chosen, Promise: file.Promise, Profile: file.Issuer.Profile, SAML: file.Issuer.SAML,
		Audience: file.Target.Audience, Patience: patience, Seed: 1,
	})
	return judged{verdicts: verdicts, err: err}
}

var _ = Describe("real libraries with their defaults", Label("real"), Ordered, ContinueOnFailure, func() {
	results := map[string]chan judged{}
	BeforeAll(func(ctx SpecContext) {
		life, cancel := context.WithCancel(context.WithoutCancel(ctx))
		var running sync.WaitGroup
		DeferCleanup(func() {
			cancel()
			running.Wait()
		})
		// Two apps at a time: starting a runtime keeps a core busy.
		slots := make(chan struct{}, 2)
		for _, r := range reals {
			done := make(chan judged, 1)
			results[r.file] = done
			running.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				done <- runReal(life, r.file, realPatience, everything)
			})
		}
	})

	for _, r := range reals {
		Describe(r.file, Ordered, func() {
			var result judged
			BeforeAll(func() {
				result = <-results[r.file]
				Expect(result.err).NotTo(HaveOccurred())
			})
			for _, id := range ids(forBearer) {
				It(id, Label(id), func() {
					if result.skip != "" {
						Skip(r.file + ": " + result.skip)
					}
					Expect(result.verdicts).To(HaveKey(id))
					v := result.verdicts[id]
					Expect(v.Outcome).NotTo(Equal(oracle.Inconclusive), suites.Tell(v))
					for _, must := range mustPass {
						if id == must {
							Expect(v).To(suites.Pass())
						}
					}
					if grade, said := r.grade[id]; said {
						Expect(v).To(suites.HaveGrade(grade), "%s\n%s", r.why, suites.Tell(v))
					}
					if _, said := r.grade[id]; said && r.code != "" {
						Expect(v.Measures.RejectedGood).To(BeNumerically(">", 0), suites.Tell(v))
						Expect(suites.Tell(v)).To(ContainSubstring(r.code))
					}
				})
			}
		})
	}
})
