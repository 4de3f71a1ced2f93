package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

// start runs the app on a free port and returns its URL, its lines on stderr
// after the first, and what stops it and returns run's error.
func start(t *testing.T, env map[string]string) (url string, lines *bufio.Scanner, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, func(name string) string { return env[name] }, writer)
		writer.Close()
	}()
	lines = bufio.NewScanner(reader)
	if !lines.Scan() {
		cancel()
		t.Fatalf("app did not start: %v", <-ended)
	}
	_, address, _ := strings.Cut(lines.Text(), "listening on ")
	return "http://" + address, lines, func() error { cancel(); return <-ended }
}

func TestRun(t *testing.T) {
	issuer := httptest.NewServer(http.NotFoundHandler())
	defer issuer.Close()
	url, lines, stop := start(t, map[string]string{
		"AUTHORITY": issuer.URL, "JWKS_URI": issuer.URL + "/jwks", "AUDIENCE": "api://sample", "PORT": "0", "DEFECT": "ignores-exp",
	})
	for path, want := range map[string]int{"/healthz": 200, "/nowhere": 404} {
		response, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: status %d, want %d", path, response.StatusCode, want)
		}
	}
	answered := make(chan int, 1)
	go func() {
		response, err := http.Get(url + "/api")
		if err != nil {
			answered <- 0
			return
		}
		response.Body.Close()
		answered <- response.StatusCode
	}()
	if !lines.Scan() || !strings.HasSuffix(lines.Text(), "rejected: no bearer token") {
		t.Errorf("logged %q", lines.Text())
	}
	if status := <-answered; status != http.StatusUnauthorized {
		t.Errorf("/api: status %d", status)
	}
	if err := stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

func TestItListensWhereItIsToldTo(t *testing.T) {
	for bind, everywhere := range map[string]bool{"": false, "127.0.0.1": false, "0.0.0.0": true} {
		url, _, stop := start(t, map[string]string{"AUTHORITY": "i", "JWKS_URI": "j", "AUDIENCE": "a", "PORT": "0", "BIND": bind})
		at, err := netip.ParseAddrPort(strings.TrimPrefix(url, "http://"))
		if err != nil || at.Addr().IsUnspecified() != everywhere || at.Addr().IsLoopback() == everywhere {
			t.Errorf("BIND=%q: it listens on %s: %v", bind, url, err)
		}
		if err := stop(); err != nil {
			t.Errorf("BIND=%q: stop: %v", bind, err)
		}
	}
}

func TestRunErrors(t *testing.T) {
	sound := map[string]string{"AUTHORITY": "i", "JWKS_URI": "j", "AUDIENCE": "a", "PORT": "0"}
	for name, value := range map[string]string{"AUTHORITY": "", "DEFECT": "nonesuch", "PORT": "http!", "BIND": "nowhere!"} {
		env := func(asked string) string {
			if asked == name {
				return value
			}
			return sound[asked]
		}
		if err := run(context.Background(), env, io.Discard); err == nil {
			t.Errorf("%s=%q: no error", name, value)
		}
	}
}
