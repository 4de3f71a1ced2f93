package suites_test

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/profile"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// fakeClock gives an app a clock that the returned function puts ahead of the
// machine's.
func fakeClock() (variables []string, ahead func(time.Duration)) {
	GinkgoHelper()
	libraries, err := filepath.Glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
	Expect(err).NotTo(HaveOccurred())
	if len(libraries) == 0 {
		Skip("dotnet/wsfederation: no libfaketime to move its clock with (apt-get install libfaketime)")
	}
	path := filepath.Join(GinkgoT().TempDir(), "clock")
	ahead = func(by time.Duration) {
		GinkgoHelper()
		Expect(os.WriteFile(path+".new", fmt.Appendf(nil, "+%d", int(by.Seconds())), 0o600)).To(Succeed())
		Expect(os.Rename(path+".new", path)).To(Succeed())
	}
	ahead(0)
	return []string{"LD_PRELOAD=" + libraries[0], "FAKETIME_TIMESTAMP_FILE=" + path, "FAKETIME_NO_CACHE=1"}, ahead
}

var _ = Describe("ASP.NET Core's WS-Federation sign-in, hours later", Label("real", "federation"), func() {
	// The interval is ConfigurationManager.AutomaticRefreshInterval: 24 h by default, 5 min at the least.
	DescribeTable("follows what was announced for its interval, and drops what left",
		func(ctx SpecContext, file string, interval time.Duration) {
			variables, ahead := fakeClock()
			w := newWalk(ctx, file, variables...)
			w.works(ctx)
			w.do(ctx, keyring.Publish{Name: "new"})
			w.later(ctx, ahead, interval/2)
			w.works(ctx)
			Expect(w.fetched(ctx)).To(Equal(1), "within the interval nobody asks again")

			w.later(ctx, ahead, interval+10*time.Second)
			w.works(ctx)
			Expect(w.fetched(ctx)).To(Equal(2))
			w.do(ctx, keyring.Activate{Key: "new"})
			w.works(ctx)

			w.do(ctx, keyring.Remove{Key: "old"})
			Expect(w.signIn(ctx, credential.Request{Key: "old"}).Outcome).To(Equal(timeline.Accepted), "nothing has told it")
			w.later(ctx, ahead, 2*interval+20*time.Second)
			w.works(ctx)
			Expect(w.signIn(ctx, credential.Request{Key: "old"}).Outcome).To(Equal(timeline.Rejected))
		},
		Entry("by default", "dotnet/wsfederation/rollover.yaml", 24*time.Hour),
		Entry("with AUTOMATIC_REFRESH_INTERVAL", "dotnet/wsfederation/rollover.automatic.yaml", 5*time.Minute),
	)

	// IDX10500 is not the exception that WsFederationHandler asks for new metadata after.
	It("refuses everybody until then, once it has read metadata without a key", func(ctx SpecContext) {
		variables, ahead := fakeClock()
		w := newWalk(ctx, "dotnet/wsfederation/rollover.yaml", variables...)
		w.works(ctx)
		w.do(ctx, command.Fault{Rule: fault.Rule{ID: "keyless", Document: profile.FederationMetadataDocument, Empty: &fault.Empty{}}})
		w.later(ctx, ahead, time.Minute)
		stranger := w.signIn(ctx, credential.Request{Forge: credential.StrangerCertificate}) // whose certificate has it look again
		Expect(stranger.Outcome).To(Equal(timeline.Rejected))
		Expect(w.signIn(ctx, credential.Request{}).Outcome).To(Equal(timeline.Rejected))
		Eventually(w.log).WithTimeout(logged).Should(ContainElement(ContainSubstring("IDX10500")))
		Expect(w.fetched(ctx)).To(Equal(2))

		w.do(ctx, command.Clear{})
		for _, to := range []time.Duration{2 * time.Minute, time.Hour, 24 * time.Hour} {
			w.later(ctx, ahead, to)
			Expect(w.signIn(ctx, credential.Request{}).Outcome).To(Equal(timeline.Rejected), "after %s", to)
		}
		Expect(w.fetched(ctx)).To(Equal(2))
		w.later(ctx, ahead, 24*time.Hour+2*time.Minute)
		w.works(ctx)
	})
})
