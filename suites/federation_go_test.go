package suites_test

import "github.com/rollover-harness/rollover/scenarios/oracle"

var _ = federation("Go",
	federated{
		file: "go/crewjam/rollover.yaml", cure: "FetchMetadata again, and set ServiceProvider.IDPMetadata",
		says: map[string]says{
			"A2": {outcome: oracle.Pass, why: "crewjam/saml service_provider.go: every signing certificate of the metadata is tried"},
			"G3": {grade: oracle.Restart, text: "with 403", why: "README: the metadata is fetched at startup"},
		},
	},
)
