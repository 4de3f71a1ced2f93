// Package scenarios is the catalogue: what issuers do to the apps that trust
// them, one embedded file each.
//
// G9 (thumbprint-forms) is not among them, and its id is not free: how somebody
// wrote down the thumbprints that an app has pinned is no deed of the issuer's. It
// is what rollover thumbprint checks, and a table test for the apps that pin one.
package scenarios

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/rollover-harness/rollover/scenarios/spec"
)

// One folder per profile, one file per scenario: PROFILE/ID-NAME.yaml.
//
//go:embed core federation forgery
var files embed.FS

// ErrUnknown is wrapped by errors about an id that the catalogue does not have.
var ErrUnknown = errors.New("no such scenario")

// All returns the catalogue, sorted by id: A2 comes before A10. An error means
// that the catalogue itself is broken, which a test rules out.
func All() ([]spec.Scenario, error) {
	names, err := fs.Glob(files, "*/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list catalogue: %w", err)
	}
	all := make([]spec.Scenario, 0, len(names))
	for _, name := range names {
		data, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read catalogue: %w", err)
		}
		s, err := spec.Decode(name, data)
		if err != nil {
			return nil, fmt.Errorf("read catalogue: %w", err)
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b spec.Scenario) int { return Compare(a.ID, b.ID) })
	return all, nil
}

// ByID returns one scenario. The error wraps ErrUnknown where there is none,
// with a hint.
func ByID(id string) (spec.Scenario, error) {
	all, err := All()
	if err != nil {
		return spec.Scenario{}, err
	}
	for _, s := range all {
		if s.ID == id {
			return s, nil
		}
	}
	return spec.Scenario{}, unknown(id, all)
}

// Source returns a scenario's file as its author wrote it. Errors are those of
// ByID.
func Source(id string) ([]byte, error) {
	s, err := ByID(id)
	if err != nil {
		return nil, err
	}
	data, err := files.ReadFile(fileName(s))
	if err != nil {
		return nil, fmt.Errorf("read catalogue: %w", err)
	}
	return data, nil
}

func fileName(s spec.Scenario) string {
	return path.Join(s.Profile, s.ID+"-"+s.Name+".yaml")
}

func unknown(id string, all []spec.Scenario) error {
	return fmt.Errorf("%w: %q (%s)", ErrUnknown, id, spec.DidYouMean(id, ids(all)))
}

func ids(all []spec.Scenario) []string {
	list := make([]string, len(all))
	for i, s := range all {
		list[i] = s.ID
	}
	return list
}

// Compare orders ids as people do: letters, then the number after them, so
// that A2 comes before A10. It is negative where a comes first.
func Compare(a, b string) int {
	lettersA, numberA := split(a)
	lettersB, numberB := split(b)
	return cmp.Or(cmp.Compare(lettersA, lettersB), cmp.Compare(numberA, numberB), cmp.Compare(a, b))
}

// split cuts an id before its first digit; what follows the number only counts
// where all else is equal.
func split(id string) (letters string, number int) {
	at := strings.IndexAny(id, "0123456789")
	if at < 0 {
		return id, -1
	}
	end := at
	for end < len(id) && id[end] >= '0' && id[end] <= '9' {
		end++
	}
	number, err := strconv.Atoi(id[at:end])
	if err != nil {
		return id, -1 // more digits than a number has
	}
	return id[:at], number
}
