package main

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollover-harness/rollover/scenarios/signers"
)

// call runs the tool in this process.
func call(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	sh := &shell{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, version: "v0"}
	root := sh.root()
	root.SetArgs(args)
	return sh.report(root.Execute()), out.String(), errs.String()
}

func entra(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("../../scenarios/signers/testdata/entra.xml")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// servers are an issuer with https and one without, which have the same pages.
func servers(t *testing.T) (secure, plain *httptest.Server) {
	metadata := entra(t)
	mux := http.NewServeMux()
	mux.HandleFunc("/metadata.xml", func(w http.ResponseWriter, r *http.Request) {
		if r.UserAgent() != "rollover/v0" {
			http.Error(w, r.UserAgent(), http.StatusBadRequest)
			return
		}
		_, _ = w.Write(append([]byte("\xef\xbb\xbf"), metadata...)) // as Entra ID serves it
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/metadata.xml", http.StatusFound) })
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/down", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
	})
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		block := bytes.Repeat([]byte(" "), 1<<20)
		for range signers.MaxBytes>>20 + 2 {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	secure, plain = httptest.NewTLSServer(mux), httptest.NewServer(mux)
	t.Cleanup(secure.Close)
	t.Cleanup(plain.Close)
	return secure, plain
}

func TestDownloads(t *testing.T) {
	_, plain := servers(t)
	for path, want := range map[string]struct {
		code int
		says string
	}{
		"/metadata.xml": {0, ""},
		"/moved":        {0, "redirected to " + plain.URL + "/metadata.xml\n"},
		"/loop":         {codeHarness, "more than 5 redirects"},
		"/endless":      {codeHarness, fmt.Sprintf("rollover: get %s/endless: more than %d bytes\n", plain.URL, signers.MaxBytes)},
		"/nowhere":      {codeHarness, "404 Not Found (rollover thumbprint --help shows where Entra ID and AD FS have their metadata)\n"},
	} {
		code, stdout, stderr := call("thumbprint", plain.URL+path)
		if code != want.code || !strings.Contains(stderr, want.says) || want.says == "" && stderr != "" || (stdout == "") != (code != 0) {
			t.Errorf("%s: %d, %s\n%s", path, code, stderr, stdout)
		}
	}
}

func TestTheServersCertificateIsVerified(t *testing.T) {
	secure, plain := servers(t)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	address := secure.URL + "/metadata.xml"
	for name, test := range map[string]struct {
		args []string
		code int
		says string
	}{
		"not known":          {[]string{address}, codeHarness, "(--ca FILE trusts a test issuer's authority, --insecure asks no questions)"},
		"known":              {[]string{address, "--ca", ca}, 0, ""},
		"not asked for":      {[]string{address, "--insecure"}, 0, "warning: --insecure: whoever sits in between decides what is read here\n"},
		"both":               {[]string{address, "--insecure", "--ca", ca}, codeUsage, "either --ca or --insecure"},
		"no certificate":     {[]string{address, "--ca", "obtain_test.go"}, codeUsage, "--ca obtain_test.go has no certificate as PEM"},
		"no file":            {[]string{address, "--ca", "nowhere.pem"}, codeUsage, "--ca: open nowhere.pem: "},
		"away from https":    {[]string{secure.URL + "/down?to=" + plain.URL + "/metadata.xml", "--ca", ca}, codeHarness, "redirected from https to http"},
		"to https and known": {[]string{plain.URL + "/down?to=" + address, "--ca", ca}, 0, "redirected to " + address},
	} {
		code, stdout, stderr := call(append([]string{"thumbprint"}, test.args...)...)
		if code != test.code || !strings.Contains(stderr, test.says) || test.says == "" && stderr != "" || (stdout == "") != (code != 0) {
			t.Errorf("%s: %d, %s\n%s", name, code, stderr, stdout)
		}
	}
}

func TestErrorsOfDocumentsFromTheNetworkAreNotTheUsers(t *testing.T) {
	cause := errors.New("torn")
	sh := &shell{stderr: &bytes.Buffer{}}
	if code := sh.report((obtained{remote: true}).bad(cause)); code != codeHarness {
		t.Errorf("from the network: %d", code)
	}
	if code := sh.report((obtained{}).bad(cause)); code != codeUsage {
		t.Errorf("a file: %d", code)
	}
	_, err := signers.Read("x", []byte("<a>"))
	if code := sh.report((obtained{remote: true}).bad(err)); code != codeHarness {
		t.Errorf("with a position, from the network: %d", code)
	}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{"plain ä": "plain ä", "a\x1b[31mb\r\n": "a?[31mb??", "a\u200eb\u202ec\ufeff": "a?b?c?", "\x9b31m": "\ufffd31m"} {
		if got := printable(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}
