package pin_test

import (
	"strings"
	"testing"

	"github.com/rollover-harness/rollover/scenarios/pin"
	"github.com/rollover-harness/rollover/scenarios/signers"
)

// FuzzCheck: whatever a configuration file says, a report has a conclusion that
// agrees with its findings, and every finding lies in the file.
func FuzzCheck(f *testing.F) {
	f.Add([]byte(webConfig(none+audience, both(oldSHA1, "\u200e"+newSHA1))))
	f.Add([]byte(webConfig(audience, configurationBased(list("thumbprint", oldSHA1, gone)+"<clear/>"))))
	f.Add([]byte(validating(authority("a", []string{oldSHA1}, []string{strings.TrimSuffix(issuer, "/")}), authority("b", []string{oldX5T}, nil))))
	metadata := []signers.Document{document(f, "entra.xml"), document(f, "adfs.xml"), document(f, "keys.json")}
	metadata = append(metadata, parsed(f, []byte(strings.ReplaceAll(read(f, "entra.xml"), tenant, signers.Tenant))))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := pin.Read("web.config", data)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "web.config:") {
				t.Errorf("no position: %v", err)
			}
			return
		}
		for _, g := range c.Registries {
			for _, d := range metadata {
				r := g.Check(served(d))
				worst := pin.Warning
				for _, finding := range r.Findings {
					worst = max(worst, finding.Level)
					if finding.Line < 1 || finding.Column < 1 || finding.Cause == "" || finding.Level > pin.Warning && finding.Code == "" {
						t.Errorf("%+v", finding)
					}
				}
				want := map[pin.Level]string{pin.Warning: "fits inconclusive", pin.Later: "will fail", pin.Now: "fails"}[worst]
				if !strings.Contains(want, string(r.Outcome)) || r.Summary == "" {
					t.Errorf("%s where the worst finding says %s: %s", r.Outcome, worst, r.Summary)
				}
				for _, row := range r.Rows {
					if row.Served && !row.Accepted && row.NotAfter.After(now) && r.Outcome == pin.Fits {
						t.Errorf("%s is refused, and it fits", row.Thumbprint)
					}
				}
			}
		}
	})
}

// FuzzElement: the element that is printed for a document fits that document.
func FuzzElement(f *testing.F) {
	for _, name := range []string{"entra.xml", "adfs.xml", "entities.xml"} {
		f.Add([]byte(read(f, name)))
	}
	f.Add([]byte(strings.ReplaceAll(read(f, "entra.xml"), tenant, signers.Tenant)))
	f.Add([]byte(strings.ReplaceAll(read(f, "entra.xml"), tenant, "--&quot;&lt;-")))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := signers.Read("metadata", data)
		if err != nil {
			return
		}
		for _, e := range d.Issuers() {
			s := pin.Served{Document: d, Entity: e, Now: now}
			var tenants []string
			if e.Template() {
				tenants = []string{tenant}
			}
			text, err := pin.Element(s, string(data[:min(len(data), 40)]), tenants)
			if err != nil {
				continue
			}
			c, err := pin.Read("web.config", text)
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if r := c.Registries[0].Check(s); len(c.Registries) != 1 || r.Outcome != pin.Fits && (r.Outcome != pin.Unknown || len(d.Problems) == 0) {
				t.Errorf("%s\n%s", says(r), text)
			}
		}
	})
}
