package testcontainer_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"testing"

	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"

	"github.com/rollover-harness/rollover/docker/testcontainer"
)

// image is what the tests and examples run: make image builds it.
const image = "rollover/mockidp:dev"

// missing is why containers of the image cannot be run here; empty: they can.
var missing string

// TestMain leaves examples out where there is no engine or no image: they have
// no other way to skip. Tests skip by themselves.
func TestMain(m *testing.M) {
	flag.Parse()
	if !testing.Verbose() {
		tclog.SetDefault(log.New(io.Discard, "", 0))
	}
	if missing = whatIsMissing(); missing != "" {
		fmt.Fprintln(os.Stderr, "examples are left out:", missing)
		if err := flag.Set("test.skip", "^Example"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

func whatIsMissing() (reason string) {
	defer func() {
		if p := recover(); p != nil { // how testcontainers-go says that there is no engine
			reason = fmt.Sprint("no container engine: ", p)
		}
	}()
	engine, err := testcontainers.NewDockerClientWithOpts(context.Background())
	if err != nil {
		return fmt.Sprintf("no container engine: %v", err)
	}
	defer engine.Close()
	if _, err := engine.ImageInspect(context.Background(), image); err != nil {
		return fmt.Sprintf("no image (make image builds it): %v", err)
	}
	return ""
}

func needsImage(t testing.TB) {
	t.Helper()
	if missing != "" {
		t.Skip(missing)
	}
}

// run gives a container that ends with the test.
func run(t testing.TB, opts ...testcontainers.ContainerCustomizer) *testcontainer.Container {
	t.Helper()
	needsImage(t)
	idp, err := testcontainer.Run(t.Context(), image, opts...)
	testcontainers.CleanupContainer(t, idp)
	if err != nil {
		t.Fatal(err)
	}
	return idp
}
