package container

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/authconfig"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"

	"github.com/rollover-harness/rollover/scenarios/target"
	"github.com/rollover-harness/rollover/scenarios/target/internal/output"
)

// Build is what an image is built from.
type Build struct {
	Context    string // folder that is sent to the engine; relative to Config.Dir
	Dockerfile string // path in it; empty is Dockerfile
}

// Prepare builds the image, or sees that it is there and else downloads it, once
// and before the first start. Errors wrap target.ErrStart.
func (t *Target) Prepare(ctx context.Context) error {
	t.preparing.Lock()
	defer t.preparing.Unlock()
	if t.image != "" {
		return nil
	}
	name := t.config.Image
	var err error
	if name == "" {
		name, err = t.build(ctx)
	} else {
		err = t.config.Engine.Pull(ctx, name, t.config.Say)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", target.ErrStart, err)
	}
	seen, err := t.config.Engine.client.ImageInspect(ctx, name)
	if err != nil {
		return fmt.Errorf("%w: look for image %s: %w", ErrEngine, name, err)
	}
	t.image, t.id = name, seen.ID
	return nil
}

// Has reports whether an image is there.
func (e *Engine) Has(ctx context.Context, image string) bool {
	_, err := e.client.ImageInspect(ctx, image)
	return err == nil
}

// Pull sees that an image is there, and downloads it where it is not.
func (e *Engine) Pull(ctx context.Context, image string, say func(string)) error {
	_, err := e.client.ImageInspect(ctx, image)
	if err == nil {
		return nil
	}
	if !errdefs.IsNotFound(err) {
		return fmt.Errorf("look for image %s: %w", image, err)
	}
	if say != nil {
		say(fmt.Sprintf("image %s is not on this machine: downloading it", image))
	}
	options := client.ImagePullOptions{}
	if _, auth, err := testcontainers.DockerImageAuth(ctx, image); err == nil { // without a login anybody may try
		options.RegistryAuth, _ = authconfig.Encode(auth) // a struct of texts
	}
	pulling, err := e.client.ImagePull(ctx, image, options)
	if err == nil {
		err = pulling.Wait(ctx)
	}
	if err != nil {
		return fmt.Errorf("image %s is not on this machine and cannot be downloaded: %w", image, plain(err))
	}
	return nil
}

// build builds the image under a name of the target's own, so that the next run
// finds most of it done, and returns the name.
func (t *Target) build(ctx context.Context) (string, error) {
	folder := t.config.Build.Context
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(t.config.Dir, folder)
	}
	if t.config.Say != nil {
		t.config.Say("building an image from " + folder)
	}
	lines, write := io.Pipe()
	said := output.Read(lines, nil)
	name, err := t.config.Engine.provider.BuildImage(ctx, &testcontainers.ContainerRequest{FromDockerfile: testcontainers.FromDockerfile{
		Context: folder, Dockerfile: t.config.Build.Dockerfile, Repo: "rollover-target", Tag: tag(t.config.Name), BuildLogWriter: write,
	}})
	_ = write.Close()
	<-said.Done()
	if err != nil {
		return "", fmt.Errorf("build an image from %s: %w%s%s", folder, err, buildKit(err), said.LastWords())
	}
	return name, nil
}

// buildKit is a hint where a Dockerfile is not for the engine's own builder.
func buildKit(err error) string {
	if !strings.Contains(err.Error(), "BuildKit") && !strings.Contains(err.Error(), "unknown flag") {
		return ""
	}
	return " (it is built by the engine's own builder: build it yourself, by docker build, and name it in image)"
}

// tag makes a tag of a name: letters, digits, hyphens.
func tag(name string) string {
	text := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, name)
	return "app-" + text[:min(len(text), 100)]
}
