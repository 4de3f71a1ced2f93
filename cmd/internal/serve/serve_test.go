package serve_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rollover-harness/rollover/cmd/internal/serve"
	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/control"
)

// running is a server in this process, with what it printed.
type running struct {
	protocol, control string
	issuers           []string
	stderr            *bytes.Buffer
}

// start runs the command until the test ends, and waits until it serves.
func start(t *testing.T, args ...string) running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	var stderr bytes.Buffer
	cmd := serve.Command("mockidp", "mockidp")
	cmd.SetArgs(append([]string{"--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"}, args...))
	cmd.SetOut(in)
	cmd.SetErr(&stderr)
	var group sync.WaitGroup
	group.Go(func() {
		var failure *serve.Error
		if err := cmd.ExecuteContext(ctx); !errors.As(err, &failure) || failure.ExitCode() != 130 {
			t.Errorf("ended with %v", err)
		}
		_ = in.Close()
	})
	t.Cleanup(func() {
		cancel()
		group.Wait()
	})
	r := running{stderr: &stderr}
	for r.issuers == nil {
		var word, value string
		buffer := make([]byte, 4096)
		n, err := out.Read(buffer)
		if err != nil {
			t.Fatalf("%v: %s", err, stderr.String())
		}
		for line := range strings.Lines(string(buffer[:n])) {
			if _, err := fmt.Sscan(line, &word, &value); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			switch word {
			case "protocol":
				r.protocol = value
			case "control":
				r.control = value
			case "issuer":
				r.issuers = append(r.issuers, strings.TrimSpace(line))
			}
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return r
}

func TestItServesOneIssuerByDefault(t *testing.T) {
	r := start(t)
	client := control.NewClient(r.control)
	defer client.Close()
	list, err := client.Issuers(context.Background())
	if err != nil || len(list) != 1 || list[0].Name != "default" || list[0].Profile != "generic" || list[0].Issuer != r.protocol+"/default" {
		t.Errorf("%+v %v", list, err)
	}
	keys, err := client.Issuer("default").Keys(context.Background())
	if err != nil || len(keys.Keys) != 1 || keys.Keys[0].Name != "initial" || keys.Keys[0].State != "active" || keys.Keys[0].Alg != "RS256" {
		t.Errorf("%+v %v", keys, err)
	}
	if text := r.stderr.String(); !strings.Contains(text, "for tests only") || strings.Contains(text, "warning") {
		t.Errorf("stderr: %s", text)
	}
}

func TestProfileAndHost(t *testing.T) {
	r := start(t, "--profile", "entra", "--host", "issuer")
	if !strings.HasPrefix(r.protocol, "http://issuer:") || !strings.Contains(r.issuers[0], "/11111111-2222-3333-4444-555555555555/v2.0") {
		t.Errorf("%+v", r)
	}
}

func TestTheControlListenerKnowsItsOwnNamesAlone(t *testing.T) {
	r := start(t, "--host", "IDP.Test")
	for host, want := range map[string]int{"idp.test:8401": 200, "IDP.TEST": 200, "localhost:8401": 200, "other.test": 403, "idp": 403} {
		request, err := http.NewRequest(http.MethodGet, r.control+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = host
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("addressed as %s: %d, want %d", host, answer.StatusCode, want)
		}
	}
}

func TestTLSWithItsCA(t *testing.T) {
	r := start(t, "--tls")
	client := control.NewClient(r.control)
	defer client.Close()
	ca, err := client.CA(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		t.Fatalf("%s", ca)
	}
	trusting := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}}
	answer, err := trusting.Get(r.protocol + "/default/jwks")
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if !strings.HasPrefix(r.protocol, "https://") || answer.StatusCode != 200 {
		t.Errorf("%s %d", r.protocol, answer.StatusCode)
	}
}

func TestHowMuchOfATimelineIsKept(t *testing.T) {
	for limit, first := range map[string]uint64{"2": 3, "0": 1} { // twice the limit before it drops any
		r := start(t, "--timeline-limit", limit)
		client := control.NewClient(r.control)
		defer client.Close()
		for range 3 {
			if _, err := client.Issuer("default").Apply(t.Context(), command.Skew{}); err != nil {
				t.Fatal(err)
			}
		}
		entries, err := client.Issuer("default").Timeline(t.Context(), 0, 0)
		if err != nil || len(entries) == 0 || entries[0].Seq != first || entries[len(entries)-1].Seq != 4 {
			t.Errorf("limit %s: %d entries, %v: %+v", limit, len(entries), err, entries)
		}
	}
}

func TestConfigFile(t *testing.T) {
	for name, text := range map[string]string{
		"YAML": "issuers:\n  - name: one\n    audience: api://one\n    keys: [{name: a, alg: ES256, kid: k1}, {name: b, alg: EdDSA, state: retired}]\n  - {name: two, profile: entra}\n",
		"JSON": `{"issuers": [{"name": "one", "audience": "api://one", "keys": [{"name": "a", "alg": "ES256", "kid": "k1"}, {"name": "b", "alg": "EdDSA", "state": "retired"}]}, {"name": "two", "profile": "entra"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, "--config", write(t, text))
			client := control.NewClient(r.control)
			defer client.Close()
			list, err := client.Issuers(context.Background())
			if err != nil || len(list) != 2 || list[0].Name != "one" || list[1].Profile != "entra" {
				t.Fatalf("%+v %v", list, err)
			}
			keys, err := client.Issuer("one").Keys(context.Background())
			if err != nil || len(keys.Keys) != 2 || keys.Keys[0].KID != "k1" || keys.Keys[0].State != "active" || keys.Keys[1].State != "retired" {
				t.Errorf("%+v %v", keys, err)
			}
		})
	}
}

func TestConfigOfSignIns(t *testing.T) {
	r := start(t, "--config", write(t, `issuers: [{name: shop, profile: entra, reply: "http://127.0.0.1:9/in", logout: "http://127.0.0.1:9/out", saml: {version: "1.1", keyInfo: absent}}]`))
	client := control.NewClient(r.control)
	defer client.Close()
	info, err := client.Issuer("shop").Info(context.Background())
	if err != nil || info.WSFed == nil {
		t.Fatalf("%+v %v", info, err)
	}
	answer, err := http.Get(*info.WSFed + "?wa=wsignin1.0&wtrealm=urn:app")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if text := string(page); err != nil || !strings.Contains(text, `action="http://127.0.0.1:9/in"`) || !strings.Contains(text, "AssertionID=") || strings.Contains(text, "X509Certificate") {
		t.Errorf("%v %s", err, text)
	}
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "issuers.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestErrorsHaveACodeACauseAndAHint(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	config := func(text string) []string { return []string{"--config", write(t, text)} }
	for name, c := range map[string]struct {
		args []string
		code int
		says []string
	}{
		"unknown flag":         {[]string{"--lisen", "x"}, 2, []string{"lisen", "--help"}},
		"less than nothing":    {[]string{"--timeline-limit", "-1"}, 2, []string{"--timeline-limit", "--help"}},
		"an argument":          {[]string{"now"}, 2, []string{"now"}},
		"unknown profile":      {[]string{"--profile", "okra"}, 2, []string{"okra", "generic"}},
		"protocol port taken":  {[]string{"--listen", taken.Addr().String()}, 4, []string{"address already in use", "--listen"}},
		"control port taken":   {[]string{"--control", taken.Addr().String()}, 4, []string{"address already in use", "--control"}},
		"no such address":      {[]string{"--listen", "192.0.2.1:0"}, 4, []string{"--listen"}},
		"no address":           {[]string{"--control", "nonsense"}, 4, []string{"--control"}},
		"no file":              {[]string{"--config", "/nonexistent.yaml"}, 2, []string{"/nonexistent.yaml"}},
		"unknown member":       {config("issuers:\n  - name: a\n    profil: entra\n"), 2, []string{"issuers.yaml:3: ", "profil"}},
		"unknown key member":   {config("issuers:\n- name: a\n  keys:\n  - nam: x\n"), 2, []string{"issuers.yaml:4: ", "nam"}},
		"not YAML":             {config("issuers: [\n"), 2, []string{"issuers.yaml:"}},
		"empty":                {config(""), 2, []string{"no issuers"}},
		"a name that is none":  {config("issuers: [{name: a/b}]"), 2, []string{"a/b"}},
		"twice":                {config("issuers: [{name: a}, {name: a}]"), 2, []string{"taken"}},
		"an unknown knob":      {config("issuers: [{name: a, saml: {sign: none}}]"), 2, []string{"saml.sign", "assertion, response, both"}},
		"a reply of scripts":   {config(`issuers: [{name: a, reply: "javascript:x"}]`), 2, []string{"reply", "javascript"}},
		"an unknown key state": {config("issuers: [{name: a, keys: [{name: b, state: asleep}]}]"), 2, []string{"asleep"}},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := serve.Command("mockidp", "mockidp")
			// What a case does not say is free, so that nothing else can fail.
			cmd.SetArgs(append([]string{"--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"}, c.args...))
			cmd.SetOut(io.Discard)
			cmd.SetErr(io.Discard)
			err := cmd.Execute()
			var failure *serve.Error
			if !errors.As(err, &failure) || failure.ExitCode() != c.code {
				t.Fatalf("%v, want code %d", err, c.code)
			}
			for _, say := range c.says {
				if !strings.Contains(err.Error(), say) {
					t.Errorf("it does not say %q: %v", say, err)
				}
			}
		})
	}
}

func TestItWarnsWhenOthersCanReachIt(t *testing.T) {
	if text := start(t, "--listen", "0.0.0.0:0").stderr.String(); !strings.Contains(text, "warning: --listen 0.0.0.0:0") || strings.Contains(text, "--control") {
		t.Errorf("%s", text)
	}
	if text := start(t, "--control", ":0").stderr.String(); !strings.Contains(text, "warning: --control :0") {
		t.Errorf("%s", text)
	}
}

func TestHelpShowsAnExample(t *testing.T) {
	cmd := serve.Command("serve", "rollover serve")
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetArgs([]string{"--help"})
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	for _, say := range []string{"rollover serve --profile entra --tls", "--listen", "127.0.0.1:8400", "127.0.0.1:8401", "for tests only"} {
		if !strings.Contains(out.String(), say) {
			t.Errorf("it does not say %q:\n%s", say, out.String())
		}
	}
}
