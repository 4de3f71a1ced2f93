package kind_test

import (
	"slices"
	"testing"

	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target"
	"github.com/rollover-harness/rollover/scenarios/target/container"
	"github.com/rollover-harness/rollover/scenarios/target/kind"
)

// How an app is asked decides what it is good for.
func TestFeatures(t *testing.T) {
	for as, want := range map[string][]target.Feature{
		"":            nil,
		"bearer":      nil,
		"oidc-login":  {target.OIDC},
		"wsfed-login": {target.WSFed, target.Federation},
		"saml-login":  {target.SAML, target.Federation},
	} {
		url := spec.Target{Name: "a", URL: "http://127.0.0.1:1", Present: spec.Carry{As: as}}
		process := spec.Target{Name: "a", Process: &spec.Process{Command: []string{"a", "${port}"}}, Present: spec.Carry{As: as}}
		image := spec.Target{Name: "a", Container: &spec.Container{Image: "a", Port: 80}, Present: spec.Carry{As: as}}
		for _, one := range []struct {
			of   spec.Target
			kind string
			own  []target.Feature
		}{{url, "url", nil}, {process, "process", []target.Feature{target.Restart, target.Logs}}, {image, "container", []target.Feature{target.Restart, target.Logs}}} {
			made, err := kind.Of(one.of, ".", kind.Machine{Engine: &container.Engine{}})
			if err != nil {
				t.Fatal(err)
			}
			if got := made.Features(); made.Kind() != one.kind || !slices.Equal(got, slices.Concat(one.own, want)) {
				t.Errorf("%s of %s: %v", as, made.Kind(), got)
			}
		}
	}
}

// What the file says reaches the probe, which checks it too.
func TestOfPassesOnWhatALoginNeeds(t *testing.T) {
	for name, carry := range map[string]spec.Carry{
		"path":           {As: "saml-login", Path: "orders"},
		"reply":          {As: "saml-login", Reply: "acs"},
		"start":          {As: "saml-login", Start: "issuer"},
		"timeout":        {As: "saml-login", Timeout: -1},
		"protocol":       {As: "ldap-login"},
		"bearer's path":  {Path: "orders"},
		"start for oidc": {As: "oidc-login", Reply: "/a", Start: "issuer"},
	} {
		if _, err := kind.Of(spec.Target{Name: "a", URL: "http://127.0.0.1:1", Present: carry}, ".", kind.Machine{}); err == nil {
			t.Errorf("%s: nothing is wrong with %+v", name, carry)
		}
	}
	both := spec.Target{Name: "a", URL: "http://127.0.0.1:1", Present: spec.Carry{As: "wsfed-login"}, Accepted: []int{401}}
	if _, err := kind.Of(both, ".", kind.Machine{}); err == nil {
		t.Error("a status that is accepted and, by default, rejected")
	}
}
