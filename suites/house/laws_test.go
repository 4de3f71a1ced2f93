// Package house keeps the laws of the tree: who may import whom. A linter can
// be switched off for a line; a failing test is noticed.
package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/rollover-harness/rollover"

// pkg is what go list says of a package.
type pkg struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
	Deps       []string
}

// packages lists the packages of the module at dir, without their tests.
func packages(t *testing.T, dir string) []pkg {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-deps=false", "-json=ImportPath,Dir,GoFiles,Imports,Deps", "./...")
	list.Dir = dir
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list in %s: %v", dir, err)
	}
	var all []pkg
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func everything(t *testing.T) []pkg {
	all := slices.Concat(packages(t, "../.."), packages(t, "../../mockidp"), packages(t, "../../docker/testcontainer"))
	if len(all) < 20 {
		t.Fatalf("only %d packages found: the laws would hold of nothing", len(all))
	}
	return all
}

func under(path, room string) bool {
	return path == module+"/"+room || strings.HasPrefix(path, module+"/"+room+"/")
}

func TestTheIssuerKnowsNoHarness(t *testing.T) {
	for _, p := range everything(t) {
		if !under(p.ImportPath, "mockidp") {
			continue
		}
		for _, dep := range p.Deps {
			if under(dep, "scenarios") || under(dep, "suites") || under(dep, "cmd") {
				t.Errorf("%s depends on %s", p.ImportPath, dep)
			}
		}
	}
}

// TestTheContainerModuleKnowsTheIssuerAlone: whoever imports it gets no harness.
func TestTheContainerModuleKnowsTheIssuerAlone(t *testing.T) {
	found := 0
	for _, p := range everything(t) {
		if !under(p.ImportPath, "docker/testcontainer") {
			continue
		}
		found++
		for _, dep := range p.Deps {
			if strings.HasPrefix(dep, module+"/") && !under(dep, "mockidp") && !under(dep, "docker/testcontainer") {
				t.Errorf("%s depends on %s", p.ImportPath, dep)
			}
		}
	}
	if found == 0 {
		t.Error("the module was not found")
	}
}

func TestPureFloorsDoNoIO(t *testing.T) {
	pure := []string{
		"mockidp/keyring", "mockidp/clock", "mockidp/timeline", "mockidp/credential", "mockidp/profile", "mockidp/oidc",
		"mockidp/command", "mockidp/federation", "mockidp/signin", "mockidp/fault", "mockidp/issuer", "scenarios/spec", "scenarios/oracle", "scenarios/report",
		"scenarios/internal/markup", "scenarios/signers", "scenarios/pin",
	}
	found := map[string]bool{}
	for _, p := range everything(t) {
		room := strings.TrimPrefix(p.ImportPath, module+"/")
		if !slices.Contains(pure, room) {
			continue
		}
		found[room] = true
		for _, imported := range p.Imports {
			forbidden := slices.Contains([]string{"os", "os/exec", "math/rand", "math/rand/v2"}, imported) ||
				(imported == "net/http" && room != "mockidp/fault")
			if forbidden {
				t.Errorf("%s imports %s", p.ImportPath, imported)
			}
		}
		if room != "mockidp/clock" {
			noMachineTime(t, p)
		}
	}
	for _, room := range pure {
		if !found[room] {
			t.Errorf("%s is not there: the list of pure rooms is out of date", room)
		}
	}
}

// noMachineTime reads the sources for the machine's clock.
func noMachineTime(t *testing.T, p pkg) {
	t.Helper()
	for _, name := range p.GoFiles {
		source, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range []string{"time.Now(", "time.Since(", "time.Until("} {
			if bytes.Contains(source, []byte(call)) {
				t.Errorf("%s/%s calls %s)", p.ImportPath, name, call)
			}
		}
	}
}

func TestHeavyLibrariesStayInTheirRooms(t *testing.T) {
	for _, p := range everything(t) {
		for _, imported := range p.Imports {
			switch {
			case strings.HasPrefix(imported, "github.com/testcontainers/") && !under(p.ImportPath, "scenarios/target/container") && !under(p.ImportPath, "docker/testcontainer"):
				t.Errorf("%s imports %s", p.ImportPath, imported)
			case strings.HasPrefix(imported, "github.com/onsi/") && !under(p.ImportPath, "suites"):
				t.Errorf("%s imports %s", p.ImportPath, imported)
			}
		}
	}
}

func TestTheEngineKnowsNoKindOfTarget(t *testing.T) {
	for _, p := range everything(t) {
		if p.ImportPath != module+"/scenarios/engine" {
			continue
		}
		for _, dep := range p.Deps {
			if strings.HasPrefix(dep, module+"/scenarios/target/") || strings.HasPrefix(dep, "github.com/onsi/") || under(dep, "scenarios/oracle") {
				t.Errorf("the engine depends on %s", dep)
			}
		}
	}
}

// TestImportersStayLight: a Go test that imports the issuer gets at most 15
// modules into its version selection.
func TestImportersStayLight(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-m", "all")
	list.Dir = "../../mockidp"
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	modules := strings.Count(string(out), "\n")
	if modules == 0 || modules > 15 {
		t.Errorf("%d modules in the issuer's graph, at most 15 are promised:\n%s", modules, out)
	}
}

func TestNoFileIsLong(t *testing.T) {
	const limit = 600
	for _, p := range everything(t) {
		for _, name := range p.GoFiles {
			source, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if lines := bytes.Count(source, []byte("\n")); lines > limit {
				t.Errorf("%s/%s has %d lines, %d are the limit", p.ImportPath, name, lines, limit)
			}
		}
	}
}
