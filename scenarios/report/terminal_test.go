package report

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollover-harness/rollover/scenarios/oracle"
)

// Colours add to the text and say nothing that it does not say.
func TestColor(t *testing.T) {
	var b strings.Builder
	if err := Terminal(&b, sample(), Options{Color: true, Width: 100}); err != nil {
		t.Fatal(err)
	}
	colored := b.String()
	golden(t, "report.txt", escapes.ReplaceAllString(colored, ""))
	for _, want := range []string{
		"\x1b[1;31mx\x1b[0m A5 ", "\x1b[1;31mfail          \x1b[0m", "\x1b[32mpass          \x1b[0m",
		"\x1b[33minconclusive  \x1b[0m", "\x1b[2mnot-applicable\x1b[0m", "\x1b[2mRECOVERY\x1b[0m",
		"\x1b[1;31m    fail accepts\x1b[0m", "\x1b[1;31m4 passed, 3 failed, 1 inconclusive, 1 not applicable in 33.1 s\x1b[0m\n",
	} {
		if !strings.Contains(colored, want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(write(t, wide(100), sample()), "\x1b") {
		t.Error("an escape sequence without colours")
	}
}

func TestSummaryColor(t *testing.T) {
	for outcome, want := range map[oracle.Outcome]string{
		oracle.Pass: "\x1b[32m", oracle.Fail: "\x1b[1;31m", oracle.Inconclusive: "\x1b[33m", oracle.NotApplicable: "\x1b[33m",
	} {
		var b strings.Builder
		r := Run{Verdicts: []oracle.Verdict{{ID: "A1", Outcome: outcome}}}
		if err := Terminal(&b, r, Options{Color: true}); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(b.String()), "\n")
		if last := lines[len(lines)-1]; !strings.HasPrefix(last, want) {
			t.Errorf("%s: %q", outcome, last)
		}
	}
}

// table is the part of the report between its first two empty lines.
func table(text string) string { return strings.Split(text, "\n\n")[1] }

func TestTableTakesWhatFits(t *testing.T) {
	const all = "" +
		"                                                                              GOOD       BAD  REMOVAL      5XX     JWKS\n" +
		"  ID   SCENARIO                  OUTCOME         GRADE          RECOVERY  REJECTED  ACCEPTED      LAG  ANSWERS  FETCHES\n" +
		"  A2   each-published-key        pass            same-request          0         0         0        -        0        1\n"
	if got := table(write(t, wide(119), sample())); !strings.HasPrefix(got, all) {
		t.Errorf("119:\n%s", got)
	}
	const some = "" +
		"                                                                              GOOD\n" +
		"  ID   SCENARIO                  OUTCOME         GRADE          RECOVERY  REJECTED\n" +
		"  A2   each-published-key        pass            same-request          0         0\n"
	if got := table(write(t, wide(82), sample())); !strings.HasPrefix(got, some) {
		t.Errorf("82:\n%s", got)
	}
	const least = "" +
		"\n" +
		"  ID   SCENARIO                  OUTCOME         GRADE\n" +
		"  A2   each-published-key        pass            same-request\n"
	if got := write(t, wide(40), sample()); !strings.Contains(got, least) {
		t.Errorf("40:\n%s", got)
	}
}

// Numbers that nobody misses are left out: those of lags and breakdowns where none occurred.
func TestTableLeavesOutWhatDidNotOccur(t *testing.T) {
	r := sample()
	r.Verdicts = []oracle.Verdict{sound()}
	const want = "" +
		"                                                                 GOOD       BAD     JWKS\n" +
		"  ID  SCENARIO            OUTCOME  GRADE         RECOVERY  REJECTED  ACCEPTED  FETCHES\n" +
		"  A2  each-published-key  pass     same-request         0         0         0        1\n"
	if diff := cmp.Diff(strings.TrimLeft(want, " "), strings.TrimLeft(table(write(t, wide(140), r))+"\n", " ")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTextFitsTheWidth(t *testing.T) {
	for _, width := range []int{0, 72, 80, 100, 140} {
		limit := width
		if width == 0 {
			limit = 80 // the default
		}
		for line := range strings.Lines(write(t, wide(width), sample())) {
			line = strings.TrimSuffix(line, "\n")
			if size(line) > limit && !strings.Contains(line, "again ") {
				t.Errorf("%d: %d characters: %s", width, size(line), line)
			}
			if strings.TrimRight(line, " ") != line {
				t.Errorf("%d: spaces at the end: %q", width, line)
			}
		}
	}
}

func TestTimelinesAreNamed(t *testing.T) {
	r := sample()
	r.Timelines, r.Reproduce = "out/timelines", ""
	text := write(t, wide(100), r)
	if !strings.Contains(text, "\nTimelines: out/timelines\n4 passed") || strings.Contains(text, "--timelines") {
		t.Errorf("kept:\n%s", text)
	}
	if strings.Contains(text, "again  ") || strings.Contains(write(t, Markdown, r), "```") || strings.Contains(write(t, JUnit, r), "again:") {
		t.Error("a command line that is not known")
	}
	r.Timelines, r.Verdicts = "", []oracle.Verdict{sound()}
	if strings.Contains(write(t, wide(100), r), "timelines") {
		t.Error("a hint at evidence where none is cited")
	}
}

func TestRounded(t *testing.T) {
	got := []string{rounded(nil), rounded(number(0)), rounded(number(0.04)), rounded(number(0.1)), rounded(number(312.44))}
	if diff := cmp.Diff([]string{"-", "0", "<0.1 s", "0.1 s", "312.4 s"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// between takes a text from one mark up to another.
func between(t *testing.T, text, from, to string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, from)
	part, _, ended := strings.Cut(rest, to)
	if !found || !ended {
		t.Fatalf("no %q before %q", from, to)
	}
	return from + part
}

// Details are those of the golden, and of the scenarios named; the table and
// what is said of all scenarios stay.
func TestDetails(t *testing.T) {
	data, err := os.ReadFile("testdata/report.txt")
	if err != nil {
		t.Fatal(err)
	}
	whole := string(data)
	told := between(t, whole, "x A5 publish", "\nNot applicable\n")
	one := between(t, whole, "x D1 unknown", "\nx H1 alg")
	for name, c := range map[string]struct {
		details []string
		want    string
	}{
		"all that need it":  {nil, whole},
		"one":               {[]string{"D1"}, strings.Replace(whole, told, one, 1)},
		"one that passed":   {[]string{"A2"}, strings.Replace(whole, "\n"+told, "", 1)},
		"none, so no proof": {[]string{}, strings.Replace(whole, "\n"+told, "", 1)},
	} {
		want := c.want
		if !strings.Contains(want, "evidence: ") {
			want = strings.Replace(want, "Evidence is cited by timeline entry; rollover run --timelines DIR keeps the timelines.\n", "", 1)
		}
		var b strings.Builder
		if err := Terminal(&b, sample(), Options{Width: 100, Details: c.details}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A scenario of the user's own is named by its file, and the whole run by what chose it.
func TestReproduceTakesAnOwnScenarioByItsFile(t *testing.T) {
	r := sample()
	r.Chosen, r.Sources = "--include A5,own/d1.yaml", map[string]string{"D1": "own/d1.yaml"}
	text := write(t, wide(100), r)
	for _, want := range []string{"--seed 7 --include own/d1.yaml\n", "--seed 7 --include A5\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if want := "\nrollover run rollover.yaml --seed 7 --include A5,own/d1.yaml\n"; !strings.Contains(write(t, Markdown, r), want) {
		t.Errorf("no %q", want)
	}
}
