package suites_test

import (
	"time"

	"github.com/rollover-harness/rollover/scenarios/oracle"
)

// spring is what Maven built: java alone does not do.
var spring = []string{"java/spring-saml/target/.stamp"}

// onceRead is enough for an app that reads metadata when it starts and not again.
const onceRead = 8 * time.Second

var _ = federation("Java",
	federated{
		file: "java/spring-saml/rollover.yaml", cure: "a repository that reads the metadata again", needs: spring, patience: onceRead,
		says: map[string]says{
			"A2":  {outcome: oracle.Pass, why: "OpenSamlAssertingPartyMetadataConverter: every signing certificate is a verification credential"},
			"G3":  {grade: oracle.Restart, text: "Signature verification failed", why: "reference, RelyingPartyRegistrations.fromMetadataLocation: it is read where it is called, at start"},
			"H21": {outcome: oracle.Pass, why: "OpenSamlAuthenticationProvider: response or assertions have to be signed"},
		},
	},
	federated{
		file: "java/spring-saml/rollover.refreshing.yaml", cure: "is the cure", needs: spring,
		says: map[string]says{
			"G3":  {outcome: oracle.Pass, why: "the app's repository reads the metadata every 3 s, whatever the token says"},
			"G12": {outcome: oracle.Pass, why: "RelyingPartyRegistrations: metadata without a verification certificate are an error"},
		},
	},
)
