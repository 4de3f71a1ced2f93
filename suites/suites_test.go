package suites_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	. "github.com/onsi/gomega"
)

func TestSuites(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "rollover")
}

// What was skipped is said, with its reason, and counted: a target that is not
// there is not one that passed.
var _ = ReportAfterSuite("summary", func(r types.Report) {
	count := map[types.SpecState]int{}
	reasons := map[string]int{}
	for _, s := range r.SpecReports {
		if s.LeafNodeType != types.NodeTypeIt {
			continue
		}
		switch {
		case s.State == types.SpecStateSkipped && s.Failure.Message != "":
			count[types.SpecStateSkipped]++
			reasons[s.Failure.Message]++
		case s.State == types.SpecStatePassed:
			count[types.SpecStatePassed]++
		case s.State.Is(types.SpecStateFailureStates):
			count[types.SpecStateFailed]++
		}
	}
	fmt.Println()
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		fmt.Printf("skipped: %d specs: %s\n", reasons[reason], reason)
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", count[types.SpecStatePassed], count[types.SpecStateFailed], count[types.SpecStateSkipped])
})
