package suites_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/engine"
	"github.com/rollover-harness/rollover/scenarios/engine/local"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target"
	"github.com/rollover-harness/rollover/scenarios/target/kind"
)

// walk is an administrator's way through a rollover with one app.
type walk struct {
	site     engine.Site
	app      target.Target
	instance target.Instance

	mu    sync.Mutex
	lines []string
}

// newWalk opens an issuer and starts the app of a target file for it, with
// variables beside those of the file.
func newWalk(ctx context.Context, name string, variables ...string) *walk {
	GinkgoHelper()
	path := filepath.Join("relyingparty", name)
	data, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred())
	file, err := spec.DecodeFile(path, data)
	Expect(err).NotTo(HaveOccurred())
	if missing := tool(file.Target, filepath.Dir(path)); missing != "" {
		Skip(name + ": " + missing)
	}
	w := &walk{}
	w.app, err = kind.Of(file.Target, filepath.Dir(path), append(os.Environ(), variables...))
	Expect(err).NotTo(HaveOccurred())
	keys := []spec.Key{{Name: "old", State: keyring.Active}}
	w.site, err = local.Opener(local.Config{Profile: file.Issuer.Profile})(ctx, keys, file.Target.Audience)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(w.site.Close)
	w.start(ctx)
	return w
}

func (w *walk) start(ctx context.Context) {
	GinkgoHelper()
	instance, err := w.app.Start(ctx, w.site.Environment, func(line string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.lines = append(w.lines, line)
	})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(instance.Stop)
	w.instance = instance
}

func (w *walk) restart(ctx context.Context) {
	GinkgoHelper()
	Expect(w.instance.Stop(ctx)).To(Succeed())
	w.start(ctx)
}

// log is what the app has printed.
func (w *walk) log() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string{}, w.lines...)
}

// do has the provider do something with its keys.
func (w *walk) do(ctx context.Context, commands ...command.Command) {
	GinkgoHelper()
	_, err := w.site.Apply(ctx, commands...)
	Expect(err).NotTo(HaveOccurred())
}

// signIn is what becomes of a person who signs in now.
func (w *walk) signIn(ctx context.Context) target.Observation {
	GinkgoHelper()
	session, err := w.site.Mint(ctx, credential.Request{Form: credential.Session})
	Expect(err).NotTo(HaveOccurred())
	return w.instance.Present(ctx, session)
}

func (w *walk) works(ctx context.Context) {
	GinkgoHelper()
	o := w.signIn(ctx)
	Expect(o.Outcome).To(Equal(timeline.Accepted), o.Detail)
	Expect(o.Shown).To(Equal(credential.DefaultSubject))
}

// breaks expects the very line that people search for.
func (w *walk) breaks(ctx context.Context) {
	GinkgoHelper()
	o := w.signIn(ctx)
	Expect(o.Outcome).To(Equal(timeline.Rejected), o.Detail)
	Expect(o.Status).To(Equal(http.StatusInternalServerError))
	Eventually(w.log).Should(ContainElement(strings.ReplaceAll(wif10201, "%s", w.site.Environment.EntityID)))
}

// thumbprint is what rollover thumbprint prints of the provider's metadata.
func (w *walk) thumbprint(ctx context.Context, flags ...string) string {
	GinkgoHelper()
	program := filepath.Join(GinkgoT().TempDir(), "rollover")
	built, err := exec.CommandContext(ctx, "go", "build", "-o", program, "../cmd/rollover").CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(built))
	args := append([]string{"thumbprint"}, append(flags, w.site.Environment.FederationMetadata)...)
	printed, err := exec.CommandContext(ctx, program, args...).Output()
	Expect(err).NotTo(HaveOccurred())
	return string(printed)
}

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
