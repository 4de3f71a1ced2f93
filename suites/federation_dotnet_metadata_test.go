package suites_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/rollover-harness/rollover/mockidp"
	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// metadataReading is what Microsoft's reader says of a document.
type metadataReading struct {
	Issuer        string   `json:"issuer"`
	Keys          int      `json:"keys"`
	Thumbprints   []string `json:"thumbprints"`
	TokenEndpoint string   `json:"tokenEndpoint"`
	Signed        bool     `json:"signed"`
	Verified      bool     `json:"verified"`
}

const metadataReader = "relyingparty/dotnet/metadata/out/app.dll"

// readMetadata has Microsoft's reader read a URL or file; refused is what it
// says where it does not take the document.
func readMetadata(ctx context.Context, address string) (read metadataReading, refused string) {
	GinkgoHelper()
	var errs strings.Builder
	reader := exec.CommandContext(ctx, "dotnet", metadataReader, address)
	reader.Stderr = &errs
	out, err := reader.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return metadataReading{}, errs.String()
	}
	Expect(err).NotTo(HaveOccurred())
	Expect(json.Unmarshal(out, &read)).To(Succeed(), string(out))
	return read, ""
}

func fetch(ctx context.Context, address string) string {
	GinkgoHelper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	Expect(err).NotTo(HaveOccurred())
	answer, err := http.DefaultClient.Do(request)
	Expect(err).NotTo(HaveOccurred())
	body, err := io.ReadAll(answer.Body)
	Expect(errors.Join(err, answer.Body.Close())).To(Succeed())
	Expect(answer.StatusCode).To(Equal(http.StatusOK), address)
	return string(body)
}

var _ = Describe("Microsoft's reader of federation metadata", Label("real", "federation"), func() {
	BeforeEach(func() {
		if _, err := exec.LookPath("dotnet"); err != nil {
			Skip("dotnet/metadata: no dotnet on PATH")
		}
		if _, err := os.Stat(metadataReader); err != nil {
			Skip("dotnet/metadata: app.dll is not built (make targets)")
		}
	})

	DescribeTable("finds what is served",
		func(ctx SpecContext, profile, path, entityID, endpoint string) {
			issuer, base := twoKeys(profile)
			read, refused := readMetadata(ctx, base+path)
			Expect(refused).To(BeEmpty())
			Expect(read).To(Equal(metadataReading{
				Issuer: strings.ReplaceAll(entityID, "BASE", base), Keys: 2, Thumbprints: thumbprints(ctx, issuer),
				TokenEndpoint: base + endpoint, Signed: true, Verified: true,
			}))
		},
		Entry("of an Entra tenant", "entra", "/"+tenant+metadataPath, "https://sts.windows.net/"+tenant+"/", "/"+tenant+"/wsfed"),
		Entry("of Entra's common", "entra", "/common"+metadataPath, "https://sts.windows.net/{tenantid}/", "/common/wsfed"),
		Entry("of an app in Entra", "entra", "/"+tenant+metadataPath+"?appid=app", "https://sts.windows.net/"+tenant+"/", "/"+tenant+"/wsfed"),
		Entry("of AD FS", "adfs", metadataPath, "BASE/adfs/services/trust", "/adfs/ls/"),
	)

	It("overlooks the byte-order mark of an app's document, in a file too", func(ctx SpecContext) {
		issuer, base := twoKeys("entra")
		document := fetch(ctx, base+"/"+tenant+metadataPath+"?appid=app")
		Expect(document).To(HavePrefix("\ufeff"))
		read, refused := readMetadata(ctx, file(document))
		Expect(refused).To(BeEmpty())
		Expect(read.Thumbprints).To(Equal(thumbprints(ctx, issuer)))
		Expect(read.Verified).To(BeTrue())
	})

	It("reads what was altered and what nobody signed: the signature is the app's to check, and no app does by itself", func(ctx SpecContext) {
		_, base := twoKeys("entra")
		document := fetch(ctx, base+"/"+tenant+metadataPath)

		altered := strings.Replace(document, `entityID="https://sts`, `entityID="https://evil`, 1)
		Expect(altered).NotTo(Equal(document))
		read, refused := readMetadata(ctx, file(altered))
		Expect(refused).To(BeEmpty())
		Expect(read.Issuer).To(Equal("https://evil.windows.net/" + tenant + "/"))
		Expect(read.Signed).To(BeTrue())
		Expect(read.Verified).To(BeFalse())

		unsigned := signatureElement.ReplaceAllString(document, "")
		Expect(unsigned).NotTo(Equal(document))
		read, refused = readMetadata(ctx, file(unsigned))
		Expect(refused).To(BeEmpty())
		Expect(read.Keys).To(Equal(2))
		Expect(read.Signed).To(BeFalse())
	})
})

const (
	tenant       = "11111111-2222-3333-4444-555555555555" // of the issuer "default"
	metadataPath = "/FederationMetadata/2007-06/FederationMetadata.xml"
)

var signatureElement = regexp.MustCompile(`(?s)<Signature .*?</Signature>`)

// twoKeys gives an issuer with an active and a published key, and its address.
func twoKeys(profile string) (_ *mockidp.Issuer, base string) {
	GinkgoHelper()
	issuer := mockidp.Start(GinkgoT(), mockidp.Config{
		Profile: profile, Keys: []mockidp.Key{{Name: "old", State: keyring.Active}, {Name: "new", State: keyring.Published}},
	})
	at, err := url.Parse(issuer.Endpoints().Metadata)
	Expect(err).NotTo(HaveOccurred())
	return issuer, at.Scheme + "://" + at.Host
}

// thumbprints are those of the keys that an issuer has.
func thumbprints(ctx context.Context, issuer *mockidp.Issuer) []string {
	GinkgoHelper()
	keys, err := issuer.Keys(ctx)
	Expect(err).NotTo(HaveOccurred())
	all := make([]string, len(keys.Keys))
	for i, key := range keys.Keys {
		all[i] = key.Thumbprint
	}
	return all
}

// file holds a document for the life of a spec.
func file(document string) string {
	GinkgoHelper()
	path := filepath.Join(GinkgoT().TempDir(), "metadata.xml")
	Expect(os.WriteFile(path, []byte(document), 0o600)).To(Succeed())
	return path
}
