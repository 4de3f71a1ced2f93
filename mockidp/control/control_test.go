package control_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp"
	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/control"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// A server is what the handler serves, in this package and outside it.
var _ control.Registry[*mockidp.Issuer] = (*mockidp.Server)(nil)

// start gives a control listener over a server with the issuer "default".
func start(t *testing.T) (*mockidp.Server, *httptest.Server, *control.Client) {
	t.Helper()
	issuers := mockidp.NewServer(mockidp.ServerConfig{})
	t.Cleanup(func() { _ = issuers.Close() })
	if err := issuers.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if _, err := issuers.Create(context.Background(), issuer.Spec{Name: "default"}); err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(control.NewHandler(issuers, control.Options{}))
	t.Cleanup(listener.Close)
	client := control.NewClient(listener.URL)
	t.Cleanup(client.Close)
	return issuers, listener, client
}

func send(t *testing.T, method, url, body string, header ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(header); n += 2 {
		request.Header.Set(header[n], header[n+1])
		if header[n] == "Host" {
			request.Host = header[n+1]
		}
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(text)
}

func TestBodiesThatScriptsRelyOn(t *testing.T) {
	issuers, listener, _ := start(t)
	base := issuers.URL() + "/default"
	_, text := send(t, "GET", listener.URL+"/issuers", "")
	want := `{"issuers":[{"name":"default","profile":"generic","issuer":"` + base + `","metadata":"` + base +
		`/.well-known/openid-configuration","jwks":"` + base + `/jwks","federationMetadata":null,` +
		`"samlMetadata":null,"entityID":null,"wsfed":null,"saml2":null}]}`
	if strings.TrimSpace(text) != want {
		t.Errorf("%s\nwant %s", text, want)
	}

	answer, text := send(t, "POST", listener.URL+"/issuers/default/commands", `[{"publish":{"name":"new","alg":"ES256"}},{"activate":{"key":"new"}}]`)
	var result struct {
		Generation  int
		Transitions []map[string]any
	}
	if err := json.Unmarshal([]byte(text), &result); err != nil || answer.StatusCode != 200 || result.Generation != 3 || len(result.Transitions) != 3 {
		t.Fatalf("%d %s", answer.StatusCode, text)
	}
	if from, there := result.Transitions[0]["from"]; !there || from != nil {
		t.Errorf("a new key comes from %v: %s", from, text)
	}
	if m := result.Transitions[1]; m["key"] != "new" || m["from"] != "published" || m["to"] != "active" || m["kid"] == "" {
		t.Errorf("%v", m)
	}

	_, text = send(t, "GET", listener.URL+"/issuers/default/keys", "")
	var keys struct {
		Generation int
		Keys       []map[string]any
	}
	if err := json.Unmarshal([]byte(text), &keys); err != nil || keys.Generation != 3 || len(keys.Keys) != 2 {
		t.Fatalf("%s", text)
	}
	for _, member := range []string{"name", "kid", "alg", "state", "thumbprint", "thumbprintSHA256", "certificate", "publicKey"} {
		if keys.Keys[1][member] == nil {
			t.Errorf("a key has no %s: %s", member, text)
		}
	}
	public := keys.Keys[1]["publicKey"].(map[string]any)
	if public["kty"] != "EC" || public["d"] != nil || strings.Contains(text, "PRIVATE") {
		t.Errorf("%v", public)
	}

	for _, body := range []string{"{}", "", `{"expiresIn":"5m"}`} {
		answer, text = send(t, "POST", listener.URL+"/issuers/default/mint", body)
		var made struct {
			Token, KID string
			Generation int
		}
		if err := json.Unmarshal([]byte(text), &made); err != nil || answer.StatusCode != 200 || strings.Count(made.Token, ".") != 2 || made.KID == "" || made.Generation != 3 {
			t.Errorf("mint %q: %d %s", body, answer.StatusCode, text)
		}
	}
	answer, text = send(t, "GET", listener.URL+"/healthz", "")
	if answer.StatusCode != 200 || strings.TrimSpace(text) != `{"status":"ok"}` {
		t.Errorf("%d %s", answer.StatusCode, text)
	}
}

func TestProblems(t *testing.T) {
	_, listener, _ := start(t)
	long := `{"subject":"` + strings.Repeat("x", 1<<20) + `"}`
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		says               string
	}{
		"unknown issuer":          {"GET", "/issuers/nobody", "", 404, "the issuers are default"},
		"unknown issuer, deleted": {"DELETE", "/issuers/nobody", "", 404, "the issuers are default"},
		"unknown key":             {"POST", "/issuers/default/commands", `{"activate":{"key":"nobody"}}`, 404, "the keys are initial"},
		"unknown key, minted":     {"POST", "/issuers/default/mint", `{"key":"nobody"}`, 404, "the keys are initial"},
		"unknown fault":           {"POST", "/issuers/default/commands", `{"clear":{"fault":"f"}}`, 404, "no such fault"},
		"illegal move":            {"POST", "/issuers/default/commands", `{"activate":{"key":"initial"}}`, 409, "already"},
		"taken key":               {"POST", "/issuers/default/commands", `{"publish":{"name":"initial","alg":"RS256"}}`, 409, "taken"},
		"taken issuer":            {"POST", "/issuers", `{"name":"default"}`, 409, "taken"},
		"another key waits":       {"POST", "/issuers/default/commands", `[{"publish":{"name":"next"}},{"rotate":{"name":"other"}}]`, 409, "leave the name out"},
		"a leap of the clock":     {"POST", "/issuers/default/commands", `{"skew":{"by":"2000000h"}}`, 400, "100 years"},
		"unknown verb":            {"POST", "/issuers/default/commands", `{"rotat":{}}`, 400, "rotate"},
		"unknown member":          {"POST", "/issuers/default/commands", `{"rotate":{"abrubt":true}}`, 400, "abrubt"},
		"unknown algorithm":       {"POST", "/issuers/default/commands", `{"rotate":{"alg":"RS1"}}`, 400, "RS256"},
		"no name":                 {"POST", "/issuers/default/commands", `{"publish":{}}`, 400, "name"},
		"invalid fault":           {"POST", "/issuers/default/commands", `{"fault":{}}`, 400, "status, refuse"},
		"no JSON":                 {"POST", "/issuers/default/commands", `rotate`, 400, "verb"},
		"unknown mint member":     {"POST", "/issuers/default/mint", `{"audiense":"x"}`, 400, "audiense"},
		"two values":              {"POST", "/issuers/default/mint", `{"subject":"x"} {}`, 400, "more than one"},
		"unknown forge":           {"POST", "/issuers/default/mint", `{"forge":"x"}`, 400, "alg-none"},
		"unknown profile":         {"POST", "/issuers", `{"name":"x","profile":"okra"}`, 400, "generic"},
		"unknown spec member":     {"POST", "/issuers", `{"name":"x","profil":"entra"}`, 400, "profil"},
		"name with a slash":       {"POST", "/issuers", `{"name":"a/b"}`, 400, "letters"},
		"too much":                {"POST", "/issuers/default/mint", long, 413, "1 MiB"},
		"bad after":               {"GET", "/issuers/default/timeline?after=x", "", 400, "after"},
		"bad wait":                {"GET", "/issuers/default/timeline?wait=soon", "", 400, "wait"},
		"endless wait":            {"GET", "/issuers/default/timeline?wait=24h", "", 400, "10m"},
		"unknown path":            {"GET", "/nowhere", "", 404, "openapi.json"},
		"wrong method":            {"PUT", "/issuers/default/mint", "{}", 405, "PUT"},
		"no CA":                   {"GET", "/ca.pem", "", 404, "--tls"},
		"no metrics":              {"GET", "/metrics", "", 404, "rollover serve"},
	} {
		t.Run(name, func(t *testing.T) {
			answer, text := send(t, c.method, listener.URL+c.path, c.body)
			var p struct {
				Status int
				Title  string
			}
			if err := json.Unmarshal([]byte(text), &p); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			if answer.StatusCode != c.status || p.Status != c.status || p.Title == "" || answer.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%d, want %d: %s", answer.StatusCode, c.status, text)
			}
			if !strings.Contains(text, c.says) {
				t.Errorf("it does not say %q: %s", c.says, text)
			}
			if c.status == 405 && answer.Header.Get("Allow") != "POST" {
				t.Errorf("Allow %q", answer.Header.Get("Allow"))
			}
		})
	}
}

func TestPagesAreKeptAway(t *testing.T) {
	_, listener, _ := start(t)
	own := strings.TrimPrefix(listener.URL, "http://")
	_, port, _ := strings.Cut(own, ":")
	for name, c := range map[string]struct {
		header []string
		status int
	}{
		"no browser":                 {nil, 200},
		"the listener's own page":    {[]string{"Origin", listener.URL, "Sec-Fetch-Site", "same-origin"}, 200},
		"typed in by hand":           {[]string{"Sec-Fetch-Site", "none"}, 200},
		"localhost":                  {[]string{"Host", "localhost:" + port}, 200},
		"localhost, fully spelt":     {[]string{"Host", "LocalHost."}, 200},
		"a neighbour's name":         {[]string{"Host", "printer:8401"}, 403},
		"below localhost":            {[]string{"Host", "evil.localhost"}, 403},
		"no name":                    {[]string{"Host", ":8401"}, 403},
		"an address":                 {[]string{"Host", "192.0.2.7:8401"}, 200},
		"another address":            {[]string{"Host", "[::1]:8401"}, 200},
		"a name that was allowed":    {[]string{"Host", "idp.example.test:8401"}, 200},
		"that name, spelt otherwise": {[]string{"Host", "Idp.Example.TEST."}, 200},
		"a container's, allowed":     {[]string{"Host", "issuer:8401"}, 200},
		"another page":               {[]string{"Origin", "https://evil.example"}, 403},
		"a sandboxed page":           {[]string{"Origin", "null"}, 403},
		"another port":               {[]string{"Origin", "http://127.0.0.1:1"}, 403},
		"an image of another page":   {[]string{"Sec-Fetch-Site", "cross-site"}, 403},
		"a page of the same site":    {[]string{"Sec-Fetch-Site", "same-site"}, 403},
		"a name rebound to us":       {[]string{"Host", "evil.example"}, 403},
		"that name and our own port": {[]string{"Host", "evil.example:" + port, "Origin", "http://evil.example:" + port}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			issuers, _, _ := start(t)
			allowing := httptest.NewServer(control.NewHandler(issuers, control.Options{Hosts: []string{"IDP.example.test", "", "issuer"}}))
			defer allowing.Close()
			header := slices.Clone(c.header)
			for n := range header {
				header[n] = strings.ReplaceAll(header[n], own, strings.TrimPrefix(allowing.URL, "http://"))
			}
			if answer, text := send(t, "POST", allowing.URL+"/issuers/default/mint", "{}", header...); answer.StatusCode != c.status {
				t.Errorf("%d: %s", answer.StatusCode, text)
			}
		})
	}
}

func TestClientDoesAll(t *testing.T) {
	issuers, _, client := start(t)
	ctx := context.Background()
	made, err := client.Create(ctx, issuer.Spec{Name: "shop", Audience: "api://shop", Keys: []issuer.KeySpec{{Name: "a", Alg: "ES256"}}})
	if err != nil || made.Issuer != issuers.URL()+"/shop" {
		t.Fatalf("%+v %v", made, err)
	}
	list, err := client.Issuers(ctx)
	if err != nil || len(list) != 2 || list[1] != made {
		t.Fatalf("%+v %v", list, err)
	}
	shop := client.Issuer("shop")
	if info, err := shop.Info(ctx); err != nil || info != made {
		t.Errorf("%+v %v", info, err)
	}
	if result, err := shop.Apply(ctx, keyring.Publish{Name: "b", Alg: "EdDSA"}); err != nil || result.Generation != 2 {
		t.Errorf("%+v %v", result, err)
	}
	result, err := shop.Apply(ctx, keyring.Activate{Key: "b"}, command.Fault{Rule: fault.Rule{ID: "f", Empty: &fault.Empty{}}},
		command.Record{Source: timeline.Harness, Event: timeline.Note{Text: "hello"}})
	if err != nil || result.Generation != 3 || len(result.Transitions) != 2 {
		t.Fatalf("%+v %v", result, err)
	}
	token, err := shop.Mint(ctx, credential.Request{Claims: map[string]any{"scp": "x"}})
	if err != nil || token.Generation != 3 {
		t.Fatalf("%+v %v", token, err)
	}
	there, _ := issuers.Issuer("shop")
	want, err := there.Timeline(ctx, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	got, err := shop.Timeline(ctx, 0, 0)
	if err != nil || len(got) != len(want) || got[len(got)-1].Seq != token.Minted {
		t.Fatalf("%d of %d entries, %v", len(got), len(want), err)
	}
	for n := range got {
		if got[n].Event.Type() != want[n].Event.Type() || !got[n].At.Equal(want[n].At) {
			t.Errorf("%+v, want %+v", got[n], want[n])
		}
	}
	if later, err := shop.Timeline(ctx, got[0].Seq, time.Second); err != nil || len(later) != len(got)-1 || later[0].Seq != 2 {
		t.Errorf("%d entries, %v", len(later), err)
	}
	if none, err := shop.Timeline(ctx, token.Minted, time.Millisecond); err != nil || none != nil {
		t.Errorf("%v %v", none, err)
	}
	if err := shop.Reset(ctx); err != nil {
		t.Fatal(err)
	}
	if keys, err := shop.Keys(ctx); err != nil || keys.Generation != 4 || len(keys.Keys) != 1 || keys.Keys[0].Name != "a" {
		t.Errorf("%+v %v", keys, err)
	}
	if err := client.Delete(ctx, "shop"); err != nil {
		t.Fatal(err)
	}
	var failure *control.Error
	if _, err := shop.Keys(ctx); !errors.As(err, &failure) || failure.Status != 404 || !strings.Contains(err.Error(), "shop") || !strings.Contains(failure.Hint, "default") {
		t.Errorf("%v", err)
	}
	if _, err := client.CA(ctx); !errors.As(err, &failure) || failure.Status != 404 {
		t.Errorf("%v", err)
	}
}

func TestClientWithoutAServer(t *testing.T) {
	_, listener, _ := start(t)
	listener.Close()
	client := control.NewClient(strings.TrimPrefix(listener.URL, "http://"))
	if _, err := client.Issuers(context.Background()); err == nil || !strings.Contains(err.Error(), "list issuers") {
		t.Errorf("%v", err)
	}
}

func TestAuthorityIsServed(t *testing.T) {
	issuers, _, _ := start(t)
	listener := httptest.NewServer(control.NewHandler(issuers, control.Options{CA: []byte("PEM")}))
	defer listener.Close()
	client := control.NewClient(listener.URL)
	defer client.Close()
	if text, err := client.CA(context.Background()); err != nil || string(text) != "PEM" {
		t.Errorf("%q %v", text, err)
	}
}

func TestEventStream(t *testing.T) {
	issuers, listener, _ := start(t)
	idp, _ := issuers.Issuer("default")
	if _, err := idp.Apply(context.Background(), keyring.Rotate{}); err != nil {
		t.Fatal(err)
	}
	read := func(header ...string) *bufio.Scanner {
		request, err := http.NewRequestWithContext(t.Context(), "GET", listener.URL+"/issuers/default/timeline", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept", "text/event-stream")
		for n := 0; n < len(header); n += 2 {
			request.Header.Set(header[n], header[n+1])
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = answer.Body.Close() })
		if got := answer.Header.Get("Content-Type"); got != "text/event-stream" {
			t.Fatalf("%s", got)
		}
		return bufio.NewScanner(answer.Body)
	}
	next := func(lines *bufio.Scanner) (id, event, data string) {
		for lines.Scan() && lines.Text() != "" {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				id = value
			case "event":
				event = value
			case "data":
				data = value
			}
		}
		return id, event, data
	}
	all := read()
	for _, want := range []string{"1", "2"} {
		if id, event, _ := next(all); id != want || event != "keyChanged" {
			t.Errorf("%s %s", id, event)
		}
	}
	if _, err := idp.Apply(context.Background(), command.Skew{}); err != nil {
		t.Fatal(err)
	}
	id, event, data := next(all) // came while the stream was open
	var entry timeline.Entry
	if err := entry.UnmarshalJSON([]byte(data)); err != nil || id != "3" || event != "clockMoved" || entry.Seq != 3 {
		t.Errorf("%s %s %s: %v", id, event, data, err)
	}
	if id, _, _ := next(read("Last-Event-ID", "2")); id != "3" {
		t.Errorf("taken up again at %s", id)
	}
}

// The document lists what the handler serves, no more and no less.
func TestOpenAPIListsTheRoutesAndTheVerbs(t *testing.T) {
	_, listener, _ := start(t)
	_, text := send(t, "GET", listener.URL+"/openapi.json", "")
	var document struct {
		OpenAPI    string
		Paths      map[string]map[string]json.RawMessage
		Components struct {
			Schemas map[string]struct {
				OneOf []struct {
					Properties map[string]struct {
						Properties map[string]json.RawMessage
					}
				}
				Properties map[string]json.RawMessage
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(document.OpenAPI, "3.1") {
		t.Errorf("openapi %s", document.OpenAPI)
	}
	var documented []string
	for path, item := range document.Paths {
		for method := range item {
			if method != "parameters" {
				documented = append(documented, strings.ToUpper(method)+" "+path)
			}
		}
	}
	slices.Sort(documented)
	if served := control.Routes(); !slices.Equal(documented, served) {
		t.Errorf("documented %v\nserved %v", documented, served)
	}
	members := map[string][]string{}
	for _, one := range document.Components.Schemas["Command"].OneOf {
		for verb, body := range one.Properties {
			members[verb] = sorted(body.Properties)
		}
	}
	if len(members) != len(command.All()) {
		t.Errorf("%d verbs, want %d", len(members), len(command.All()))
	}
	for _, c := range command.All() {
		got, listed := members[c.Verb()]
		if want := jsonMembers(reflect.TypeOf(c)); !listed || (c.Verb() != "record" && !slices.Equal(got, want)) {
			t.Errorf("%s has %v, want %v", c.Verb(), got, want)
		}
	}
	for name, of := range map[string]any{"MintRequest": credential.Request{}, "Spec": issuer.Spec{}, "Result": command.Result{}, "KeySpec": issuer.KeySpec{}, "Issuer": issuer.Info{}} {
		if got, want := sorted(document.Components.Schemas[name].Properties), jsonMembers(reflect.TypeOf(of)); !slices.Equal(got, want) {
			t.Errorf("%s has %v, want %v", name, got, want)
		}
	}
}

func sorted(m map[string]json.RawMessage) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func jsonMembers(t reflect.Type) []string {
	var names []string
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.Anonymous && name != "" && name != "-" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func TestTheEndOfAnIssuerEndsWhoReadsItsTimeline(t *testing.T) {
	_, listener, client := start(t)
	request, err := http.NewRequestWithContext(t.Context(), "GET", listener.URL+"/issuers/default/timeline", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "text/event-stream")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	waiting := make(chan error, 1)
	go func() {
		_, err := client.Issuer("default").Timeline(t.Context(), 1, time.Minute)
		waiting <- err
	}()
	if err := client.Delete(t.Context(), "default"); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(answer.Body); err != nil || !strings.HasPrefix(string(text), "id: 1\nevent: keyChanged\n") {
		t.Errorf("%q %v", text, err)
	}
	var failure *control.Error
	if err := <-waiting; !errors.As(err, &failure) || (failure.Status != 409 && failure.Status != 404) { // 404 where it came too late to wait
		t.Errorf("%v", err)
	}
}

// Whoever ends an issuer gets its book to the last line, the requests too that
// its end cut.
func TestTheEndOfAnIssuerGivesTheRestOfItsTimeline(t *testing.T) {
	_, _, client := start(t)
	idp := client.Issuer("default")
	ctx := t.Context()
	if _, err := idp.Apply(ctx, command.Fault{Rule: fault.Rule{ID: "slow", Document: "jwks", Drip: &fault.Drip{Bytes: 1, Every: clock.Duration(time.Hour)}}}); err != nil {
		t.Fatal(err)
	}
	info, err := idp.Info(ctx)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Get(info.JWKS) // the issuer is in the middle of its answer
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	entries, err := idp.End(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 2 || entries[0].Seq != 2 {
		t.Fatalf("%+v", entries)
	}
	if s, is := entries[1].Event.(timeline.Served); !is || s.Document != timeline.JWKS || s.Fault != "slow" {
		t.Errorf("%+v", entries[1])
	}
	var failure *control.Error
	if _, err := idp.End(ctx, 0); !errors.As(err, &failure) || failure.Status != 404 {
		t.Errorf("%v", err)
	}
}

// A port that cannot be opened again is no reason to keep the book back.
func TestTheEndOfAnIssuerGivesItsTimelineWhateverHappens(t *testing.T) {
	issuers, _, client := start(t)
	end := func(name string) ([]timeline.Entry, error) {
		idp := client.Issuer(name)
		if _, err := idp.Apply(t.Context(), command.Fault{Rule: fault.Rule{Refuse: &fault.Refuse{}}}); err != nil {
			t.Fatal(err)
		}
		other, err := net.Listen("tcp", strings.TrimPrefix(issuers.URL(), "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		if name == "default" {
			return idp.End(t.Context(), 1)
		}
		return nil, client.Delete(t.Context(), name)
	}
	entries, err := end("default")
	if err != nil || len(entries) != 2 {
		t.Fatalf("%+v %v", entries, err)
	}
	if note, is := entries[1].Event.(timeline.Note); !is || !strings.HasPrefix(note.Text, "the listener stays closed: ") {
		t.Errorf("the book does not say what happened: %+v", entries[1])
	}
	if _, err := client.Create(t.Context(), issuer.Spec{Name: "next"}); err != nil {
		t.Fatal(err)
	}
	var failure *control.Error
	if _, err := end("next"); !errors.As(err, &failure) || failure.Status != 500 || !strings.Contains(failure.Detail, "address already in use") {
		t.Errorf("who wants no book hears nothing of it: %v", err)
	}
}
