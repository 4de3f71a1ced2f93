package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

func sound() map[string]string {
	return map[string]string{
		"PROTOCOL": "saml", "ENTITY_ID": "https://issuer.test/", "SIGN_IN": "https://issuer.test/saml2", "METADATA": "https://issuer.test/metadata",
		"REALM": "urn:rollover:app", "PORT": "0",
	}
}

func TestRun(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, func(name string) string { return sound()[name] }, writer)
		writer.Close()
	}()
	lines := bufio.NewScanner(reader)
	if !lines.Scan() {
		stop()
		t.Fatalf("app did not start: %v", <-ended)
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }()
	_, address, _ := strings.Cut(lines.Text(), "listening on ")
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for path, want := range map[string]int{"/healthz": 200, "/": 302, "/nowhere": 404} {
		response, err := client.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: status %d, want %d", path, response.StatusCode, want)
		}
		if to := response.Header.Get("Location"); path == "/" && !strings.HasPrefix(to, "https://issuer.test/saml2?") {
			t.Errorf("/ leads to %s", to)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("stop: %v", err)
	}
}

func TestRunErrors(t *testing.T) {
	for name, value := range map[string]string{"PROTOCOL": "oidc", "ENTITY_ID": "", "DEFECT": "nonesuch", "PORT": "http!"} {
		env := func(asked string) string {
			if asked == name {
				return value
			}
			return sound()[asked]
		}
		if err := run(t.Context(), env, io.Discard); err == nil {
			t.Errorf("%s=%q: no error", name, value)
		}
	}
}
