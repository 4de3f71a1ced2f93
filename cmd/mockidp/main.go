// Command mockidp is the mock issuer on its own: rollover serve without the
// verb. `mockidp health` asks one that runs whether it serves.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/rollover-harness/rollover/cmd/internal/serve"
)

func main() {
	err := root().ExecuteContext(context.Background())
	if err == nil {
		return
	}
	code := 2
	var failure *serve.Error
	if errors.As(err, &failure) {
		code = failure.Code
	}
	fmt.Fprintf(os.Stderr, "mockidp: %v\n", err)
	os.Exit(code)
}

func root() *cobra.Command {
	cmd := serve.Command("mockidp", "mockidp")
	cmd.CompletionOptions.HiddenDefaultCmd = true
	cmd.SetHelpCommand(&cobra.Command{Hidden: true}) // --help is the one way
	cmd.AddCommand(health())
	return cmd
}
