package container

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/probe"
	"github.com/rollover-harness/rollover/scenarios/target"
	"github.com/rollover-harness/rollover/scenarios/target/targettest"
)

// engine is the one of this machine; without one the test is skipped.
func engine(t *testing.T) *Engine {
	t.Helper()
	e, err := Open(t.Context(), "", nil)
	if errors.Is(err, ErrAbsent) {
		t.Skip("docker: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return e
}

// image is the folder from which the app's image is built.
func image(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(dir, "app"), "./testdata/app")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, text := range map[string]string{
		"Dockerfile": "FROM scratch\nCOPY app /app\nENTRYPOINT [\"/app\"]\n",
		"empty":      "FROM scratch\nCOPY settings /settings\n",
		"broken":     "FROM scratch\nCOPY nothing /app\n",
		"settings":   "of the app",
		"ca.pem":     "an authority",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// app is the app of the contract test; words are its command line.
func app(e *Engine, dir string, words ...string) Config {
	return Config{
		Engine: e, Name: "contract", Dir: dir, Build: Build{Context: "."}, Port: 8080, Command: words,
		Env: map[string]string{"PORT": "${port}"}, Ready: probe.Ready{Path: "/healthz"},
	}
}

func newTarget(t *testing.T, c Config) *Target {
	t.Helper()
	made, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestContainers(t *testing.T) {
	e := engine(t)
	dir := image(t)
	t.Run("contract", func(t *testing.T) {
		stuck := app(e, dir, "silent")
		targettest.Run(t, targettest.Subject{Kind: "container", Target: newTarget(t, app(e, dir)), Stuck: newTarget(t, stuck)})
	})
	t.Run("tell the app", func(t *testing.T) { tellTheApp(t, e, dir) })
	t.Run("fail to start", func(t *testing.T) { failToStart(t, e, dir) })
	t.Run("end by themselves", func(t *testing.T) { endByThemselves(t, e, dir) })
	t.Run("are removed", func(t *testing.T) { areRemoved(t, e, dir) })
	t.Run("stay the image that they were", func(t *testing.T) { staysTheImageThatItWas(t, e, dir) })
	t.Run("of an engine that fails", func(t *testing.T) { engineFails(t, e, dir) })
	t.Run("of a run that died", func(t *testing.T) { ofARunThatDied(t, e, dir) })
}

func tellTheApp(t *testing.T, e *Engine, dir string) {
	c := app(e, dir, "tell", "${issuer}")
	c.Env["ISSUER"], c.Env["OWN"], c.Env["CA"] = "${issuer}", "${url}", "${ca}"
	c.Files = map[string]string{"/etc/app/settings": "settings"}
	env := targettest.Environment()
	env.CA = filepath.Join(dir, "ca.pem")
	var lines []string
	i, err := newTarget(t, c).Start(t.Context(), env, func(line string) { lines = append(lines, line) })
	if err != nil {
		t.Fatal(err)
	}
	if err := i.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"--issuer " + env.Issuer + " " + i.Address() + " /rollover-ca.pem",
		`/rollover-ca.pem: "an authority" <nil>`, `/etc/app/settings: "of the app" <nil>`,
	}
	if got := strings.Join(lines, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("the app saw\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func failToStart(t *testing.T, e *Engine, dir string) {
	for name, c := range map[string]struct {
		change func(*Config)
		want   []string
	}{
		"ends early": {func(c *Config) { c.Command = []string{"crash"} },
			[]string{"start contract: target does not start: image rollover-target:app-contract: ended by itself (exit status 3) before it was ready\nits last words:\n", "\n  | no key set", "\n  | giving up"}},
		"is not ready": {func(c *Config) {
			c.Command, c.Ready.Timeout = []string{"silent"}, 500*time.Millisecond
		}, []string{"not ready within 500ms (GET http://", "(it has to listen on port 8080 of all of the container's interfaces)\nits last words:\n  | alive"}},
		"no such image": {func(c *Config) { c.Build, c.Image = Build{}, "rollover.invalid/nobody:none" },
			[]string{"target does not start: image rollover.invalid/nobody:none is not on this machine and cannot be downloaded: "}},
		"cannot be built": {func(c *Config) { c.Build.Dockerfile = "broken" },
			[]string{"target does not start: build an image from " + dir, "nothing", "its last words:\n  | Step 1/", " : FROM scratch"}},
		"no Dockerfile": {func(c *Config) { c.Build.Dockerfile = "elsewhere" }, []string{"build an image from " + dir, "elsewhere"}},
	} {
		t.Run(name, func(t *testing.T) {
			targettest.NoLeaks(t)
			configured := app(e, dir)
			c.change(&configured)
			i, err := newTarget(t, configured).Start(t.Context(), targettest.Environment(), nil)
			if i != nil || !errors.Is(err, target.ErrStart) {
				t.Fatalf("%v, %v", i, err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v\nwant %s", err, want)
				}
			}
		})
	}
	if left, err := e.find(t.Context(), labelRun+"="+e.owner.run); err != nil || len(left.containers) > 0 {
		t.Errorf("left behind: %+v, %v", left, err)
	}
}

func endByThemselves(t *testing.T, e *Engine, dir string) {
	targettest.NoLeaks(t)
	i, err := newTarget(t, app(e, dir)).Start(t.Context(), targettest.Environment(), nil)
	if err != nil {
		t.Fatal(err)
	}
	id := i.(*instance).container.GetContainerID()
	if _, err := e.client.ContainerKill(t.Context(), id, client.ContainerKillOptions{Signal: "KILL"}); err != nil {
		t.Fatal(err)
	}
	<-i.Done()
	if err := i.Err(); err == nil || err.Error() != "killed (exit status 137: signal 9)" {
		t.Errorf("%v", err)
	}
	if o := i.Present(t.Context(), credential.Credential{Token: targettest.Good}); o.Outcome != timeline.Unreachable {
		t.Errorf("%+v", o)
	}
	if err := i.Stop(t.Context()); err != nil || i.Err() == nil {
		t.Errorf("stop: %v, then %v", err, i.Err())
	}
}

// One that does not listen to SIGTERM is killed and removed all the same.
func areRemoved(t *testing.T, e *Engine, dir string) {
	i, err := newTarget(t, app(e, dir, "stubborn")).Start(t.Context(), targettest.Environment(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if left, err := e.find(t.Context(), labelRun+"="+e.owner.run); err != nil || len(left.containers) != 1 || len(left.networks) != 1 {
		t.Errorf("%+v, %v", left, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := i.Stop(ctx); err != nil {
		t.Error(err)
	}
	if left, err := e.find(t.Context(), labelRun+"="+e.owner.run); err != nil || len(left.containers) != 0 {
		t.Errorf("%+v, %v", left, err)
	}
}

// What another run left is removed where its process is no more, and only then.
func ofARunThatDied(t *testing.T, e *Engine, dir string) {
	gone := exec.CommandContext(t.Context(), "true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	// A machine of its own: others, who really run here, keep their hands off.
	mine := *e
	mine.owner.machine = "test-" + e.owner.run
	me := mine.owner
	for name, c := range map[string]struct {
		of   owner
		left bool
	}{
		"it runs":                 {me, true},
		"its start is not known":  {owner{machine: me.machine, pid: gone.Process.Pid}, true},
		"its clock was corrected": {owner{machine: me.machine, pid: me.pid, start: me.start + 900}, true},
		"its process ended":       {owner{machine: me.machine, pid: gone.Process.Pid, start: 1}, false},
		"its number is back":      {owner{machine: me.machine, pid: me.pid, start: me.start - 10_000}, false},
		"of another machine":      {owner{machine: "elsewhere", pid: gone.Process.Pid, start: 1}, true},
	} {
		t.Run(name, func(t *testing.T) {
			other := *e
			other.owner = c.of
			other.owner.run = e.owner.run + "-" + strings.ReplaceAll(name, " ", "-")
			if err := other.newNetwork(t.Context()); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = other.Close(context.Background()) }()
			if _, err := newTarget(t, app(&other, dir)).Start(t.Context(), targettest.Environment(), nil); err != nil {
				t.Fatal(err)
			}
			var said []string
			mine.sweep(t.Context(), func(text string) { said = append(said, text) })
			left, err := e.find(t.Context(), labelRun+"="+other.owner.run)
			if err != nil {
				t.Fatal(err)
			}
			if got := len(left.containers) == 1 && len(left.networks) == 1; got != c.left || !c.left && len(left.containers)+len(left.networks) > 0 {
				t.Errorf("left: %+v", left)
			}
			if want := "removed what a run that did not come to its end left: 1 container, 1 network"; !c.left && (len(said) != 1 || said[0] != want) {
				t.Errorf("said %q", said)
			}
		})
	}
}

// An app is the image that it was when the run began, whoever builds another
// under its name meanwhile.
func staysTheImageThatItWas(t *testing.T, e *Engine, dir string) {
	c := app(e, dir)
	c.Name = "moving"
	made := newTarget(t, c)
	if err := made.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = e.client.ImageRemove(context.Background(), made.image, client.ImageRemoveOptions{Force: true})
	})
	broken := newTarget(t, app(e, dir))
	broken.config.Name, broken.config.Build.Dockerfile = "moving", "empty"
	if err := broken.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if made.image != broken.image || made.id == broken.id {
		t.Fatalf("%s %s, %s %s", made.image, made.id, broken.image, broken.id)
	}
	i, err := made.Start(t.Context(), targettest.Environment(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := i.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// What the engine fails at is not held against an app that worked before.
func engineFails(t *testing.T, e *Engine, dir string) {
	made := newTarget(t, app(e, dir))
	i, err := made.Start(t.Context(), targettest.Environment(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := i.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	other := *e
	other.network = "no-such-network"
	made.config.Engine = &other
	if i, err := made.Start(t.Context(), targettest.Environment(), nil); i != nil || !errors.Is(err, ErrEngine) || errors.Is(err, target.ErrStart) {
		t.Errorf("%v, %v", i, err)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"no engine":   {func(c *Config) { c.Engine = nil }, "no engine"},
		"no image":    {func(c *Config) { c.Build = Build{} }, "one of image and build"},
		"two":         {func(c *Config) { c.Image = "a" }, "one of image and build"},
		"no port":     {func(c *Config) { c.Port = 0 }, "port 0"},
		"placeholder": {func(c *Config) { c.Env["A"] = "${isuer}" }, "unknown placeholder ${isuer}"},
		"no file":     {func(c *Config) { c.Files = map[string]string{"/a": "nothing"} }, "nothing, which goes to /a, is not a file here"},
		"bad probe":   {func(c *Config) { c.Probe = probe.Bearer{Path: "orders"} }, `path "orders" does not begin with /`},
		"bad ready":   {func(c *Config) { c.Ready.Path = "healthz" }, `ready path "healthz" does not begin with /`},
	} {
		configured := app(&Engine{}, t.TempDir())
		c.change(&configured)
		if _, err := New(configured); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %s", name, err, c.want)
		}
	}
}

func TestNoEngineIsOneClearError(t *testing.T) {
	nowhere, err := client.New(client.WithHost("unix:///nowhere/docker.sock"))
	if err != nil {
		t.Fatal(err)
	}
	var provider testcontainers.DockerProvider
	provider.SetClient(nowhere)
	e, err := open(t.Context(), &provider, nil)
	if e != nil || !errors.Is(err, ErrAbsent) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "DOCKER_HOST names another one") {
		t.Errorf("%v", err)
	}
}

func TestNoSocketIsNotCalledRootless(t *testing.T) {
	err := absent(errors.New("rootless Docker not found, failed to create Docker provider"))
	if !errors.Is(err, ErrAbsent) || strings.Contains(err.Error(), "rootless") {
		t.Errorf("%v", err)
	}
}
