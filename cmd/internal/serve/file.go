package serve

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"

	"go.yaml.in/yaml/v3"

	"github.com/rollover-harness/rollover/mockidp/issuer"
)

// file is the form of --config: the members of issuer.Spec under the names
// that the control API has for them.
type file struct {
	Issuers []issuer.Spec
}

// readFile reads a configuration; JSON is YAML too. Members that it does not
// know are errors. They are FILE:LINE: cause, where the line is known.
func readFile(path string) ([]issuer.Spec, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &Error{Code: 2, Hint: "--config names a YAML or JSON file", Err: err}
	}
	specs, err := decode(text)
	if err != nil {
		return nil, &Error{Code: 2, Hint: "issuers: a list of name, profile, audience, keys, base, saml, reply, logout", Err: fmt.Errorf("%s%w", path, err)}
	}
	return specs, nil
}

// yamlPlace is how the YAML library says where and what.
var yamlPlace = regexp.MustCompile(`(?s)^yaml: (?:unmarshal errors:\s+)?line (\d+): (.*)$`)

// decode returns errors that begin with a colon, for the file's name to stand before.
func decode(text []byte) ([]issuer.Spec, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	var f file
	if err := decoder.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		if m := yamlPlace.FindStringSubmatch(err.Error()); m != nil {
			return nil, fmt.Errorf(":%s: %s", m[1], m[2])
		}
		return nil, fmt.Errorf(": %w", err)
	}
	if len(f.Issuers) == 0 {
		return nil, errors.New(": no issuers in it")
	}
	for _, spec := range f.Issuers {
		if err := spec.Validate(); err != nil {
			return nil, fmt.Errorf(": %w", err)
		}
	}
	return f.Issuers, nil
}
