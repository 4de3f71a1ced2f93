//go:build race

package suites_test

// The race detector makes everything several times slower: a sample app whose
// timer runs every 3 s must not meet it between two steps.
const together = 1
