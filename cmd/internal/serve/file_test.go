package serve

import (
	"strings"
	"testing"
)

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"issuers: [{name: a}]", "issuers:\n  - name: a\n    keys: [{name: k, alg: ES256, state: active}]\n",
		`{"issuers": [{"name": "a"}]}`, "", "issuers: {}", "issuers: [a: &x [*x]]", "- 1", "\x00", "issuers:\n- name: [",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		specs, err := decode(text)
		switch {
		case err == nil && len(specs) == 0:
			t.Error("no issuers, and no error")
		case err != nil && !strings.HasPrefix(err.Error(), ":"):
			t.Errorf("%v does not follow the file's name", err)
		}
		for _, spec := range specs {
			if err := spec.Validate(); err != nil {
				t.Errorf("%+v: %v", spec, err)
			}
		}
	})
}
