package spec

import (
	"embed"
	"fmt"
)

// One file per verb and per rule, named by it.
//
//go:embed examples/*.yaml
var exampleFiles embed.FS

// Example is a small scenario that shows one verb or one rule.
type Example struct {
	Word     string // the verb or the rule
	Source   []byte // the file, as documentation prints it
	Scenario Scenario
}

// Examples returns an example of each verb and of each rule, in the order of
// Verbs and Rules. A sound app passes all of them. An error means that a file
// is missing or broken, which a test rules out.
func Examples() ([]Example, error) {
	var examples []Example
	for _, word := range append(wordsOf(Verbs(), Verb.Verb), wordsOf(Rules(), Rule.Rule)...) {
		name := "examples/" + word + ".yaml"
		source, err := exampleFiles.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read example: %w", err)
		}
		s, err := Decode(name, source)
		if err != nil {
			return nil, fmt.Errorf("read example: %w", err)
		}
		examples = append(examples, Example{Word: word, Source: source, Scenario: s})
	}
	return examples, nil
}
