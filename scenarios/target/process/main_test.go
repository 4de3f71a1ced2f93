//go:build unix

package process

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rollover-harness/rollover/scenarios/target/targettest"
)

// role is the environment variable that makes this binary something else than
// a test: the app, its child, or the tool that starts the app.
const role = "ROLLOVER_TEST_ROLE"

func TestMain(m *testing.M) {
	roles := map[string]func(){
		"":       func() { os.Exit(m.Run()) },
		"app":    func() { listen() },
		"family": func() { breed("child"); listen() },
		"orphan": func() { breed("child") },
		"stubborn": func() {
			signal.Ignore(syscall.SIGTERM)
			listen()
		},
		"crash":  func() { fmt.Println("\x1b[31mno key set\x1b[0m"); fmt.Fprintln(os.Stderr, "giving up"); os.Exit(3) },
		"silent": func() { fmt.Println("alive"); forever() },
		"print":  func() { fmt.Print(os.Getenv("TEXT")); os.Exit(1) },
		"child":  func() { signal.Ignore(syscall.SIGTERM); forever() },
		"tool":   tool,
	}
	roles[os.Getenv(role)]()
}

// listen is the app.
func listen() {
	l, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(strings.Join(os.Args[1:], " "), os.Getenv("ISSUER"))
	_ = http.Serve(l, targettest.App(func(line string) { fmt.Println(line) }))
}

// breed starts a child that holds this process's output open, ignores SIGTERM
// and would outlive everybody.
func breed(as string) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), role+"="+as)
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	if err := child.Start(); err != nil {
		panic(err)
	}
	fmt.Println("child", child.Process.Pid)
}

// tool starts a target as the harness does, says which processes there are and
// waits to be killed.
func tool() {
	tgt, err := New(config("family"))
	if err != nil {
		panic(err)
	}
	i, err := tgt.Start(noContext(), targettest.Environment(), func(line string) {
		if strings.HasPrefix(line, "child ") {
			fmt.Println(line)
		}
	})
	if err != nil {
		panic(err)
	}
	fmt.Println("app", i.PID())
	fmt.Println("guard", i.(*instance).group.guard.Process.Pid)
	forever()
}

func forever() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGUSR2)
	<-ended
}

// config makes this binary the app, in one of its roles.
func config(as string) Config {
	return Config{
		Name:    "app",
		Command: []string{os.Args[0], "--issuer", "${issuer}"},
		Env:     map[string]string{role: as, "PORT": "${port}", "ISSUER": "${issuer}"},
		Environ: os.Environ(),
	}
}

// running says whether a process runs; a zombie does not.
func running(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return !os.IsNotExist(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}
