package main

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/report"
	"github.com/rollover-harness/rollover/suites/relyingparty/defective"
)

// commands are the tool's commands, those of commands included.
func commands(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			all = append(all, commands(sub)...)
		}
	}
	return all
}

func TestEveryCommandShowsAnExampleInItsHelp(t *testing.T) {
	var out bytes.Buffer
	sh := &shell{stdout: &out, stderr: &out, version: "v0"}
	all := commands(sh.root())
	if len(all) < 20 {
		t.Fatalf("%d commands", len(all))
	}
	for _, c := range all {
		out.Reset()
		root := sh.root()
		root.SetArgs(append(strings.Fields(c.CommandPath())[1:], "--help"))
		if err := root.Execute(); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), "Examples:\n  "+c.CommandPath()) && c != all[0] {
			t.Errorf("%s: no example of it:\n%s", c.CommandPath(), &out)
		}
		if c.HasAvailableLocalFlags() && !strings.Contains(out.String(), "--help") {
			t.Errorf("%s: no flags:\n%s", c.CommandPath(), &out)
		}
	}
}

// A terminal gets colours, unless somebody does not want them (no-color.org);
// anything else does not.
func TestColoursAreForTerminals(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatalf("no pseudo-terminal on this machine: %v", err)
	}
	defer terminal.Close()
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	sh := &shell{stdout: terminal}
	if !sh.terminal().Color {
		t.Error("a terminal gets none")
	}
	t.Setenv("NO_COLOR", "1")
	if sh.terminal().Color {
		t.Error("NO_COLOR")
	}
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "dumb")
	if sh.terminal().Color {
		t.Error("a dumb terminal")
	}
	t.Setenv("TERM", "xterm")
	sh.stdout = &bytes.Buffer{}
	if o := sh.terminal(); o.Color || o.Width != usual {
		t.Errorf("no terminal: %+v", o)
	}
}

// TestTheToolsAreLight: what tests alone need is linked into neither tool, and what
// containers need not into the issuer's, which is an image of its own.
func TestTheToolsAreLight(t *testing.T) {
	for tool, most := range map[string]struct {
		modules int
		heavy   []string
	}{
		".":          {60, []string{"onsi/", "rogpeppe/", "compose-spec/", "crewjam/"}}, // some forty of them talk to container engines
		"../mockidp": {15, []string{"onsi/", "rogpeppe/", "compose-spec/", "crewjam/", "testcontainers/", "docker/", "moby/"}},
	} {
		list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", tool)
		out, err := list.Output()
		if err != nil {
			t.Fatal(err)
		}
		modules := slices.Compact(slices.Sorted(strings.FieldsSeq(string(out))))
		if len(modules) < 3 || len(modules) > most.modules {
			t.Errorf("%s: %d modules: %s", tool, len(modules), modules)
		}
		for _, m := range modules {
			for _, heavy := range most.heavy {
				if strings.Contains(m, heavy) {
					t.Errorf("%s is linked into %s", m, tool)
				}
			}
		}
	}
}

func demoRunOf(name string, outcome oracle.Outcome, grade oracle.Grade, rejected int, cause string) report.Run {
	v := oracle.Verdict{ID: telltale, Outcome: outcome, Grade: grade, Measures: oracle.Measures{RejectedGood: rejected}}
	if cause != "" {
		v.Diagnosis = []oracle.Diagnosis{{Cause: cause}}
	}
	return report.Run{Target: report.Target{Name: name}, Verdicts: []oracle.Verdict{{ID: "A1", Outcome: oracle.Pass}, v}}
}

func TestTheDemoSaysWhatTheVerdictsSay(t *testing.T) {
	sound := demoRunOf("one", oracle.Pass, oracle.SameRequest, 0, "")
	pinned := demoRunOf("other", oracle.Fail, oracle.Restart, 17, "never looks again")
	text, err := tell(sound, pinned)
	const want = "one survives: 2 passed, 0 failed; in A5 graded same-request, 0 good tokens rejected.\n" +
		"other does not: 1 passed, 1 failed; in A5 graded restart, 17 good tokens rejected. Likely cause:\nnever looks again.\n\nNext: "
	if err != nil || !strings.HasPrefix(text, want) {
		t.Errorf("%v:\n%s", err, text)
	}
	for name, runs := range map[string][2]report.Run{
		"both survive":       {sound, sound},
		"none survives":      {pinned, pinned},
		"no cause":           {sound, demoRunOf("other", oracle.Fail, oracle.Restart, 17, "")},
		"nothing was run":    {{}, pinned},
		"not what it is for": {pinned, sound},
	} {
		if text, err := tell(runs[0], runs[1]); err == nil || (&shell{stderr: &bytes.Buffer{}}).report(err) != codeHarness {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
}

// What the demo recommends is a target file that the tool takes.
func TestTheDemosAdviceIsATargetFile(t *testing.T) {
	_, advice, _ := strings.Cut(next, "\n\n")
	var lines []string
	for line := range strings.Lines(advice) {
		lines = append(lines, strings.TrimPrefix(line, "  "))
	}
	if err := lintOne("rollover.yaml", []byte(strings.Join(lines, ""))); err != nil {
		t.Error(err)
	}
	if err := lintOne("rollover.yaml", defective.File); err != nil {
		t.Error(err)
	}
}

func TestReproduceSaysHowPeopleSignIn(t *testing.T) {
	f := runFlags{
		url: "http://127.0.0.1:1/", as: "saml-login", reply: "/acs", start: "issuer", seed: 7,
		given: func(flag string) bool { return slices.Contains([]string{"url", "as", "reply", "start"}, flag) },
	}
	if run, chosen := f.reproduce(nil); run != "rollover run --url http://127.0.0.1:1/ --as saml-login --reply /acs --start issuer --seed 7" || chosen != "" {
		t.Errorf("%s %s", run, chosen)
	}
}

func TestReproduceIsForAShell(t *testing.T) {
	for word, want := range map[string]string{
		"plain": "plain", "api://orders": "api://orders", "": "''", "two words": "'two words'", "it's": `'it'\''s'`, "$HOME": "'$HOME'", "?a&b": "'?a&b'",
	} {
		if got := quote(word); got != want {
			t.Errorf("%q: %s, not %s", word, got, want)
		}
	}
	if got := quote("a", "b c"); got != "a 'b c'" {
		t.Error(got)
	}
}
