//go:build !race

package suites_test

// together is how many sample apps run their scenarios at a time: more would
// make two cores so busy that answers come late.
const together = 2

// sampled reports whether the laws are tried on that sample app: on all of them.
func sampled(string) bool { return true }

// federatedTogether is the same for those to which people sign in: most of the
// time they wait.
const federatedTogether = 3

func federatedSampled(string) bool { return true }
