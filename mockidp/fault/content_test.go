package fault_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rollover-harness/rollover/mockidp/fault"
)

func record(h http.Handler) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/", nil))
	return recorder
}

func TestContentRules(t *testing.T) {
	for name, c := range map[string]struct {
		rule        fault.Rule
		contentType string
		begins      string
	}{
		"html":                 {fault.Rule{HTML: &fault.HTML{}}, "text/html; charset=utf-8", "<!DOCTYPE html>"},
		"body":                 {fault.Rule{Body: &fault.Body{Text: `{"keys":`}}, "application/json", `{"keys":`},
		"body of another type": {fault.Rule{Body: &fault.Body{Text: "<x/>", Type: "text/xml"}}, "text/xml", "<x/>"},
		"content type":         {fault.Rule{ContentType: &fault.ContentType{Type: "application/octet-stream"}}, "application/octet-stream", original},
	} {
		t.Run(name, func(t *testing.T) {
			got := record(planned(t, c.rule))
			if got.Code != 200 || got.Header().Get("Content-Type") != c.contentType || !strings.HasPrefix(got.Body.String(), c.begins) {
				t.Errorf("%d %q %q", got.Code, got.Header().Get("Content-Type"), got.Body)
			}
		})
	}
}

func TestCacheHeaders(t *testing.T) {
	got := record(planned(t, fault.Rule{Cache: &fault.Cache{Control: "max-age=604800", Expires: "0", Age: 7}}))
	want := map[string]string{"Cache-Control": "max-age=604800", "Expires": "0", "Age": "7"}
	for name, value := range want {
		if got.Header().Get(name) != value {
			t.Errorf("%s: %q, want %q", name, got.Header().Get(name), value)
		}
	}
	if got.Body.String() != original {
		t.Errorf("body %q", got.Body)
	}
	kept := record(planned(t, fault.Rule{Cache: &fault.Cache{Age: 7}}))
	if kept.Header().Get("Cache-Control") != "max-age=60" {
		t.Errorf("what the rule does not name is gone: %v", kept.Header())
	}
}
