package suites_test

import "github.com/rollover-harness/rollover/scenarios/oracle"

var (
	mellon     = []string{"apache/keys/sp-key.pem", "/usr/lib/apache2/modules/mod_auth_mellon.so"}
	shibboleth = []string{"apache/keys/sp-key.pem", "/usr/sbin/shibd"}
)

var _ = federation("Apache",
	federated{
		file: "apache/shibboleth/rollover.yaml", cure: "reloadInterval, or minRefreshDelay and maxRefreshDelay", needs: shibboleth, patience: onceRead,
		says: map[string]says{
			"A2":  {outcome: oracle.Pass, why: "Shibboleth wiki, ExplicitKey trust engine: any signing key of the metadata will do"},
			"G3":  {grade: oracle.Restart, text: "FatalProfileException", why: "ReloadableXMLFile: without reloadInterval and maxRefreshDelay nothing is read again"},
			"H14": {outcome: oracle.Pass, why: "SignatureProfileValidator: a reference names the element that the signature stands in"},
			"H21": {outcome: oracle.Pass, why: "security-policy.xml: assertions have to be signed, or what carries them"},
		},
	},
	federated{
		file: "apache/shibboleth/rollover.refreshing.yaml", cure: "is the cure", needs: shibboleth,
		says: map[string]says{
			"G3":  {outcome: oracle.Pass, why: "Shibboleth wiki, XMLMetadataProvider: minRefreshDelay and maxRefreshDelay, here 3 s"},
			"G10": {outcome: oracle.Pass, why: "ReloadableXMLFile: what cannot be loaded leaves the former in place"},
		},
	},
	federated{
		file: "apache/shibboleth/rollover.signed.yaml", cure: "a metadata certificate that does not roll", needs: shibboleth, patience: onceRead,
		says: map[string]says{
			"G3":  {grade: oracle.NotRecovered, text: "FatalProfileException", why: "Shibboleth wiki, SignatureMetadataFilter: metadata that another key signed are refused"},
			"G12": {outcome: oracle.Pass, why: "SignatureMetadataFilter: what is not signed leaves the former in place"},
		},
	},
	federated{
		file: "apache/mellon/rollover.yaml", cure: "replace MellonIdPMetadataFile and reload httpd", needs: mellon, patience: onceRead,
		says: map[string]says{
			"A2":  {outcome: oracle.Pass, why: "lasso, provider.c: all signing KeyDescriptors are loaded, each is tried"},
			"G3":  {grade: oracle.Restart, text: "Failed to verify signature", why: "README: MellonIdPMetadataFile is a file, and nothing reads it again"},
			"H21": {outcome: oracle.Pass, why: "lasso, login.c: a response without signature has to have one in its assertion"},
		},
	},
	federated{
		file: "apache/mellon/rollover.refreshing.yaml", cure: "is the cure", needs: mellon,
		says: map[string]says{
			"G3": {outcome: oracle.Pass, why: "the file is replaced every 3 s where it has changed, and httpd reads it"},
		},
	},
	federated{file: "apache/mellon/rollover.signed.yaml", cure: "a metadata certificate that does not roll", needs: mellon, patience: onceRead},
)
