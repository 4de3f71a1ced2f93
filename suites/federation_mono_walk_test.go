package suites_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/rollover-harness/rollover/mockidp/keyring"
)

var (
	registryElement = regexp.MustCompile(`(?s)<issuerNameRegistry.*</issuerNameRegistry>`)
	sha1Thumbprint  = regexp.MustCompile(`\b[0-9A-F]{40}\b`)
)

var _ = Describe("the way out of WIF10201", Label("real", "federation"), func() {
	It("is the element that rollover thumbprint prints, and a restart", func(ctx SpecContext) {
		config := filepath.Join(GinkgoT().TempDir(), "web.config")
		w := newWalk(ctx, "mono/wif10201/rollover.yaml", "WEB_CONFIG="+config)
		w.works(ctx)

		w.do(ctx, keyring.Publish{Name: "new"}, keyring.Activate{Key: "new"})
		w.breaks(ctx)
		w.restart(ctx)
		w.breaks(ctx)

		printed := w.thumbprint(ctx, "--web-config") // the element, behind a comment that says where it is from
		Expect(registryElement.FindAllString(printed, -1)).To(HaveLen(1))
		written, err := os.ReadFile(config)
		Expect(err).NotTo(HaveOccurred())
		Expect(registryElement.FindAll(written, -1)).To(HaveLen(1))
		fixed := strings.Replace(string(written), string(registryElement.Find(written)), printed, 1)
		Expect(os.WriteFile(config, []byte(fixed), 0o600)).To(Succeed())
		w.breaks(ctx) // it was read at the start
		w.restart(ctx)
		w.works(ctx)
	})

	It("is a restart where the registry is updated at the start", func(ctx SpecContext) {
		config := filepath.Join(GinkgoT().TempDir(), "web.config")
		w := newWalk(ctx, "mono/wif10201/rollover.start.yaml", "WEB_CONFIG="+config)
		w.works(ctx)
		w.do(ctx, keyring.Publish{Name: "new"}, keyring.Activate{Key: "new"})
		w.breaks(ctx)
		w.restart(ctx)
		w.works(ctx)
		written, err := os.ReadFile(config)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(written)).To(ContainSubstring("<!-- replaced, the metadata differ: <issuerNameRegistry"))
	})

	It("is never needed where the registry follows metadata that announce the next certificate", func(ctx SpecContext) {
		w := newWalk(ctx, "mono/wif10201/rollover.periodic.yaml")
		w.works(ctx)
		w.do(ctx, keyring.Publish{Name: "new"})
		w.works(ctx)
		Eventually(w.log).WithContext(ctx).WithTimeout(20 * time.Second).Should(
			ContainElement(MatchRegexp(`issuerNameRegistry updated from the metadata: .* [0-9A-F]{40}, [0-9A-F]{40}$`)))
		w.do(ctx, keyring.Activate{Key: "new"})
		w.works(ctx)
		w.do(ctx, keyring.Remove{Key: "old"})
		w.works(ctx)
		Expect(w.log()).NotTo(ContainElement(ContainSubstring("WIF10201")))
	})
})

var _ = Describe("a K2-like table of claims issuers", Label("real", "federation"), func() {
	It("takes the thumbprint that rollover thumbprint prints", func(ctx SpecContext) {
		table := filepath.Join(GinkgoT().TempDir(), "issuers")
		w := newWalk(ctx, "mono/claimsissuer/rollover.yaml", "TABLE="+table)
		w.works(ctx)
		w.do(ctx, keyring.Publish{Name: "new"}, keyring.Activate{Key: "new"}, keyring.Remove{Key: "old"})
		w.breaks(ctx)

		printed := sha1Thumbprint.FindString(w.thumbprint(ctx))
		Expect(printed).NotTo(BeEmpty())
		Expect(os.WriteFile(table, []byte(w.site.Environment.EntityID+"\t"+printed+"\n"), 0o600)).To(Succeed())
		w.works(ctx)
	})

	It("takes the metadata's address in its form", func(ctx SpecContext) {
		w := newWalk(ctx, "mono/claimsissuer/rollover.yaml")
		w.works(ctx)
		w.do(ctx, keyring.Publish{Name: "new"}, keyring.Activate{Key: "new"})
		w.breaks(ctx)

		form := url.Values{"metadata": {w.site.Environment.FederationMetadata}}
		answer, err := http.PostForm(w.instance.Address()+"/admin", form) //nolint:noctx // a form on the loopback interface
		Expect(err).NotTo(HaveOccurred())
		Expect(answer.Body.Close()).To(Succeed())
		Expect(answer.StatusCode).To(Equal(http.StatusOK))
		w.works(ctx)
	})
})
