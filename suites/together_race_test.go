//go:build race

package suites_test

// The race detector makes everything several times slower, and the defects of
// sample apps are matters of seconds: what a pause of 15 s does to an app cannot be
// seen behind a storm that takes as long. So one app runs at a time, and those alone
// whose defects know no time: they take the harness through all of its code.
const together = 1

func sampled(name string) bool {
	switch name {
	case "sound", "frozen-key-set", "accepts-none", "skips-signature":
		return true
	}
	return false
}

const federatedTogether = 1

func federatedSampled(name string) bool { return name == "saml/sound" || name == "wsfed/sound" }
