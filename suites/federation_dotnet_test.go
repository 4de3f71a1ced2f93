package suites_test

import "github.com/rollover-harness/rollover/scenarios/oracle"

const (
	refreshInterval = "Microsoft.IdentityModel.Protocols 5.3.0: ConfigurationManager.DefaultRefreshInterval is 30 s since the last fetch, " +
		"and a refused sign-in only asks for the fetch that the next one makes"
	noKeys = "Microsoft.IdentityModel 5.3.0 takes metadata without a key for good (IDX22806 is a warning), and WsFederationHandler " +
		"asks for new ones after SecurityTokenSignatureKeyNotFoundException alone, which IDX10500 is not"
	strictReader = "Microsoft.IdentityModel.Tokens.Saml 5.3.0 reads an assertion by its schema: one signature, where it is due"
)

var _ = federation("dotnet",
	federated{
		file: "dotnet/wsfederation/rollover.yaml", cure: "announce for 24 h; ConfigurationManager.RefreshInterval and AutomaticRefreshInterval", needs: []string{"dotnet/wsfederation/out/app.dll"}, patience: realPatience,
		says: map[string]says{
			"X0":  {grade: oracle.CoolDown, text: "IDX10501", why: refreshInterval},
			"X10": {grade: oracle.CoolDown, text: "IDX10501", why: refreshInterval},
			"X40": {grade: oracle.NextRequest, text: "IDX10501", why: refreshInterval},
			"G3":  {grade: oracle.CoolDown, text: "IDX10501", why: refreshInterval},
			"G12": {outcome: oracle.Fail, why: noKeys},
			"H20": {outcome: oracle.Pass, why: strictReader},
			"H21": {outcome: oracle.Pass, why: "IDX10504: a token without a signature is refused unless RequireSignedTokens is off"},
		},
	},
	federated{
		file: "dotnet/wsfederation/rollover.refresh.yaml", cure: "is the cure; announce for 24 h for nobody to notice", needs: []string{"dotnet/wsfederation/out/app.dll"},
		says: map[string]says{
			"G3":  {grade: oracle.NextRequest, text: "IDX10501", why: refreshInterval + "; here it is 1 s"},
			"G12": {outcome: oracle.Fail, why: noKeys},
		},
	},
)
