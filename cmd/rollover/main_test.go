package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/rollover-harness/rollover/scenarios/target/ports"
	"github.com/rollover-harness/rollover/suites/relyingparty/defective"
	"github.com/rollover-harness/rollover/suites/relyingparty/federated"
)

// The test binary is the tool, the app under test and the app's child, by the
// name that it is called by.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"rollover": main, "sample-app": sampleApp, "people-app": peopleApp, "idle": idle})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			root, err := filepath.Abs("../..")
			env.Setenv("REPOSITORY", root)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "freeport": freePort, "await": await, "appears": appears, "same-scenarios": sameScenarios, "fits": fits, "same-thumbprints": sameThumbprints,
		},
	})
}

// exits runs a program that has to end with that code: exits CODE PROGRAM [ARG...]
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	code := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// freePort sets variables to ports that stay reserved until the script ends: freeport NAME...
func freePort(ts *testscript.TestScript, _ bool, names []string) {
	var free ports.Range
	for _, name := range names {
		port, err := free.Reserve()
		ts.Check(err)
		ts.Defer(port.Release)
		ts.Setenv(name, strconv.Itoa(port.Number))
	}
}

// await waits until somebody listens: await HOST:PORT
func await(ts *testscript.TestScript, _ bool, args []string) {
	until(ts.Fatalf, "somebody listens at "+args[0], func() bool {
		connection, err := net.Dial("tcp", args[0])
		if err != nil {
			return false
		}
		return connection.Close() == nil
	})
}

// appears waits until a file has a text: appears FILE TEXT
func appears(ts *testscript.TestScript, _ bool, args []string) {
	until(ts.Fatalf, args[0]+" has "+args[1], func() bool {
		data, err := os.ReadFile(ts.MkAbs(args[0]))
		return err == nil && strings.Contains(string(data), args[1])
	})
}

// until asks again and again whether a condition has come true.
func until(fatalf func(string, ...any), what string, is func() bool) {
	tick, limit := time.NewTicker(5*time.Millisecond), time.NewTimer(20*time.Second)
	defer tick.Stop()
	defer limit.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-limit.C:
			fatalf("it did not come true that %s", what)
		}
	}
}

// sameScenarios compares what two JSON reports say of the scenarios: same-scenarios FILE FILE
func sameScenarios(ts *testscript.TestScript, _ bool, args []string) {
	read := func(name string) any {
		var report struct {
			Scenarios []any
			Summary   any
		}
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(name)), &report))
		if len(report.Scenarios) == 0 {
			ts.Fatalf("%s has no scenarios", name)
		}
		return report
	}
	if diff := cmp.Diff(read(args[0]), read(args[1])); diff != "" {
		ts.Fatalf("(-%s +%s):\n%s", args[0], args[1], diff)
	}
}

// sameThumbprints compares what rollover thumbprint lists with what the issuer
// tells of the keys that it serves: same-thumbprints LIST KEYS
func sameThumbprints(ts *testscript.TestScript, _ bool, args []string) {
	var list struct {
		Certificates []struct{ SHA1, SHA256 string }
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &list))
	var keys struct {
		Keys []struct{ State, Thumbprint, ThumbprintSHA256 string }
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &keys))
	listed, told := map[string]string{}, map[string]string{}
	for _, c := range list.Certificates {
		listed[c.SHA1] = c.SHA256
	}
	for _, k := range keys.Keys {
		if k.State != "removed" {
			told[k.Thumbprint] = k.ThumbprintSHA256
		}
	}
	if diff := cmp.Diff(listed, told); diff != "" || len(listed) == 0 {
		ts.Fatalf("(-%s +%s):\n%s", args[0], args[1], diff)
	}
}

// fits checks YAML files against a JSON Schema: [!] fits SCHEMA FILE...
func fits(ts *testscript.TestScript, neg bool, args []string) {
	schema, err := jsonschema.NewCompiler().Compile(ts.MkAbs(args[0]))
	ts.Check(err)
	for _, name := range args[1:] {
		var value any
		ts.Check(yaml.Unmarshal([]byte(ts.ReadFile(name)), &value))
		if err := schema.Validate(value); (err != nil) != neg {
			ts.Fatalf("%s: %v", name, err)
		}
	}
}

// sampleApp is a defective relying party as a process, configured by its
// environment. It leaves marks in the folder MARKS, where there is one: its
// process id when it listens, "asked" when it is shown a token, "told" when it
// is asked to end. MODE stubborn does not end when it is asked to.
func sampleApp() {
	app, err := defective.New(defective.Config{
		Issuer: os.Getenv("AUTHORITY"), JWKSURI: os.Getenv("JWKS_URI"), Audience: os.Getenv("AUDIENCE"), Defect: os.Getenv("DEFECT"),
		Log: func(line string) { fmt.Println(line) },
	})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	go func() {
		for range told {
			mark("told")
			if os.Getenv("MODE") != "stubborn" {
				os.Exit(0)
			}
		}
	}()
	mark("app")
	_ = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		app.ServeHTTP(w, r)
		if r.URL.Path == "/api" {
			mark("asked")
		}
	}))
}

// peopleApp is the sample app that people sign in to.
func peopleApp() {
	app, err := federated.New(federated.Config{
		Protocol: federated.Protocol(os.Getenv("PROTOCOL")), EntityID: os.Getenv("ENTITY_ID"), SignIn: os.Getenv("SIGN_IN"),
		Metadata: os.Getenv("METADATA"), Realm: os.Getenv("REALM"), Thumbprint: os.Getenv("THUMBPRINT"), Defect: os.Getenv("DEFECT"),
		Log: func(line string) { fmt.Println(line) },
	})
	if err == nil {
		err = http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), app)
	}
	fmt.Println(err)
	os.Exit(1)
}

// idle is a child of an app, or an app that never listens: it ends only when it is killed.
func idle() {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
	fmt.Println("waiting for nothing")
	mark("idle")
	<-context.Background().Done()
}

// mark writes this process's id into the folder of marks, whole or not at all.
func mark(name string) {
	folder := os.Getenv("MARKS")
	if folder == "" {
		return
	}
	draft := filepath.Join(folder, fmt.Sprintf(".%s.%d", name, os.Getpid()))
	_ = os.WriteFile(draft, []byte(strconv.Itoa(os.Getpid())), 0o600)
	_ = os.Rename(draft, filepath.Join(folder, name))
}
