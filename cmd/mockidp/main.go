// Command mockidp is the mock issuer on its own: rollover serve without the verb.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/rollover-harness/rollover/cmd/internal/serve"
)

func main() {
	err := serve.Command("mockidp", "mockidp").Execute()
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
