package suites_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/rollover-harness/rollover/scenarios/oracle"
)

// tableFile is where a run leaves what it measured of the apps that people sign
// in to: the README's table is a copy of it.
const tableFile = "../build/sign-in.md"

// measured collects the rows of the table, one for each target file.
type measured struct {
	mu   sync.Mutex
	rows []string
}

var table measured

func (m *measured) add(app federated, j judged) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case j.skip != "":
		m.rows = append(m.rows, fmt.Sprintf("| %s | not run: %s |\n", configuration(app.file), j.skip))
	case j.err != nil:
		m.rows = append(m.rows, fmt.Sprintf("| %s | not run: %v |\n", configuration(app.file), j.err))
	default:
		m.rows = append(m.rows, row(app, j.verdicts))
	}
}

// write leaves the table of the apps that this run had, whole or not at all;
// nothing where it had none.
func (m *measured) write() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.rows) == 0 {
		return nil
	}
	slices.Sort(m.rows)
	head := "| configuration | A2 known at start | G1 announced while running | G3 all replaced at once | a removed certificate (G3) | " +
		"G11 metadata down at start | G12 metadata broken | G5 metadata signed wrongly | forgeries accepted | what it says | what cures it |\n" +
		strings.Repeat("|---", 11) + "|\n"
	if err := os.MkdirAll(filepath.Dir(tableFile), 0o755); err != nil {
		return err
	}
	draft := tableFile + ".draft"
	if err := os.WriteFile(draft, []byte(head+strings.Join(m.rows, "")), 0o600); err != nil {
		return err
	}
	return os.Rename(draft, tableFile)
}

// forged are the scenarios of forged assertions and tokens.
var forged = []string{"H3", "H14", "H15", "H16", "H20", "H21", "G7"}

func row(app federated, verdicts map[string]oracle.Verdict) string {
	cells := []string{configuration(app.file)}
	for _, id := range []string{"A2", "G1", "G3"} {
		cells = append(cells, wayBack(verdicts, id))
	}
	cells = append(cells, lag(verdicts["G3"]))
	cells = append(cells, wayBack(verdicts, "G11"), bent(verdicts, "G12"), bent(verdicts, "G5"))
	cells = append(cells, taken(verdicts), words(verdicts["G3"]), app.cure)
	return "| " + strings.Join(cells, " | ") + " |\n"
}

// configuration names a target file: node/jose/rollover.list.yaml is jose, list.
func configuration(file string) string {
	folder, name := filepath.Split(strings.TrimSuffix(file, ".yaml"))
	how := strings.TrimPrefix(strings.TrimPrefix(name, "rollover"), ".")
	if how == "" {
		how = "default"
	}
	return strings.TrimSuffix(folder, "/") + ", " + how
}

// bent is how an app came through metadata that were not as they should be: one
// that never read them was not put to the test.
func bent(verdicts map[string]oracle.Verdict, id string) string {
	v, faced := verdicts[id]
	read := v.Measures.Fetches.FederationMetadata + v.Measures.Fetches.SAMLMetadata
	switch {
	case faced && v.Outcome != oracle.NotApplicable && read == 0:
		return "reads none"
	case faced && v.Outcome != oracle.NotApplicable && read == 1:
		return "read once, before"
	}
	return wayBack(verdicts, id)
}

// wayBack is how an app came through a scenario.
func wayBack(verdicts map[string]oracle.Verdict, id string) string {
	v, faced := verdicts[id]
	switch {
	case !faced:
		return "not run"
	case v.Outcome == oracle.Inconclusive:
		return "inconclusive"
	case v.Outcome == oracle.NotApplicable && v.Measures.RejectedGood == 0 && v.Grade == oracle.Ungraded:
		return "n/a"
	}
	var parts []string
	if v.Outcome == oracle.Fail {
		parts = append(parts, "**fail**")
	}
	if v.Grade != oracle.Ungraded {
		parts = append(parts, strings.ReplaceAll(string(v.Grade), "-", " "))
	}
	if r := v.Measures.RecoverySeconds; r != nil && *r > 0 {
		parts = append(parts, fmt.Sprintf("%.1f s", *r))
	}
	if n := v.Measures.RejectedGood; n > 0 {
		parts = append(parts, fmt.Sprintf("%d rejected", n))
	}
	if n := v.Measures.AcceptedBad; n > 0 {
		parts = append(parts, fmt.Sprintf("%d bad accepted", n))
	}
	if len(parts) == 0 {
		return "nothing lost"
	}
	return strings.Join(parts, ", ")
}

// lag is how long a removed certificate was still accepted.
func lag(v oracle.Verdict) string {
	switch s := v.Measures.RevocationLagSeconds; {
	case v.ID == "":
		return "not run"
	case v.Outcome == oracle.Inconclusive, s == nil && v.Outcome == oracle.NotApplicable && v.Grade == oracle.Ungraded:
		return "not known"
	case s == nil:
		return "accepted to the end"
	default:
		return fmt.Sprintf("%.1f s", *s)
	}
}

// taken says in which scenarios forgeries were accepted.
func taken(verdicts map[string]oracle.Verdict) string {
	var found []string
	faced := 0
	for _, id := range forged {
		v, is := verdicts[id]
		if !is || v.Outcome == oracle.NotApplicable {
			continue
		}
		faced++
		if v.Measures.AcceptedBad > 0 {
			found = append(found, fmt.Sprintf("**%s: %d**", id, v.Measures.AcceptedBad))
		}
	}
	switch {
	case faced == 0:
		return "not run"
	case len(found) == 0:
		return fmt.Sprintf("none in %d scenarios", faced)
	}
	return strings.Join(found, ", ")
}

var firstWith = regexp.MustCompile(`the first with (\d+(?: \(.*?\))?)[;.]`)

// longest is how many characters of the words fit into a table.
const longest = 90

// words is what the user and the log saw of the first good sign-in that was refused.
func words(v oracle.Verdict) string {
	for _, f := range v.Findings {
		if m := firstWith.FindStringSubmatch(f.Text); m != nil {
			said := []rune(strings.NewReplacer("|", "/", "`", "'").Replace(m[1]))
			if len(said) > longest {
				said = append(said[:longest], '.', '.', '.')
			}
			return "`" + string(said) + "`"
		}
	}
	return ""
}

var _ = Describe("the table of sign-in apps", Label("samples", "federation"), func() {
	seconds := func(s float64) *float64 { return &s }
	It("says what the verdicts say", func() {
		Expect(row(federated{file: "x/rollover.list.yaml", cure: "read again"}, map[string]oracle.Verdict{
			"A2": {ID: "A2", Outcome: oracle.Pass},
			"G1": {ID: "G1", Outcome: oracle.Fail, Grade: oracle.NotRecovered, Measures: oracle.Measures{RejectedGood: 14}},
			"G3": {
				ID: "G3", Outcome: oracle.Pass, Grade: oracle.CoolDown,
				Measures: oracle.Measures{RejectedGood: 34, RecoverySeconds: seconds(31.02), RevocationLagSeconds: seconds(31.3)},
				Findings: []oracle.Finding{{Text: "good token: 34 of 70 rejected, the first with 500 (IDX10501: a|b); accepted again"}},
			},
			"G11": {ID: "G11", Outcome: oracle.Inconclusive},
			"G12": {ID: "G12", Outcome: oracle.Pass, Measures: oracle.Measures{Fetches: oracle.Fetches{SAMLMetadata: 1}}},
			"G5":  {ID: "G5", Outcome: oracle.Fail, Measures: oracle.Measures{AcceptedBad: 6, Fetches: oracle.Fetches{FederationMetadata: 3}}},
			"H3":  {ID: "H3", Outcome: oracle.Pass},
			"H20": {ID: "H20", Outcome: oracle.Fail, Measures: oracle.Measures{AcceptedBad: 2}},
		})).To(Equal("| x, list | nothing lost | **fail**, not recovered, 14 rejected | cool down, 31.0 s, 34 rejected | 31.3 s | " +
			"inconclusive | read once, before | **fail**, 6 bad accepted | **H20: 2** | `500 (IDX10501: a/b)` | read again |\n"))
		Expect(taken(map[string]oracle.Verdict{"H3": {}, "H21": {Outcome: oracle.NotApplicable}})).To(Equal("none in 1 scenarios"))
		Expect(lag(oracle.Verdict{ID: "G3", Outcome: oracle.Fail})).To(Equal("accepted to the end"))
		Expect(lag(oracle.Verdict{ID: "G3", Outcome: oracle.Inconclusive})).To(Equal("not known"))
		Expect(bent(map[string]oracle.Verdict{"G5": {Outcome: oracle.Pass}}, "G5")).To(Equal("reads none"))
		Expect(bent(map[string]oracle.Verdict{"G5": {Outcome: oracle.NotApplicable}}, "G5")).To(Equal("n/a"))
	})
})
