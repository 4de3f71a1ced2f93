package suites_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/golang-jwt/jwt/v5"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/rollover-harness/rollover/mockidp/control"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/scenarios/target/ports"
)

// composed is a compose file of folder docker with the name that its issuer has.
type composed struct {
	file string
	host string // in the issuer's URL
	ask  string // for it, in ISSUER_HOST; empty: the file's default
}

var compositions = []composed{
	{file: "compose.yaml", host: "idp.localhost"},
	{file: "compose.yaml", host: "idp.test", ask: "idp.test"},
	{file: "compose.shared.yaml", host: "localhost"},
}

// load reads the file as compose does: it is valid, or the spec fails.
func (c composed) load(ctx context.Context) *types.Project {
	GinkgoHelper()
	project, err := loader.LoadWithContext(ctx, types.ConfigDetails{
		WorkingDir: "../docker", ConfigFiles: []types.ConfigFile{{Filename: filepath.Join("../docker", c.file)}},
		Environment: map[string]string{"ISSUER_HOST": c.ask},
	}, func(o *loader.Options) { o.SetProjectName("rollover", true) })
	Expect(err).NotTo(HaveOccurred())
	return project
}

// composeTool is the compose command of this machine, or the reason to skip.
func composeTool(ctx context.Context) []string {
	GinkgoHelper()
	for _, tool := range [][]string{{"docker", "compose"}, {"docker-compose"}} {
		if exec.CommandContext(ctx, tool[0], append(tool[1:], "version")...).Run() == nil {
			return tool
		}
	}
	Skip("docker: neither docker compose nor docker-compose is there")
	return nil
}

// stack is a composition that is up.
type stack struct {
	issuer string // its URL
	app    string // the URL of what wants a token
	client *control.Client
}

// up brings a composition up under a name and on ports of its own, until the end.
func (c composed) up(ctx context.Context, version string) stack {
	GinkgoHelper()
	tool := composeTool(ctx)
	env := append(os.Environ(), "ROLLOVER_VERSION="+version, "ISSUER_HOST="+c.ask)
	var free ports.Range
	number := map[string]string{}
	for _, name := range []string{"ISSUER_PORT", "CONTROL_PORT", "APP_PORT"} {
		port, err := free.Reserve()
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(port.Release)
		number[name] = strconv.Itoa(port.Number)
		env = append(env, name+"="+number[name])
	}
	compose := func(ctx context.Context, args ...string) {
		GinkgoHelper()
		line := append(append([]string{}, tool...), "--project-name", version, "--file", filepath.Join("../docker", c.file))
		cmd := exec.CommandContext(ctx, line[0], append(line[1:], args...)...)
		cmd.Env = env
		said, err := cmd.CombinedOutput()
		GinkgoWriter.Printf("%s: %s", strings.Join(args, " "), said)
		Expect(err).NotTo(HaveOccurred(), string(said))
	}
	DeferCleanup(func(ctx SpecContext) {
		compose(ctx, "logs", "--no-color", "--tail", "30")
		compose(ctx, "down", "--volumes")
	})
	compose(ctx, "up", "--detach")
	client := control.NewClient("127.0.0.1:" + number["CONTROL_PORT"])
	DeferCleanup(client.Close)
	return stack{
		issuer: fmt.Sprintf("http://%s:%s/default", c.host, number["ISSUER_PORT"]),
		app:    "http://127.0.0.1:" + number["APP_PORT"] + "/api",
		client: client,
	}
}

// presented is the app's answer to a token, or 0 where it gives none.
func (s stack) presented(ctx context.Context, token string) func() int {
	return func() int {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.app, http.NoBody)
		Expect(err).NotTo(HaveOccurred())
		request.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return 0
		}
		_ = answer.Body.Close()
		return answer.StatusCode
	}
}

// browser is a client on the host that knows the issuer's name, whatever it is,
// as that of its own machine.
func browser() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			_, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
		},
	}}
}

var _ = Describe("compose", Label("docker"), func() {
	for _, c := range compositions {
		Describe(c.file+" with "+c.host, func() {
			It("is valid, and publishes nothing beyond this machine", func(ctx SpecContext) {
				project := c.load(ctx)
				issuer, app := project.Services["issuer"], project.Services["app"]
				Expect(app.DependsOn["issuer"].Condition).To(Equal(types.ServiceConditionHealthy))
				for _, service := range project.Services {
					for _, port := range service.Ports {
						Expect(port.HostIP).To(Equal("127.0.0.1"), "port %s of %s", port.Published, service.Name)
					}
				}
				// The issuer's own port is one number inside and outside.
				Expect(issuer.Ports).To(ContainElement(And(HaveField("Published", Equal("8400")), HaveField("Target", BeEquivalentTo(8400)))))
				Expect(issuer.Command).To(ContainElements("0.0.0.0:8400", c.host))
				Expect(*app.Environment["AUTHORITY"]).To(Equal("http://" + c.host + ":8400/default"))
				if app.NetworkMode != "service:issuer" {
					Expect(issuer.Networks).To(HaveKeyWithValue("default", HaveField("Aliases", ContainElement(c.host))))
				}
			})
		})
	}

	Describe("up", func() {
		BeforeEach(needsEngine)
		BeforeEach(func(ctx SpecContext) { composeTool(ctx) })
		Describe("with fresh images", Ordered, ContinueOnFailure, upSpecs)
	})
})

func upSpecs() {
	var version string
	BeforeAll(func(ctx SpecContext) {
		version = buildImages(ctx, map[string]string{"image": "rollover/mockidp", "image-sample": "rollover/sample"})
	}, NodeTimeout(imagePatience))

	for _, c := range compositions {
		It(c.file+" is one issuer for browser and app, as "+c.host, func(ctx SpecContext) {
			s := c.up(ctx, version)
			issuer := s.client.Issuer("default")
			old, err := issuer.Mint(ctx, credential.Request{})
			Expect(err).NotTo(HaveOccurred())
			Eventually(s.presented(ctx, old.Token)).WithTimeout(upPatience).WithPolling(upPause).Should(Equal(http.StatusOK))

			_, err = issuer.Apply(ctx, keyring.Rotate{})
			Expect(err).NotTo(HaveOccurred())
			next, err := issuer.Mint(ctx, credential.Request{})
			Expect(err).NotTo(HaveOccurred())
			Expect(next.KID).NotTo(Equal(old.KID))
			Eventually(s.presented(ctx, next.Token)).WithTimeout(upPatience).WithPolling(upPause).Should(Equal(http.StatusOK))

			var claims jwt.RegisteredClaims
			_, _, err = jwt.NewParser().ParseUnverified(next.Token, &claims)
			Expect(err).NotTo(HaveOccurred())
			Expect(claims.Issuer).To(Equal(s.issuer))
			outside := oidc.ClientContext(ctx, browser())
			provider, err := oidc.NewProvider(outside, claims.Issuer)
			Expect(err).NotTo(HaveOccurred())
			_, err = provider.Verifier(&oidc.Config{ClientID: "api://default"}).Verify(outside, next.Token)
			Expect(err).NotTo(HaveOccurred())
		}, NodeTimeout(imagePatience))
	}
}
