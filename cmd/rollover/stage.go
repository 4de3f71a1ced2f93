package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/rollover-harness/rollover/mockidp"
	"github.com/rollover-harness/rollover/mockidp/keysource"
	"github.com/rollover-harness/rollover/scenarios/engine"
	"github.com/rollover-harness/rollover/scenarios/engine/contained"
	"github.com/rollover-harness/rollover/scenarios/engine/local"
	"github.com/rollover-harness/rollover/scenarios/target"
	"github.com/rollover-harness/rollover/scenarios/target/container"
	"github.com/rollover-harness/rollover/scenarios/target/kind"
)

// issuerImage is what make image builds.
const issuerImage = "rollover/mockidp:dev"

// hostName is what apps in containers call an issuer in this process.
const hostName = "issuer.rollover.test"

// stage is what a run plays on: the app and where its issuers are.
type stage struct {
	app      target.Target
	open     engine.Opener
	parallel int // scenarios that can run side by side; 0: all
	closing  []func() error
}

// strike takes the stage down. What is left behind is said, and costs no verdict.
func (sh *shell) strike(s *stage) {
	for n := len(s.closing) - 1; n >= 0; n-- {
		if err := s.closing[n](); err != nil {
			fmt.Fprintln(sh.stderr, "rollover:", err)
		}
	}
}

// stage makes ready for the target of a file.
func (sh *shell) stage(ctx context.Context, f runFlags, t task) (_ *stage, err error) {
	s := &stage{}
	defer func() {
		if err != nil {
			sh.strike(s)
		}
	}()
	where := local.Config{Profile: t.file.Issuer.Profile, SAML: t.file.Issuer.SAML}
	on := kind.Machine{Environ: os.Environ(), Say: func(text string) { fmt.Fprintln(sh.stderr, text) }}
	folder := ""
	if t.file.Issuer.TLS {
		if folder, err = s.authority(&where); err != nil {
			return nil, harness("%w", err)
		}
	}
	switch {
	case t.file.Target.Container != nil:
		// Before the engine is looked for: that is a mistake of the file.
		if _, err := container.Files(t.dir, t.file.Target.Container.Files); err != nil {
			return nil, usage("%s: %w", t.name, err)
		}
		if err := sh.containers(ctx, f, s, folder, &on, &where); err != nil {
			return nil, err
		}
	case t.file.Target.URL != "":
		// The app remembers keys from one scenario, and one run, to the next:
		// pool keys would come again.
		where.Source = keysource.New(keysource.Config{Fresh: true})
		s.closing = append(s.closing, func() error { where.Source.Close(); return nil })
		where.Address = f.issuer
		s.parallel = 1
		if err := sh.announce(f.issuer); err != nil {
			return nil, err
		}
	}
	if s.open == nil {
		s.open = local.Opener(where)
	}
	if s.app, err = kind.Of(t.file.Target, t.dir, on); err != nil {
		return nil, usage("%s: %w", t.name, err)
	}
	if c, is := s.app.(*container.Target); is {
		if err := c.Prepare(ctx); err != nil {
			return nil, harness("%s: %w", t.name, err)
		}
	}
	return s, nil
}

// authority makes one for the run, and a folder for what apps are told of it.
func (s *stage) authority(where *local.Config) (folder string, err error) {
	if where.TLS, err = mockidp.NewAuthority(hostName); err != nil {
		return "", err
	}
	if folder, err = os.MkdirTemp("", "rollover-"); err != nil {
		return "", fmt.Errorf("make a folder for the issuer's CA: %w", err)
	}
	s.closing = append(s.closing, func() error { return os.RemoveAll(folder) })
	where.CA = filepath.Join(folder, "ca.pem")
	if err := os.WriteFile(where.CA, where.TLS.PEM(), 0o644); err != nil {
		return "", fmt.Errorf("write down the issuer's CA: %w", err)
	}
	return folder, os.Chmod(folder, 0o755) // apps may run as somebody else
}

// containers finds the container engine and says where issuers run: beside the
// app, or here. folder is for what apps are told of issuers that speak https;
// empty: they speak http.
func (sh *shell) containers(ctx context.Context, f runFlags, s *stage, folder string, on *kind.Machine, where *local.Config) error {
	found, err := container.Open(ctx, os.Getenv("DOCKER_HOST"), on.Say)
	if err != nil {
		return harness("%w", err)
	}
	s.closing = append(s.closing, func() error { return found.Close(ctx) })
	on.Engine = found
	told := context.AfterFunc(ctx, func() {
		fmt.Fprintln(sh.stderr, "removing containers (who interrupts this leaves them for the next run to remove)")
	})
	s.closing = append(s.closing, func() error { told(); return nil })
	if found.Exposed() {
		fmt.Fprintf(sh.stderr, "warning: the container engine is not on this machine's loopback interface: while the run lasts other machines may reach its app and its issuers, who sign whatever they are asked to\n")
	}
	if f.issuerAt == "host" {
		at := found.Gateway()
		if at == "" {
			return harness("the issuer cannot listen where containers reach it: the container engine does not run on this machine itself (--issuer-at container works wherever the engine is)")
		}
		fmt.Fprintf(sh.stderr, "warning: while the run lasts its issuers listen on %s, where every container of this machine can reach them, and their private keys are public\n", at)
		where.Address, where.Host = net.JoinHostPort(at, "0"), hostName
		on.Hosts = map[string]string{hostName: at}
		return nil
	}
	if err := found.Pull(ctx, f.issuerImage, on.Say); err != nil {
		return harness("issuer: %w (make image builds it; --issuer-image names another; --issuer-at host does without)", err)
	}
	s.open = contained.Opener(contained.Config{Engine: found, Image: f.issuerImage, Profile: where.Profile, SAML: where.SAML, TLSIn: folder})
	return nil
}

// announce says where the issuer of a running app will be.
func (sh *shell) announce(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return usage("--issuer %q is not an address such as 127.0.0.1:8400", address)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		fmt.Fprintf(sh.stderr, "warning: the issuer at %s can be reached from other machines, and its private keys are public\n", address)
	}
	fmt.Fprintf(sh.stderr, "the issuer listens at %s while a scenario runs; one scenario after the other\n", address)
	return nil
}
