package scenarios_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollover-harness/rollover/scenarios"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

func idsOf(list []spec.Scenario) string {
	var ids []string
	for _, s := range list {
		ids = append(ids, s.ID)
	}
	return strings.Join(ids, " ")
}

func TestAllIsTheCatalogueInOrder(t *testing.T) {
	all, err := scenarios.All()
	if err != nil {
		t.Fatal(err)
	}
	const want = "A1 A2 A3 A5 B1 B2 B3 B4 D1 E2 E4 F1 F2 F4 G1 G2 G3 G4 G5 G6 G7 G8 G10 G11 G12 G13 H1 H2 H3 H14 H15 H16 H20 H21"
	if got := idsOf(all); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestFilesAreNamedByProfileIDAndName(t *testing.T) {
	names, err := filepath.Glob("*/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all, err := scenarios.All()
	if err != nil || len(all) != len(names) {
		t.Fatalf("%d scenarios in %d files, %v", len(all), len(names), err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := spec.Decode(name, data)
		if err != nil {
			t.Fatal(err)
		}
		if want := s.Profile + "/" + s.ID + "-" + s.Name + ".yaml"; filepath.ToSlash(name) != want {
			t.Errorf("%s should be %s", name, want)
		}
		if !strings.Contains(s.Because, "RFC ") && !strings.Contains(s.Because, "https://") && !strings.Contains(s.Because, "OpenID Connect Core") {
			t.Errorf("%s gives neither a clause nor an address for its because", name)
		}
		if source, err := scenarios.Source(s.ID); err != nil || string(source) != string(data) {
			t.Errorf("Source(%s) is not the file: %v", s.ID, err)
		}
	}
}

func TestByID(t *testing.T) {
	s, err := scenarios.ByID("A5")
	if err != nil || s.Name != "publish-and-sign-at-once" {
		t.Errorf("%q, %v", s.Name, err)
	}
	for _, look := range []func(string) error{
		func(id string) error { _, err := scenarios.ByID(id); return err },
		func(id string) error { _, err := scenarios.Source(id); return err },
	} {
		err := look("A55")
		if !errors.Is(err, scenarios.ErrUnknown) || err.Error() != `no such scenario: "A55" (did you mean "A5"?)` {
			t.Error(err)
		}
	}
}

func TestCompareOrdersAsPeopleDo(t *testing.T) {
	got := []string{"B1", "A10", "A2", "A1", "X", "X-b", "X-a", "A2b", "A2a", "Y99999999999999999999"}
	slices.SortFunc(got, scenarios.Compare)
	want := []string{"A1", "A2", "A2a", "A2b", "A10", "B1", "X", "X-a", "X-b", "Y99999999999999999999"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

const mine = `apiVersion: rollover/v1
id: ID
name: mine
title: Mine
because: I can
profile: extended
steps:
  - present: {}
expect:
  - accepts: {key: initial}
`

func read(path string) ([]byte, error) {
	switch path {
	case "mine.yaml", "again.yaml":
		return []byte(strings.Replace(mine, "id: ID", "id: X1", 1)), nil
	case "dir/a5":
		return []byte(strings.Replace(mine, "id: ID", "id: A5", 1)), nil
	case "bad.yml":
		return []byte(strings.Replace(mine, "present", "presnt", 1)), nil
	}
	return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
}

func TestSelect(t *testing.T) {
	const core = "A1 A2 A3 A5 B1 B2 B3 B4 D1 E2 E4 F1 F2 F4"
	const forgery = "H1 H2 H3 H14 H15 H16 H20 H21"
	for name, c := range map[string]struct {
		selection spec.Selection
		want      string
	}{
		"nothing chosen":      {spec.Selection{}, core},
		"a profile":           {spec.Selection{Profile: "forgery"}, forgery},
		"includes alone":      {spec.Selection{Include: []string{"H2", "A5"}}, "A5 H2"},
		"includes on top":     {spec.Selection{Profile: "forgery", Include: []string{"A5"}}, "A5 " + forgery},
		"included twice":      {spec.Selection{Profile: "core", Include: []string{"A5", "A5"}}, core},
		"a file":              {spec.Selection{Include: []string{"mine.yaml", "A5"}}, "A5 X1"},
		"a file twice":        {spec.Selection{Include: []string{"mine.yaml", "mine.yaml"}}, "X1"},
		"exclude":             {spec.Selection{Profile: "forgery", Exclude: []string{"H1", "A5"}}, "H2 H3 H14 H15 H16 H20 H21"},
		"exclude comes last":  {spec.Selection{Profile: "forgery", Include: []string{"A5"}, Exclude: []string{"A5"}}, forgery},
		"exclude one's own":   {spec.Selection{Include: []string{"mine.yaml", "A5"}, Exclude: []string{"X1"}}, "A5"},
		"exclude without one": {spec.Selection{Exclude: []string{"B3"}}, "A1 A2 A3 A5 B1 B2 B4 D1 E2 E4 F1 F2 F4"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := scenarios.Select(c.selection, read)
			if err != nil || idsOf(got) != c.want {
				t.Errorf("got %s, %v; want %s", idsOf(got), err, c.want)
			}
		})
	}
}

func TestSelectRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		selection spec.Selection
		want      string
	}{
		"unknown ids":         {spec.Selection{Include: []string{"A55", "mine.yaml"}, Exclude: []string{"X2"}}, "scenarios.include[0]: no scenario \"A55\" (did you mean \"A5\"?)\nscenarios.exclude[0]: no scenario \"X2\" (did you mean \"X1\"?)"},
		"no file":             {spec.Selection{Include: []string{"gone.yaml"}}, "scenarios.include[0]: read scenario: open gone.yaml: file does not exist"},
		"a bad file":          {spec.Selection{Include: []string{"bad.yml"}}, `bad.yml:8:5: unknown step "presnt" (did you mean "present"?)`},
		"an id of two files":  {spec.Selection{Include: []string{"mine.yaml", "again.yaml"}}, "scenarios.include[1]: id X1 is that of two scenarios: in mine.yaml and in again.yaml (ids outside A to H are free)"},
		"an id of ours":       {spec.Selection{Profile: "core", Include: []string{"dir/a5"}}, "scenarios.include[0]: id A5 is that of two scenarios: in the catalogue and in dir/a5 (ids outside A to H are free)"},
		"an empty profile":    {spec.Selection{Profile: "extended"}, `scenarios.profile: the catalogue has no scenario of profile "extended"`},
		"nothing left to run": {spec.Selection{Include: []string{"A5"}, Exclude: []string{"A5"}}, "scenarios: nothing is left to run"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := scenarios.Select(c.selection, read)
			var errs spec.Errors
			if !errors.As(err, &errs) || err.Error() != c.want || got != nil {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}
