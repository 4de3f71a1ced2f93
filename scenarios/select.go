package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rollover-harness/rollover/scenarios/spec"
)

// Select returns the scenarios that a selection chooses, sorted by id: those of
// its profile, then its includes, less its excludes. An include with a slash or
// the ending .yaml or .yml is a file, which read opens; others are ids of the
// catalogue. Every error is a spec.Errors with all that is wrong: unknown ids,
// files that cannot be read, an id that two scenarios have, and a selection
// that leaves nothing to run.
func Select(chosen spec.Selection, read func(path string) ([]byte, error)) ([]spec.Scenario, error) {
	all, err := All()
	if err != nil {
		return nil, err
	}
	s := selection{all: all, from: map[string]string{}}
	if chosen.Profile == "" && len(chosen.Include) == 0 {
		chosen.Profile = spec.DefaultProfile
	}
	s.profile(chosen.Profile)
	for i, include := range chosen.Include {
		s.include(include, fmt.Sprintf("scenarios.include[%d]", i), read)
	}
	for i, id := range chosen.Exclude {
		s.exclude(id, fmt.Sprintf("scenarios.exclude[%d]", i))
	}
	if len(s.errs) == 0 && len(s.chosen) == 0 {
		s.fail("scenarios", "nothing is left to run", "")
	}
	if len(s.errs) > 0 {
		return nil, s.errs
	}
	slices.SortFunc(s.chosen, func(a, b spec.Scenario) int { return Compare(a.ID, b.ID) })
	return s.chosen, nil
}

// selection is a choice in the making.
type selection struct {
	all    []spec.Scenario
	chosen []spec.Scenario
	from   map[string]string // where each chosen id comes from
	errs   spec.Errors
}

func (s *selection) fail(path, cause, hint string) {
	s.errs = append(s.errs, spec.Error{Path: path, Cause: cause, Hint: hint})
}

const catalogue = "the catalogue"

func (s *selection) profile(name string) {
	if name == "" {
		return
	}
	before := len(s.chosen)
	for _, one := range s.all {
		if one.Profile == name {
			s.add(one, catalogue, "scenarios.profile")
		}
	}
	if len(s.chosen) == before {
		s.fail("scenarios.profile", fmt.Sprintf("the catalogue has no scenario of profile %q", name), "")
	}
}

// add takes a scenario once, and refuses another one of the same id: reports
// and timelines go by it.
func (s *selection) add(one spec.Scenario, from, path string) {
	switch former, there := s.from[one.ID]; {
	case !there:
		s.chosen, s.from[one.ID] = append(s.chosen, one), from
	case former != from:
		s.fail(path, fmt.Sprintf("id %s is that of two scenarios: in %s and in %s", one.ID, former, from), "ids outside A to H are free")
	}
}

func (s *selection) include(include, path string, read func(string) ([]byte, error)) {
	if !isFile(include) {
		for _, one := range s.all {
			if one.ID == include {
				s.add(one, catalogue, path)
				return
			}
		}
		s.unknown(include, path, ids(s.all))
		return
	}
	data, err := read(include)
	if err != nil {
		s.fail(path, fmt.Sprintf("read scenario: %v", err), "")
		return
	}
	one, err := spec.Decode(include, data)
	if errs := (spec.Errors{}); errors.As(err, &errs) {
		s.errs = append(s.errs, errs...)
		return
	}
	s.add(one, include, path)
}

func isFile(include string) bool {
	return strings.Contains(include, "/") || strings.HasSuffix(include, ".yaml") || strings.HasSuffix(include, ".yml")
}

func (s *selection) exclude(id, path string) {
	if _, there := s.from[id]; !there && !slices.Contains(ids(s.all), id) {
		s.unknown(id, path, append(ids(s.chosen), ids(s.all)...))
		return
	}
	s.chosen = slices.DeleteFunc(s.chosen, func(one spec.Scenario) bool { return one.ID == id })
}

func (s *selection) unknown(id, path string, known []string) {
	s.fail(path, fmt.Sprintf("no scenario %q", id), spec.DidYouMean(id, known))
}
