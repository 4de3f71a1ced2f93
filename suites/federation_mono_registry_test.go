package suites_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // a certificate's thumbprint is its SHA-1
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	registryIssuer = "https://sts.windows.net/11111111-2222-3333-4444-555555555555/"

	// The text that people search for, and its cause: one message for four.
	wif10201 = "System.IdentityModel.Tokens.SecurityTokenValidationException: WIF10201: No valid key mapping found for securityToken: " +
		"'System.IdentityModel.Tokens.X509SecurityToken' and issuer: '%s'."
)

// registryCase is a registry, what it is asked, and what Microsoft's
// ValidatingIssuerNameRegistry 4.5.1 was seen to answer. THUMB stands for the
// thumbprint of the certificate that is asked about.
type registryCase struct {
	name     string
	registry string
	issuer   string // default registryIssuer
	refused  string // the code; empty: the issuer comes back
}

// pinned is one authority.
func pinned(thumbprint, issuer string) string {
	return `<authority name="one"><keys><add thumbprint="` + thumbprint + `"/></keys><validIssuers><add name="` + issuer + `"/></validIssuers></authority>`
}

var other = strings.Repeat("A1", sha1.Size)

var registryCases = []registryCase{
	{name: "thumbprint and issuer in one authority", registry: pinned("THUMB", registryIssuer)},
	{name: "the name of the authority is not the issuer's", registry: pinned("THUMB", registryIssuer), issuer: "one", refused: "WIF10201"},
	{name: "lower case", registry: pinned("thumb", registryIssuer)},
	{name: "spaces within and around", registry: pinned(" TH UMB ", registryIssuer)},
	{name: "U+200E in front", registry: pinned("\u200eTHUMB", registryIssuer), refused: "WIF10201"},
	{name: "colons", registry: pinned("TH:UMB", registryIssuer), refused: "WIF10201"},
	{name: "a tab", registry: pinned("TH&#9;UMB", registryIssuer), refused: "WIF10201"},
	{name: "another certificate", registry: pinned(other, registryIssuer), refused: "WIF10201"},
	{name: "another issuer", registry: pinned("THUMB", "https://sts.windows.net/other/"), refused: "WIF10201"},
	{name: "no slash at the end of the issuer", registry: pinned("THUMB", strings.TrimSuffix(registryIssuer, "/")), refused: "WIF10201"},
	{name: "the issuer in another case", registry: pinned("THUMB", strings.ToUpper(registryIssuer)), refused: "WIF10201"},
	{
		name: "certificate and issuer in different authorities", refused: "WIF10201",
		registry: pinned("THUMB", "urn:a") + strings.Replace(pinned(other, registryIssuer), "one", "two", 1),
	},
	{
		name:     "both in the second of two authorities",
		registry: pinned(other, registryIssuer) + strings.Replace(pinned("THUMB", registryIssuer), "one", "two", 1),
	},
	{name: "no authority at all", refused: "WIF10201"},
	{name: "a comment between authorities", registry: "<!-- old -->" + pinned("THUMB", registryIssuer)},

	{name: "the same thumbprint twice", registry: pinned(`THUMB"/><add thumbprint="THUMB`, registryIssuer), refused: "WIF10110"},
	{name: "the same thumbprint in another case", registry: pinned(`THUMB"/><add thumbprint="thumb`, registryIssuer), refused: "WIF10110"},
	{name: "the same issuer twice", registry: pinned("THUMB", registryIssuer+`"/><add name="`+registryIssuer), refused: "WIF10110"},
	{name: "the old element trustedIssuers", registry: `<trustedIssuers><add thumbprint="THUMB" name="x"/></trustedIssuers>`, refused: "WIF10112"},
	{name: "the same authority twice", registry: strings.Repeat(pinned("THUMB", registryIssuer), 2), refused: "WIF10103"},
	{name: "an authority without a name", registry: strings.Replace(pinned("THUMB", registryIssuer), ` name="one"`, "", 1), refused: "WIF10111"},
	{name: "an authority with an empty name", registry: strings.Replace(pinned("THUMB", registryIssuer), "one", "", 1), refused: "WIF10101"},
	{name: "no keys element", registry: `<authority name="one"><validIssuers><add name="x"/></validIssuers></authority>`, refused: "WIF10104"},
	{name: "no validIssuers element", registry: `<authority name="one"><keys><add thumbprint="THUMB"/></keys></authority>`, refused: "WIF10104"},
	{name: "no key", registry: `<authority name="one"><keys/><validIssuers><add name="x"/></validIssuers></authority>`, refused: "WIF10115"},
	{name: "no valid issuer", registry: `<authority name="one"><keys><add thumbprint="THUMB"/></keys><validIssuers/></authority>`, refused: "WIF10114"},
	{name: "another element in an authority", registry: strings.Replace(pinned("THUMB", "x"), "<keys>", "<audience/><keys>", 1), refused: "WIF10102"},
	{name: "another element among the keys", registry: strings.Replace(pinned("THUMB", "x"), "<keys>", "<keys><remove/>", 1), refused: "WIF10107"},
	{name: "a key without an attribute", registry: strings.Replace(pinned("THUMB", "x"), "<keys>", "<keys><add/>", 1), refused: "WIF10108"},
	{name: "an empty thumbprint", registry: pinned("", registryIssuer), refused: "WIF10109"},
	{name: "an issuer without a name", registry: strings.Replace(pinned("THUMB", "x"), "<validIssuers>", "<validIssuers><add/>", 1), refused: "WIF10111"},
	{name: "text among the authorities", registry: "one" + pinned("THUMB", registryIssuer), refused: "WIF10106"},
}

// monoProgram is the path of a mono app, or the reason why it cannot run.
func monoProgram(name string) (path, missing string) {
	if _, err := exec.LookPath("mono"); err != nil {
		return "", "no mono on PATH"
	}
	path, err := filepath.Abs(filepath.Join("relyingparty", "mono", "out", name))
	if err != nil {
		return "", err.Error()
	}
	if _, err := os.Stat(path); err != nil {
		return "", name + " is not built (make targets)"
	}
	return path, ""
}

// askRegistry asks the registry of a web.config about a certificate and an
// issuer, through the assembly of the user's own where one is named.
func askRegistry(ctx context.Context, program, config string, certificate []byte, issuer, assembly string) string {
	GinkgoHelper()
	ask := exec.CommandContext(ctx, "mono", program, "check", config, base64.StdEncoding.EncodeToString(certificate), issuer)
	ask.Env = append(os.Environ(), "REGISTRY="+assembly)
	var errs bytes.Buffer
	ask.Stderr = &errs
	said, err := ask.Output()
	if exit := (*exec.ExitError)(nil); err != nil {
		Expect(err).To(BeAssignableToTypeOf(exit))
	}
	Expect(errs.String()).To(BeEmpty())
	return string(said)
}

// someCertificate is a certificate and its thumbprint.
func someCertificate() (der []byte, thumbprint string) {
	GinkgoHelper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	Expect(err).NotTo(HaveOccurred())
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "registry"}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0),
	}
	der, err = x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	Expect(err).NotTo(HaveOccurred())
	return der, fmt.Sprintf("%X", sha1.Sum(der)) //nolint:gosec // as above
}

// webConfig writes a web.config with these children of issuerNameRegistry. The
// thumbprint is cut where a case cuts THUMB.
func webConfig(dir, registry, thumbprint string) string {
	GinkgoHelper()
	upper, lower := thumbprint, strings.ToLower(thumbprint)
	filled := strings.NewReplacer(
		"THUMB", upper, "thumb\"", lower+"\"", " TH UMB ", " "+upper[:8]+" "+upper[8:]+" ",
		"TH:UMB", upper[:2]+":"+upper[2:], "TH&#9;UMB", upper[:2]+"&#9;"+upper[2:],
	).Replace(registry)
	path := filepath.Join(dir, "web.config")
	Expect(os.WriteFile(path, []byte("<configuration><system.identityModel><identityConfiguration><issuerNameRegistry>"+filled+
		"</issuerNameRegistry></identityConfiguration></system.identityModel></configuration>"), 0o600)).To(Succeed())
	return path
}

var _ = Describe("the WIF10201-compatible registry", Label("real"), func() {
	var program, missing string
	BeforeEach(func() {
		program, missing = monoProgram("wif10201.exe")
		if missing != "" {
			Skip("mono/wif10201: " + missing)
		}
	})

	for _, c := range registryCases {
		It(c.name, func(ctx SpecContext) {
			der, thumbprint := someCertificate()
			issuer := registryIssuer
			if c.issuer != "" {
				issuer = c.issuer
			}
			said := askRegistry(ctx, program, webConfig(GinkgoT().TempDir(), c.registry, thumbprint), der, issuer, "")
			switch c.refused {
			case "":
				Expect(said).To(Equal(issuer + "\n"))
			case "WIF10201":
				Expect(said).To(Equal(fmt.Sprintf(wif10201, issuer) + "\n"))
			default:
				Expect(said).To(HavePrefix("System.Configuration.ConfigurationErrorsException: " + c.refused + ": "))
			}
		})
	}

	It("leaves the answer to a registry of the user's own", func(ctx SpecContext) {
		if _, err := exec.LookPath("mcs"); err != nil {
			Skip("mono/wif10201: no mcs on PATH")
		}
		dir := GinkgoT().TempDir()
		source := filepath.Join(dir, "own.cs")
		Expect(os.WriteFile(source, []byte(`using System.Xml;
namespace System.IdentityModel.Tokens {
	public class ValidatingIssuerNameRegistry : IssuerNameRegistry {
		string first;
		public override void LoadCustomConfiguration(XmlNodeList nodes) { first = ((XmlElement)nodes[0]).GetAttribute("name"); }
		public override string GetIssuerName(SecurityToken token) { return null; }
		public override string GetIssuerName(SecurityToken token, string issuer) { return "own registry: " + first; }
	}
}`), 0o600)).To(Succeed())
		assembly := filepath.Join(dir, "own.dll")
		compiled, err := exec.CommandContext(ctx, "mcs", "-target:library", "-out:"+assembly, "-r:System.IdentityModel", source).CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(compiled))

		der, thumbprint := someCertificate()
		config := webConfig(dir, pinned("THUMB", registryIssuer), thumbprint)
		Expect(askRegistry(ctx, program, config, der, registryIssuer, assembly)).To(HaveSuffix("own registry: one\n"))
	})

	It("says so and answers itself where that assembly is not there", func(ctx SpecContext) {
		der, thumbprint := someCertificate()
		config := webConfig(GinkgoT().TempDir(), pinned("THUMB", registryIssuer), thumbprint)
		Expect(askRegistry(ctx, program, config, der, registryIssuer, "/nowhere/own.dll")).To(Equal(
			"skipped: no assembly /nowhere/own.dll; the WIF10201-compatible registry is used\n" + registryIssuer + "\n"))
	})

	// The same table against Microsoft's own assembly, for those who have it.
	It("answers as ValidatingIssuerNameRegistry does", func(ctx SpecContext) {
		assembly := os.Getenv("ROLLOVER_VINR")
		if assembly == "" {
			Skip("mono/wif10201: ROLLOVER_VINR names no ValidatingIssuerNameRegistry assembly")
		}
		for _, c := range registryCases {
			der, thumbprint := someCertificate()
			issuer := registryIssuer
			if c.issuer != "" {
				issuer = c.issuer
			}
			said := askRegistry(ctx, program, webConfig(GinkgoT().TempDir(), c.registry, thumbprint), der, issuer, assembly)
			if c.refused == "" {
				Expect(said).To(HaveSuffix("\n"+issuer+"\n"), c.name)
			} else {
				Expect(said).To(ContainSubstring(c.refused), c.name)
			}
		}
	})
})
