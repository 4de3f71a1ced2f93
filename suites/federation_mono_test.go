package suites_test

import "github.com/rollover-harness/rollover/scenarios/oracle"

const (
	readAtStart = "issuerNameRegistry is read when the app starts and names thumbprints: WIF10201 for every other certificate"
	byTheTable  = "a claims issuer is accepted by the thumbprints that its row has"
	oneReader   = "one assertion, one signature, one reference to the root of what is read"
)

var _ = federation("mono",
	federated{
		file: "mono/wif10201/rollover.yaml", cure: "rollover thumbprint --web-config and a restart, or UPDATE", needs: []string{"mono/out/wif10201.exe"},
		says: map[string]says{
			"G1":  {outcome: oracle.Fail, grade: oracle.NotRecovered, text: "WIF10201", why: readAtStart},
			"G2":  {outcome: oracle.Fail, grade: oracle.NotRecovered, text: "WIF10201", why: readAtStart},
			"G3":  {outcome: oracle.Fail, grade: oracle.NotRecovered, text: "WIF10201", why: readAtStart},
			"H3":  {outcome: oracle.Pass, why: oneReader},
			"H16": {outcome: oracle.Pass, why: oneReader},
			"H20": {outcome: oracle.Pass, why: oneReader},
			"H21": {outcome: oracle.Pass, why: oneReader},
		},
	},
	federated{
		file: "mono/wif10201/rollover.start.yaml", cure: "UPDATE with a period", needs: []string{"mono/out/wif10201.exe"},
		says: map[string]says{
			"G2": {outcome: oracle.Pass, grade: oracle.Restart, text: "WIF10201", why: readAtStart + "; here it is updated then"},
			"G3": {outcome: oracle.Pass, grade: oracle.Restart, text: "WIF10201", why: readAtStart + "; here it is updated then"},
		},
	},
	federated{
		file: "mono/wif10201/rollover.periodic.yaml", cure: "is the cure; announce for longer than the period", needs: []string{"mono/out/wif10201.exe"},
		says: map[string]says{
			"G1":  {outcome: oracle.Pass, why: "UPDATE is 2 s: what was announced is there when it signs"},
			"G2":  {outcome: oracle.Pass, why: "UPDATE is 2 s: what was announced is there when it signs"},
			"G3":  {grade: oracle.NextRequest, text: "WIF10201", why: "UPDATE is 2 s: what was not announced is there 2 s later"},
			"G12": {outcome: oracle.Pass, why: "what cannot be read, or has no signature, changes nothing"},
		},
	},
	federated{
		file: "mono/claimsissuer/rollover.yaml", cure: "the metadata's address into /admin", needs: []string{"mono/out/claimsissuer.exe"},
		says: map[string]says{
			"G3":  {outcome: oracle.Fail, grade: oracle.NotRecovered, text: "WIF10201", why: byTheTable},
			"H20": {outcome: oracle.Pass, why: oneReader},
			"H21": {outcome: oracle.Pass, why: oneReader},
		},
	},
)
