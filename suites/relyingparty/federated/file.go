package federated

import _ "embed"

// File is the target file of the sound app in WS-Federation as a process, with
// the promise that it keeps.
//
//go:embed rollover.yaml
var File []byte

// FileSAML is that of the app in SAML 2.0.
//
//go:embed rollover.saml.yaml
var FileSAML []byte
