// Command app runs one relying party of package defective, for the harness to
// start as a process or in a container.
//
//	AUTHORITY=ISSUER JWKS_URI=URI AUDIENCE=AUD PORT=PORT [BIND=ADDRESS] [DEFECT=NAME] app
//
// DEFECT is one of defective.Names; empty, the app is sound. It listens on BIND,
// 127.0.0.1 where that is empty; a container needs 0.0.0.0. Port 0 takes a free
// one; the address is the first line on stderr, the reasons of rejections
// follow. It ends on SIGTERM.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/rollover-harness/rollover/suites/relyingparty/defective"
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
	app, err := defective.New(defective.Config{
		Issuer:   env("AUTHORITY"),
		JWKSURI:  env("JWKS_URI"),
		Audience: env("AUDIENCE"),
		Defect:   env("DEFECT"),
		Log:      func(line string) { logger.Print(line) },
	})
	if err != nil {
		return err
	}
	defer app.Close()
	return serve.Run(ctx, app, env("BIND"), env("PORT"), logger)
}
