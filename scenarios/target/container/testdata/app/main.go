// Command app is the app of the contract test, in a container.
package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/rollover-harness/rollover/scenarios/target/targettest"
)

func main() {
	for _, word := range os.Args[1:] {
		switch word {
		case "crash":
			fmt.Println("no key set")
			fmt.Fprintln(os.Stderr, "giving up")
			os.Exit(3)
		case "silent":
			fmt.Println("alive")
			end := make(chan os.Signal, 1)
			signal.Notify(end, syscall.SIGTERM)
			<-end
			return
		case "stubborn":
			signal.Ignore(syscall.SIGTERM)
		case "tell":
			fmt.Println("--issuer", os.Getenv("ISSUER"), os.Getenv("OWN"), os.Getenv("CA"))
			for _, file := range []string{os.Getenv("CA"), "/etc/app/settings"} {
				text, err := os.ReadFile(file)
				fmt.Printf("%s: %q %v\n", file, text, err)
			}
		}
	}
	app := targettest.App(func(line string) { fmt.Println(line) })
	fmt.Fprintln(os.Stderr, http.ListenAndServe(":"+os.Getenv("PORT"), app))
	os.Exit(1)
}
