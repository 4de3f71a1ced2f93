package suites_test

import "github.com/rollover-harness/rollover/scenarios/oracle"

// What is said of forgeries by passport-wsfed-saml2 is said of 4.6.1 with
// xml-crypto 1.5.6 in the place of the fork that it asks for, and was seen by
// hand with that fork (1.4.1-auth0.2, xmldom 0.1.27) too.
var _ = federation("Node",
	federated{
		file: "node/passport-wsfed-saml2/rollover.yaml", cure: "thumbprints as a list, or the strategy made anew from the metadata",
		says: map[string]says{
			"A2": {outcome: oracle.Fail, text: "Invalid thumbprint", why: "README: thumbprint is the one of the token signing certificate"},
			"G3": {grade: oracle.NotRecovered, text: "Invalid thumbprint", why: "README: the thumbprint is written down, no metadata is read"},
		},
	},
	federated{
		file: "node/passport-wsfed-saml2/rollover.list.yaml", cure: "the strategy made anew from the metadata",
		says: map[string]says{
			"A2": {outcome: oracle.Pass, why: "saml.js, validateSignature: any of the thumbprints will do"},
			"G3": {grade: oracle.NotRecovered, text: "Invalid thumbprint", why: "README: thumbprints are written down, no metadata is read"},
		},
	},
	federated{
		file: "node/passport-wsfed-saml2/rollover.certificate.yaml", cure: "thumbprints as a list, or the strategy made anew from the metadata",
		says: map[string]says{
			"A2": {outcome: oracle.Fail, text: "Signature check errors", why: "README: cert is one certificate"},
			"G3": {grade: oracle.NotRecovered, text: "Signature check errors", why: "README: the certificate is written down, no metadata is read"},
		},
	},
	federated{
		file: "node/passport-wsfed-saml2/rollover.saml11.yaml", cure: "as with SAML 2.0; 4.6.3 for H20",
		says: map[string]says{
			"H20": {outcome: oracle.Fail, why: "CVE-2022-23505: before 4.6.3 a wrapped assertion is accepted"},
		},
	},
	federated{
		file: "node/passport-wsfed-saml2/rollover.metadata.yaml", cure: "is the cure",
		says: map[string]says{
			"A2": {outcome: oracle.Pass, why: "all certificates of the metadata are trusted"},
			"G3": {outcome: oracle.Pass, why: "the app reads the metadata every 5 s, whatever the token says: which sign-ins are lost is chance"},
		},
	},
	federated{
		file: "node/passport-saml/rollover.yaml", cure: "idpCert as a function that reads the metadata",
		says: map[string]says{
			"A2": {outcome: oracle.Fail, text: "Invalid document signature", why: "README: idpCert is the provider's signing certificate"},
			"G3": {grade: oracle.NotRecovered, text: "Invalid document signature", why: "README: the certificate is written down, no metadata is read"},
		},
	},
	federated{
		file: "node/passport-saml/rollover.list.yaml", cure: "idpCert as a function that reads the metadata",
		says: map[string]says{
			"A2": {outcome: oracle.Pass, why: "README of node-saml: with an array, responses signed with either key are valid"},
			"G3": {grade: oracle.NotRecovered, text: "Invalid document signature", why: "README: certificates are written down, no metadata is read"},
		},
	},
	federated{
		file: "node/passport-saml/rollover.metadata.yaml", cure: "is the cure; keep the last good document",
		says: map[string]says{
			"A2": {outcome: oracle.Pass, why: "README of node-saml: the function gives an array"},
			"G3": {grade: oracle.SameRequest, why: "README of node-saml: idpCert may be a function, which is asked at every validation"},
		},
	},
	federated{
		file: "node/passport-saml/rollover.start.yaml", cure: "multipleCerts: true for an overlap, idpCert as a function for the rest",
		says: map[string]says{
			"G3": {grade: oracle.Restart, text: "Invalid document signature", why: "README of passport-saml-metadata: it is fetched before the strategy is made"},
		},
	},
	federated{
		file: "node/passport-saml/rollover.assertion.yaml", cure: "is the cure; keep the last good document",
		says: map[string]says{
			"G3":  {grade: oracle.SameRequest, why: "README of node-saml: idpCert may be a function, which is asked at every validation"},
			"H15": {outcome: oracle.Pass, why: "README of node-saml: wantAssertionsSigned is on"},
		},
	},
	federated{
		file: "node/samlify/rollover.yaml", cure: "the provider made anew from the metadata; the audience compared by the app",
		says: map[string]says{
			"A2": {outcome: oracle.Pass, why: "libsaml.js, verifySignature: the certificate may be any of the metadata's"},
			"F4": {outcome: oracle.Fail, why: "extractor.js and flow.js: the audience is handed to the app, and not compared with anything"},
			"G3": {grade: oracle.Restart, text: "ERROR_UNMATCH_CERTIFICATE_DECLARATION_IN_METADATA", why: "documentation: the provider is made of its metadata, once"},
		},
	},
	federated{
		file: "node/samlify/rollover.refresh.yaml", cure: "is the cure; check what was read before using it",
		says: map[string]says{
			"G3": {outcome: oracle.Pass, why: "the app reads the metadata every 5 s, whatever the token says: which sign-ins are lost is chance"},
		},
	},
	federated{
		file: "node/openid-client/rollover.yaml", cure: "enableNonRepudiationChecks, so that signatures are checked",
		says: map[string]says{
			"B1": {grade: oracle.SameRequest, why: "openid-client: without enableNonRepudiationChecks the key set is not used"},
			"H3": {outcome: oracle.Fail, why: "openid-client: without enableNonRepudiationChecks the ID token's signature is not checked (OpenID Connect Core 3.1.3.7 allows that over TLS)"},
		},
	},
	federated{
		file: "node/openid-client/rollover.non-repudiation.yaml", cure: "none: the pause of 60 s is a constant of oauth4webapi", patience: realPatience, // longer than 60 s, and the look back at them
		says: map[string]says{
			"A5": {grade: oracle.CoolDown, text: "no applicable keys found", why: "oauth4webapi: an unknown kid fetches a key set that is at least 60 s old"},
			"H3": {outcome: oracle.Pass, why: "openid-client: enableNonRepudiationChecks"},
		},
	},
)
