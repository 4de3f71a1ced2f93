package defective

import _ "embed"

// File is the target file of the sound app as a process, with the promise
// that it keeps.
//
//go:embed rollover.yaml
var File []byte
