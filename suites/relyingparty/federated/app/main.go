// Command app runs one relying party of package federated, for the harness to
// start as a process or in a container.
//
//	PROTOCOL=wsfed|saml ENTITY_ID=NAME SIGN_IN=URI METADATA=URI REALM=NAME PORT=PORT [BIND=ADDRESS] [THUMBPRINT=HEX] [KEY_SET=URI] [DEFECT=NAME] app
//
// DEFECT is one of federated.Names; empty, the app is sound. THUMBPRINT is read by
// pinned-thumbprint alone, KEY_SET by reads-key-set. It listens on BIND, 127.0.0.1 where
// that is empty; a container needs 0.0.0.0. Port 0 takes a free one; the address is the first line
// on stderr, the reasons of refused sign-ins follow. It ends on SIGTERM.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/rollover-harness/rollover/suites/relyingparty/federated"
	"github.com/rollover-harness/rollover/suites/relyingparty/internal/serve"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, os.Getenv, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves until ctx is done, and returns why it could not.
func run(ctx context.Context, env func(string) string, stderr io.Writer) error {
	logger := log.New(stderr, "", log.LstdFlags|log.Lmicroseconds)
	app, err := federated.New(federated.Config{
		Protocol:   federated.Protocol(env("PROTOCOL")),
		EntityID:   env("ENTITY_ID"),
		SignIn:     env("SIGN_IN"),
		Metadata:   env("METADATA"),
		KeySet:     env("KEY_SET"),
		Realm:      env("REALM"),
		Thumbprint: env("THUMBPRINT"),
		Defect:     env("DEFECT"),
		Log:        func(line string) { logger.Print(line) },
	})
	if err != nil {
		return err
	}
	defer app.Close()
	return serve.Run(ctx, app, env("BIND"), env("PORT"), logger)
}
