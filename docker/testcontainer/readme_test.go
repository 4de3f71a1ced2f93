package testcontainer_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// What the README shows is what the examples do, which are run.
func TestTheREADMEShowsTheExamples(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var sources strings.Builder
	for _, name := range []string{"examples_test.go", "run.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sources.Write(text)
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(blocks) < 5 {
		t.Fatalf("only %d blocks of Go in the README", len(blocks))
	}
	for _, block := range blocks {
		inside := "\t" + strings.ReplaceAll(strings.TrimSuffix(block[1], "\n"), "\n", "\n\t")
		if !strings.Contains(sources.String(), inside) && !strings.Contains(sources.String(), strings.TrimSpace(block[1])) {
			t.Errorf("no example has this:\n%s", block[1])
		}
	}
}
