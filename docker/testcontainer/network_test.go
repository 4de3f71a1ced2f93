package testcontainer_test

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/network"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/rollover-harness/rollover/docker/testcontainer"
	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// appImage builds the context of an image with internal/app in it.
func appImage(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "app"), "./internal/app")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	file := "FROM scratch\nCOPY app /app\nENTRYPOINT [\"/app\"]\n"
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAnAppInTheSameNetwork(t *testing.T) {
	t.Parallel()
	needsImage(t)
	ctx := t.Context()
	shared, err := network.New(ctx)
	testcontainers.CleanupNetwork(t, shared)
	if err != nil {
		t.Fatal(err)
	}
	idp := run(t, network.WithNetwork([]string{"idp"}, shared), testcontainer.WithBase("http://idp:8400"))
	authority, err := idp.Issuer(ctx)
	if err != nil || authority != "http://idp:8400/default" {
		t.Fatalf("%s %v", authority, err)
	}
	app, err := testcontainers.Run(ctx, "",
		testcontainers.WithDockerfile(testcontainers.FromDockerfile{Context: appImage(t)}),
		testcontainers.WithCmd("-issuer", authority),
		testcontainers.WithExposedPorts("8080/tcp"),
		testcontainers.WithWaitStrategy(wait.ForHTTP("/healthz").WithPort("8080/tcp")),
		network.WithNetwork(nil, shared),
	)
	testcontainers.CleanupContainer(t, app)
	if err != nil {
		t.Fatal(err)
	}
	api, err := app.PortEndpoint(ctx, "8080/tcp", "http")
	if err != nil {
		t.Fatal(err)
	}

	mint := func() string {
		made, err := idp.Mint(ctx, credential.Request{Subject: "ann"})
		if err != nil {
			t.Fatal(err)
		}
		return made.Token
	}
	before := mint()
	expect(t, api, before, http.StatusOK, "ann")
	if _, err := idp.Apply(ctx, keyring.Rotate{Abrupt: true}); err != nil {
		t.Fatal(err)
	}
	expect(t, api, mint(), http.StatusOK, "ann")
	expect(t, api, before, http.StatusUnauthorized, "failed to verify")

	// No published port is between them: what is refused is refused.
	if _, err := idp.Apply(ctx, command.Fault{Rule: fault.Rule{ID: "down", Refuse: &fault.Refuse{}}}); err != nil {
		t.Fatal(err)
	}
	expect(t, api, before, http.StatusBadGateway, "connection refused")
}

// expect presents token at the app.
func expect(t *testing.T, api, token string, status int, text string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, api, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != status || !strings.Contains(string(body), text) {
		t.Errorf("%d %q %v, want %d %q", answer.StatusCode, body, err, status, text)
	}
}
