package spec_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

const wholeFile = `# yaml-language-server: $schema=./rollover.schema.json
apiVersion: rollover/v1
target:
  name: orders-api
  process:
    command: [node, server.js]
    env: {AUTHORITY: "${issuer}", AUDIENCE: "${audience}", PORT: "${port}"}
  ready: {path: /healthz, timeout: 10s}
  audience: api://orders
  present: {as: bearer, path: /api, timeout: 5s}
  accepted: [200, 204]
  rejected: [401]
  clock: libfaketime
issuer: {profile: entra}
promise: strict
scenarios: {profile: forgery, include: [A5, mine/x.yaml], exclude: [H2]}
`

func number(n int) *int { return &n }

func TestDecodeFileReadsEveryPart(t *testing.T) {
	got, err := spec.DecodeFile("rollover.yaml", []byte(wholeFile))
	if err != nil {
		t.Fatal(err)
	}
	rate := 0.2
	want := spec.File{
		APIVersion: "rollover/v1",
		Target: spec.Target{
			Name:     "orders-api",
			Process:  &spec.Process{Command: []string{"node", "server.js"}, Env: map[string]string{"AUTHORITY": "${issuer}", "AUDIENCE": "${audience}", "PORT": "${port}"}},
			Ready:    spec.Ready{Path: "/healthz", Timeout: clock.Duration(10 * time.Second)},
			Audience: "api://orders", Present: spec.Carry{As: "bearer", Path: "/api", Timeout: clock.Duration(5 * time.Second)},
			Accepted: []int{200, 204}, Rejected: []int{401}, Clock: "libfaketime",
		},
		Issuer: spec.FileIssuer{Profile: "entra"},
		Promise: spec.Promise{
			Name: "strict", Recovery: &spec.Recovery{}, RejectedGood: number(0), RevocationLag: lasting(5 * time.Minute),
			Announcement: lasting(0), FetchesPerMinute: &rate,
		},
		Scenarios: spec.Selection{Profile: "forgery", Include: []string{"A5", "mine/x.yaml"}, Exclude: []string{"H2"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeFileFillsInDefaults(t *testing.T) {
	got, err := spec.DecodeFile("f", []byte("apiVersion: rollover/v1\ntarget: {name: a, url: \"http://127.0.0.1:1\"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	microsoft, err := spec.PromiseByName("microsoft")
	if err != nil {
		t.Fatal(err)
	}
	half := clock.Duration(30 * time.Second)
	want := spec.File{
		APIVersion: "rollover/v1",
		Target: spec.Target{
			Name: "a", URL: "http://127.0.0.1:1", Ready: spec.Ready{Timeout: half}, Audience: "api://default",
			Present: spec.Carry{As: "bearer", Path: "/", Timeout: half}, Accepted: []int{200}, Rejected: []int{401, 403},
		},
		Issuer: spec.FileIssuer{Profile: "generic"}, Promise: microsoft, Scenarios: spec.Selection{Profile: "core"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	alone, err := spec.DecodeFile("f", []byte(file("", "scenarios: {include: [A5]}\n")))
	if err != nil || alone.Scenarios.Profile != "" {
		t.Errorf("include alone: %+v, %v; want no profile beside it", alone.Scenarios, err)
	}
}

func TestDecodeFileReadsLogins(t *testing.T) {
	half := clock.Duration(30 * time.Second)
	for text, want := range map[string]spec.Carry{
		"{as: oidc-login}": {As: "oidc-login", Path: "/", Timeout: half},
		"{as: wsfed-login, path: /me, reply: /signin, start: issuer, timeout: 1m}": {As: "wsfed-login", Path: "/me", Reply: "/signin", Start: "issuer", Timeout: clock.Duration(time.Minute)},
		"{as: saml-login, start: app}":                                             {As: "saml-login", Path: "/", Start: "app", Timeout: half},
	} {
		got, err := spec.DecodeFile("f", []byte(file("  present: "+text+"\n", "issuer: {profile: adfs, saml: {version: \"1.1\", trust: \"1.3\", sign: both, algorithm: rsa-sha1, keyInfo: absent}}\n")))
		saml := credential.SAML{Version: "1.1", Trust: "1.3", Sign: "both", Algorithm: "rsa-sha1", KeyInfo: "absent"}
		if want.As == "oidc-login" {
			saml = credential.SAML{}
			got, err = spec.DecodeFile("f", []byte(file("  present: "+text+"\n", "issuer: {profile: adfs}\n")))
		}
		if err != nil || got.Target.Present != want || got.Issuer != (spec.FileIssuer{Profile: "adfs", SAML: saml}) {
			t.Errorf("%s: %+v, %+v, %v", text, got.Target.Present, got.Issuer, err)
		}
		if login := got.Target.Present.Login(); !login || got.Target.Present.Federated() != (want.As != "oidc-login") {
			t.Errorf("%s: login %t, federated %t", text, login, got.Target.Present.Federated())
		}
	}
	if c := (spec.Carry{}); c.Login() || c.Federated() {
		t.Error("an app is asked by bearer token unless it says otherwise")
	}
}

// file is a target file that is fine but for what is put in its places.
func file(target, rest string) string {
	return "apiVersion: rollover/v1\ntarget:\n  name: a\n  url: http://127.0.0.1:1\n" + target + rest
}

const entra = "issuer: {profile: entra}\n"

func process(target string) string {
	return "apiVersion: rollover/v1\ntarget:\n  name: a\n  process:\n" + target
}

func container(members string) string {
	return "apiVersion: rollover/v1\ntarget:\n  name: a\n  container: {" + members + "}\n"
}

func TestDecodeFileReadsContainers(t *testing.T) {
	for text, want := range map[string]spec.Container{
		"image: a:1, port: 8080": {Image: "a:1", Port: 8080},
		`build: {context: ., dockerfile: docker/app}, port: 80, command: [serve, "${issuer}"], env: {CA: "${ca}", URL: "${url}"}, files: {/app/x: y}`: {
			Build: &spec.Build{Context: ".", Dockerfile: "docker/app"}, Port: 80, Command: []string{"serve", "${issuer}"},
			Env: map[string]string{"CA": "${ca}", "URL": "${url}"}, Files: map[string]string{"/app/x": "y"},
		},
	} {
		got, err := spec.DecodeFile("f", []byte(container(text)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&want, got.Target.Container); diff != "" {
			t.Error(diff)
		}
	}
}

func TestDecodeFileReadsTLS(t *testing.T) {
	for text, want := range map[string]bool{"": false, "issuer: {tls: false}\n": false, "issuer: {tls: true}\n": true} {
		if got, err := spec.DecodeFile("f", []byte(container("image: a, port: 80")+text)); err != nil || got.Issuer.TLS != want {
			t.Errorf("%q: %t, %v", text, got.Issuer.TLS, err)
		}
	}
}

func TestDecodeFileReadsPromises(t *testing.T) {
	spelled, err := spec.DecodeFile("f", []byte(file("", "promise: {recovery: restart, rejectedGood: 3, fetchesPerMinute: 2, outage: 1h, leeway: 5m}\n")))
	if err != nil {
		t.Fatal(err)
	}
	rate := 2.0
	want := spec.Promise{
		Recovery: &spec.Recovery{Restart: true}, RejectedGood: number(3), FetchesPerMinute: &rate,
		Outage: lasting(time.Hour), Leeway: lasting(5 * time.Minute),
	}
	if diff := cmp.Diff(want, spelled.Promise); diff != "" {
		t.Error(diff)
	}
	for _, name := range spec.PromiseNames() {
		named, err := spec.DecodeFile("f", []byte(file("", "promise: "+name+"\n")))
		want, known := spec.PromiseByName(name)
		if err != nil || known != nil {
			t.Fatal(err, known)
		}
		if diff := cmp.Diff(want, named.Promise); diff != "" {
			t.Error(diff)
		}
	}
}

func TestDecodeFileRefuses(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"no target":         {"apiVersion: rollover/v1\n", "f:1:1: the file has no target (the app under test)"},
		"no name":           {"apiVersion: rollover/v1\ntarget: {url: \"http://a\"}\n", "f:2:9: target has no name (what reports call it)"},
		"container of none": {container("port: 80"), "f:4:14: neither image nor build (image: NAME, or build: {context: .})"},
		"container of both": {container("image: a, build: {context: .}, port: 80"), "f:4:14: image beside build (a container is of one of them)"},
		"no port":           {container("image: a"), "f:4:14: container has no port (port that the app listens on in the container, on all of its interfaces)"},
		"port":              {container("image: a, port: 65536"), "f:4:31: port 65536 (1 to 65535)"},
		"no context":        {container("build: {dockerfile: a}, port: 80"), "f:4:22: build has no context (folder that is sent to the container engine; relative paths start at the folder of this file)"},
		"file nowhere":      {container("image: a, port: 80, files: {app/x: y}"), `f:4:50: "app/x" is no path of a file in the container (it begins with /, as in /app/web.config)`},
		"a folder":          {container("image: a, port: 80, files: {/app/: y}"), `f:4:50: "/app/" is no path of a file in the container (it begins with /, as in /app/web.config)`},
		"no file":           {container(`image: a, port: 80, files: {/app: ""}`), "f:4:49: no file for /app (a path here)"},
		"container's env":   {container(`image: a, port: 80, env: {A: "${b}"}`), `f:4:45: unknown placeholder "b" (one of issuer, metadata, jwks, federationMetadata, samlMetadata, entityID, wsfed, saml2, thumbprint, thumbprints, certificate, certificates, audience, port, url, ca)`},
		"clock of an image": {container("image: a, port: 80") + "  clock: libfaketime\n", "f:5:10: clock of an app that is not started here (it takes a process)"},
		"tls of a url":      {file("", "issuer: {tls: true}\n"), "f:5:15: tls of the issuer of an app that runs already (it cannot trust an authority that is made for the run)"},
		"misspelt key":      {file("  audiense: a\n", ""), `f:5:3: unknown key "audiense" (did you mean "audience"?)`},
		"two kinds":         {file("  process: {command: [a]}\n", ""), "f:3:3: process beside url (a target is one of them)"},
		"no kind":           {"apiVersion: rollover/v1\ntarget: {name: a}\n", "f:2:9: neither process nor container nor url (process: {command: [...]} or container: {image: ...} starts the app, url names one that runs)"},
		"url":               {strings.Replace(file("", ""), "http://127.0.0.1:1", "127.0.0.1:1", 1), `f:4:8: url "127.0.0.1:1" (http://HOST:PORT or https://HOST)`},
		"clock of a url":    {file("  clock: libfaketime\n", ""), "f:5:10: clock of an app that is not started here (it takes a process)"},
		"clock":             {process("    command: [a]\n  clock: faketime\n"), `f:6:10: unknown clock "faketime" (did you mean "libfaketime"?)`},
		"command of text":   {process("    command: node server.js\n"), "f:5:14: command must be a list (each entry begins with a hyphen, or all stand in [ ])"},
		"command of none":   {process("    command: []\n"), "f:5:14: command is empty (program and arguments; relative paths start at the folder of this file)"},
		"nameless program":  {process("    command: [\"\", a]\n"), "f:5:15: the program has no name"},
		"env of numbers":    {process("    command: [a]\n    env: {PORT: 8080}\n"), `f:6:17: PORT must be text (put it in quotes: "8080")`},
		"env of no name":    {process("    command: [a]\n    env: {\"A=B\": c}\n"), `f:6:18: "A=B" is no name of an environment variable`},
		"ready path":        {file("  ready: {path: healthz}\n", ""), `f:5:17: path "healthz" (it begins with /)`},
		"ready timeout":     {file("  ready: {timeout: -1s}\n", ""), "f:5:20: timeout -1s (above zero)"},
		"present path":      {file("  present: {path: api}\n", ""), `f:5:19: path "api" (it begins with /)`},
		"present timeout":   {file("  present: {timeout: -1s}\n", ""), "f:5:22: timeout -1s (above zero)"},
		"present as":        {file("  present: {as: samllogin}\n", ""), `f:5:17: unknown as "samllogin" (did you mean "saml-login"?)`},
		"generic SAML":      {file("  present: {as: saml-login}\n", ""), "f:5:17: saml-login at an issuer of the generic profile, which makes no assertions (the profiles entra and adfs make them)"},
		"generic WS-Fed":    {file("  present: {as: wsfed-login}\n", "issuer: {profile: generic}\n"), "f:5:17: wsfed-login at an issuer of the generic profile, which makes no assertions (the profiles entra and adfs make them)"},
		"bearer reply":      {file("  present: {reply: /a}\n", ""), "f:5:20: reply of an app that nobody signs in to (of oidc-login, wsfed-login and saml-login)"},
		"bearer start":      {file("  present: {start: app}\n", ""), "f:5:20: start of an app that nobody signs in to (of oidc-login, wsfed-login and saml-login)"},
		"start":             {file("  present: {as: saml-login, start: isuer}\n", entra), `f:5:36: unknown start "isuer" (did you mean "issuer"?)`},
		"start of OIDC":     {file("  present: {as: oidc-login, reply: /a, start: issuer}\n", ""), "f:5:47: a login over OpenID Connect begins at the app (issuer is for wsfed-login and saml-login)"},
		"start to nowhere":  {file("  present: {as: wsfed-login, start: issuer}\n", entra), "f:5:37: a login that begins at the issuer has no reply address (reply: /PATH)"},
		"reply":             {file("  present: {as: wsfed-login, reply: signin}\n", entra), `f:5:37: path "signin" (it begins with /)`},
		"saml of bearer":    {file("", "issuer: {profile: entra, saml: {sign: both}}\n"), "f:5:32: saml of an issuer that nobody asks for an assertion (present: {as: wsfed-login}, or saml-login)"},
		"saml sign":         {file("  present: {as: saml-login}\n", "issuer: {profile: entra, saml: {sign: all}}\n"), `f:6:39: unknown sign "all" (one of assertion, response, both)`},
		"saml algorithm":    {file("  present: {as: saml-login}\n", "issuer: {profile: adfs, saml: {algorithm: sha1}}\n"), `f:6:43: unknown algorithm "sha1" (one of rsa-sha256, rsa-sha1)`},
		"saml keyInfo":      {file("  present: {as: saml-login}\n", "issuer: {profile: adfs, saml: {keyInfo: old}}\n"), `f:6:41: keyInfo "old" (absent; a key is named in a scenario's step)`},
		"status":            {file("  accepted: [20]\n", ""), "f:5:14: status 20 (200 to 599)"},
		"status of both":    {file("  rejected: [401, 200]\n", ""), "f:5:19: status 200 is both accepted and rejected (it means one thing)"},
		"status of text":    {file("  accepted: [ok]\n", ""), "f:5:14: accepted[0] must be a whole number"},
		"issuer profile":    {file("", "issuer: {profile: azure}\n"), `f:5:19: unknown profile "azure" (one of generic, entra, adfs)`},
		"promise":           {file("", "promise: microsft\n"), `f:5:10: unknown promise "microsft" (did you mean "microsoft"?)`},
		"promise and more":  {file("", "promise: {name: microsoft, recovery: 1m}\n"), `f:5:11: unknown key "name" (a promise is either a name, as in promise: microsoft, or its members)`},
		"promise below":     {file("", "promise: {rejectedGood: -1, revocationLag: -1s, announcement: -1s, fetchesPerMinute: -1, outage: -1s, leeway: -1s}\n"), "f:5:25: rejectedGood is below zero\nf:5:44: revocationLag is below zero\nf:5:63: announcement is below zero\nf:5:86: fetchesPerMinute is below zero\nf:5:98: outage is below zero\nf:5:111: leeway is below zero"},
		"recovery":          {file("", "promise: {recovery: soon}\n"), `f:5:21: recovery: "soon" is not a duration such as 30s, 5m or 24h, nor the word restart`},
		"recovery below":    {file("", "promise: {recovery: -5s}\n"), "f:5:21: recovery: -5s is below zero"},
		"scenarios profile": {file("", "scenarios: {profile: cor}\n"), `f:5:22: unknown profile "cor" (did you mean "core"?)`},
		"scenarios of one":  {file("", "scenarios: {include: A5}\n"), "f:5:22: include must be a list (each entry begins with a hyphen, or all stand in [ ])"},

		"placeholder":                  {process("    command:\n      - a\n      - --port=${prot}\n"), `f:7:16: unknown placeholder "prot" (did you mean "port"?)`},
		"placeholder quoted":           {process("    command: [a]\n    env: {A: \"${home}\"}\n"), `f:6:15: unknown placeholder "home" (one of issuer, metadata, jwks, federationMetadata, samlMetadata, entityID, wsfed, saml2, thumbprint, thumbprints, certificate, certificates, audience, port, url, ca)`},
		"placeholder in text":          {process("    command:\n      - |\n        echo ${home}\n"), `f:6:9: unknown placeholder "home" (one of issuer, metadata, jwks, federationMetadata, samlMetadata, entityID, wsfed, saml2, thumbprint, thumbprints, certificate, certificates, audience, port, url, ca)`},
		"placeholder after a good one": {process("    command: [\"${port} ${home} ${b}\"]\n"), `f:5:24: unknown placeholder "home" (one of issuer, metadata, jwks, federationMetadata, samlMetadata, entityID, wsfed, saml2, thumbprint, thumbprints, certificate, certificates, audience, port, url, ca)`},
		"placeholder open":             {process("    command: [\"a ${port\"]\n"), "f:5:18: placeholder ${port is not closed (${NAME})"},
		"placeholder in ready":         {file("  ready: {path: \"/${x}\"}\n", ""), `f:5:19: unknown placeholder "x" (one of issuer, metadata, jwks, federationMetadata, samlMetadata, entityID, wsfed, saml2, thumbprint, thumbprints, certificate, certificates, audience, port, url, ca)`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := spec.DecodeFile("f", []byte(c.file))
			same(t, err, c.want)
		})
	}
}

func TestValidateFileChecksWhatIsBuiltInGo(t *testing.T) {
	good := spec.File{Target: spec.Target{Name: "a", URL: "http://127.0.0.1:1"}}
	if errs := spec.ValidateFile(good); errs != nil {
		t.Error(errs)
	}
	bad := spec.File{Target: spec.Target{Name: "a", Process: &spec.Process{Command: []string{"a", "x${prot}"}}}}
	if got, want := spec.ValidateFile(bad).Error(), `target.process.command[1]: unknown placeholder "prot" (did you mean "port"?)`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := spec.ValidateFile(spec.File{}).Error(), "target.name: name is empty (what reports call it)"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestPromiseByNameRefuses(t *testing.T) {
	if _, err := spec.PromiseByName("lax"); err == nil || err.Error() != `unknown promise "lax" (one of strict, microsoft, pinned, or its members)` {
		t.Error(err)
	}
}

func TestIsTargetFile(t *testing.T) {
	for text, want := range map[string]bool{
		wholeFile: true, file("", ""): true, "promise: strict\n": true, "scenarios: {}\n": true,
		whole: false, "issuer: {}\n": false, "": false, "- target\n": false, "target: [\n": false,
	} {
		if got := spec.IsTargetFile([]byte(text)); got != want {
			t.Errorf("IsTargetFile(%q) = %v", text, got)
		}
	}
}
