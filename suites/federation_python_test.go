package suites_test

import "github.com/rollover-harness/rollover/scenarios/oracle"

// pysaml2 runs the program xmlsec1 for every signature.
var xmlsec1 = []string{"python/.venv/.stamp", "/usr/bin/xmlsec1"}

// What looks again every few seconds may do so before the first sign-in or after it: the outcome says enough.
var _ = federation("Python",
	federated{
		file: "python/python3-saml/rollover.yaml", cure: "parse_remote again, from time to time", patience: onceRead,
		says: map[string]says{
			"A2":  {outcome: oracle.Pass, why: "README of python3-saml: metadata with more than one certificate fill x509certMulti, and any of them will do"},
			"G3":  {grade: oracle.Restart, text: "Signature validation failed", why: "README: the app calls parse_remote; the toolkit keeps no metadata of its own"},
			"H14": {outcome: oracle.Pass, why: "response.py, process_signed_elements: one assertion, its parent signed"},
			"H21": {outcome: oracle.Pass, why: "maintainer, python3-saml#390: there is no way to disable the signature validation"},
		},
	},
	federated{
		file: "python/python3-saml/rollover.refreshing.yaml", cure: "is the cure",
		says: map[string]says{
			"G3": {outcome: oracle.Pass, why: "the app parses the metadata every 3 s, whatever the token says"},
		},
	},
	federated{
		file: "python/python3-saml/rollover.pinned.yaml", cure: "x509certMulti for an overlap, parse_remote for the rest", patience: onceRead,
		says: map[string]says{
			"G3": {grade: oracle.NotRecovered, text: "Signature validation failed", why: "README: the certificates are written down, no metadata is read"},
		},
	},
	federated{
		file: "python/pysaml2/rollover.yaml", cure: "reload_metadata from time to time, or mdq with freshness_period", needs: xmlsec1, patience: onceRead,
		says: map[string]says{
			"A2":  {outcome: oracle.Pass, why: "sigver.py, _check_signature: each certificate of the metadata is tried"},
			"G3":  {grade: oracle.Restart, text: "xmlSecOpenSSLEvpSignatureVerify", why: "documentation, metadata: remote metadata is loaded with the configuration"},
			"H14": {outcome: oracle.Pass, why: "CVE-2020-5390: since 5.0.0 wrapped signatures are refused"},
			"H21": {outcome: oracle.Pass, why: "documentation, want_response_signed: on by default"},
		},
	},
	federated{
		file: "python/pysaml2/rollover.assertion.yaml", cure: "reload_metadata from time to time, or mdq with freshness_period", needs: xmlsec1,
		says: map[string]says{
			"H14": {outcome: oracle.Pass, why: "CVE-2020-5390: since 5.0.0 wrapped signatures are refused"},
			"H15": {outcome: oracle.Pass, why: "documentation, want_assertions_signed"},
			"H21": {outcome: oracle.Pass, why: "documentation, want_assertions_signed"},
		},
	},
	federated{
		file: "python/pysaml2/rollover.mdq.yaml", cure: "is the cure", needs: xmlsec1,
		says: map[string]says{
			"G3": {outcome: oracle.Pass, why: "documentation, freshness_period: metadata older than that is asked for again"},
		},
	},
	federated{
		file: "python/pysaml2/rollover.reloading.yaml", cure: "is the cure", needs: xmlsec1,
		says: map[string]says{
			"G3":  {outcome: oracle.Pass, why: "the app calls reload_metadata every 3 s, whatever the token says"},
			"G10": {outcome: oracle.Pass, why: "mdstore.py, reload: the former metadata is put back where the new cannot be loaded"},
		},
	},
	federated{
		file: "python/pysaml2/rollover.signed.yaml", cure: "a metadata certificate that does not roll", needs: xmlsec1, patience: onceRead,
		says: map[string]says{
			"G3": {text: "xmlSecOpenSSLEvpSignatureVerify", why: "documentation, metadata, cert: what another key signed is not loaded"},
		},
	},
)
