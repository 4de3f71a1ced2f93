package suites_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/rollover-harness/rollover/scenarios/pin"
	"github.com/rollover-harness/rollover/scenarios/signers"
)

// servedBy is what the metadata of an issuer with one certificate comes to.
func servedBy(issuer string, certificate []byte) pin.Served {
	GinkgoHelper()
	document, err := signers.Read("metadata", []byte(`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="`+issuer+`">
<RoleDescriptor xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:fed="http://docs.oasis-open.org/wsfed/federation/200706" xsi:type="fed:SecurityTokenServiceType">
<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>`+base64.StdEncoding.EncodeToString(certificate)+
		`</X509Certificate></X509Data></KeyInfo></KeyDescriptor></RoleDescriptor></EntityDescriptor>`))
	Expect(err).NotTo(HaveOccurred())
	Expect(document.Issuers()).To(HaveLen(1))
	return pin.Served{Document: document, Entity: document.Issuers()[0], Now: time.Now()}
}

var _ = Describe("rollover thumbprint --check", func() {
	// What it says of a web.config is what the registry says when the token comes.
	for _, c := range registryCases {
		It("agrees with the registry: "+c.name, func() {
			der, thumbprint := someCertificate()
			text, err := os.ReadFile(webConfig(GinkgoT().TempDir(), c.registry, thumbprint))
			Expect(err).NotTo(HaveOccurred())
			config, err := pin.Read("web.config", []byte(strings.Replace(string(text), "<issuerNameRegistry>", `<issuerNameRegistry type="`+string(pin.Validating)+`">`, 1)))
			Expect(err).NotTo(HaveOccurred())
			Expect(config.Registries).To(HaveLen(1))

			issuer := registryIssuer
			if c.issuer != "" {
				issuer = c.issuer
			}
			var codes []string
			for _, f := range config.Registries[0].Check(servedBy(issuer, der)).Findings {
				if f.Level == pin.Now && !strings.HasPrefix(f.Code, "ID") { // the file says nothing of audiences
					codes = append(codes, f.Code)
				}
			}
			if c.refused == "" {
				Expect(codes).To(BeEmpty())
			} else {
				Expect(codes).To(ContainElement(c.refused))
			}
		})
	}

	It("prints an element that the registry loads", Label("real"), func(ctx SpecContext) {
		program, missing := monoProgram("wif10201.exe")
		if missing != "" {
			Skip("mono/wif10201: " + missing)
		}
		der, thumbprint := someCertificate()
		element, err := pin.Element(servedBy(registryIssuer, der), "metadata.xml", nil)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(element)).To(ContainSubstring(`<add thumbprint="` + thumbprint + `" />`))
		path := filepath.Join(GinkgoT().TempDir(), "web.config")
		Expect(os.WriteFile(path, []byte("<configuration><system.identityModel><identityConfiguration>"+string(element)+
			"</identityConfiguration></system.identityModel></configuration>"), 0o600)).To(Succeed())
		Expect(askRegistry(ctx, program, path, der, registryIssuer, "")).To(Equal(registryIssuer + "\n"))
	})
})
