package suites_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/profile"
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
	ahead    time.Duration // of the provider's clock

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
	w.app, err = kind.Of(file.Target, filepath.Dir(path), kind.Machine{Environ: append(os.Environ(), variables...)})
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

// logged is how long a line may take from the app that prints it to its log here.
const logged = 10 * time.Second

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

// later puts the provider's clock, and with ahead the app's, so far ahead of the
// machine's.
func (w *walk) later(ctx context.Context, ahead func(time.Duration), by time.Duration) {
	GinkgoHelper()
	w.do(ctx, command.Skew{By: clock.Duration(by - w.ahead)})
	w.ahead = by
	ahead(by)
}

// fetched is how often the federation metadata were.
func (w *walk) fetched(ctx context.Context) (times int) {
	GinkgoHelper()
	entries, err := w.site.Timeline(ctx, 0, 0)
	Expect(err).NotTo(HaveOccurred())
	for _, e := range entries {
		if served, is := e.Event.(timeline.Served); is && served.Document == profile.FederationMetadataDocument {
			times++
		}
	}
	return times
}

// signIn is what becomes of a person who signs in now.
func (w *walk) signIn(ctx context.Context, r credential.Request) target.Observation {
	GinkgoHelper()
	r.Form = credential.Session
	session, err := w.site.Mint(ctx, r)
	Expect(err).NotTo(HaveOccurred())
	return w.instance.Present(ctx, session)
}

func (w *walk) works(ctx context.Context) {
	GinkgoHelper()
	o := w.signIn(ctx, credential.Request{})
	Expect(o.Outcome).To(Equal(timeline.Accepted), o.Detail)
	Expect(o.Shown).To(Equal(credential.DefaultSubject))
}

// breaks expects the very line that people search for.
func (w *walk) breaks(ctx context.Context) {
	GinkgoHelper()
	before := len(w.log())
	o := w.signIn(ctx, credential.Request{})
	Expect(o.Outcome).To(Equal(timeline.Rejected), o.Detail)
	Expect(o.Status).To(Equal(http.StatusInternalServerError))
	Eventually(func() []string { return w.log()[before:] }).WithTimeout(logged).Should(ContainElement(strings.ReplaceAll(wif10201, "%s", w.site.Environment.EntityID)))
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
