package fault_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"

	"github.com/rollover-harness/rollover/mockidp/fault"
)

func TestRefuseResetsTheConnection(t *testing.T) {
	rule := fault.Rule{Document: "jwks", Refuse: &fault.Refuse{}}
	if got := fetch(t, planned(t, rule)); !errors.Is(got.err, syscall.ECONNRESET) {
		t.Errorf("error %v, want a reset", got.err)
	}
	tls := httptest.NewTLSServer(planned(t, rule))
	defer tls.Close()
	if _, err := tls.Client().Get(tls.URL); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("over TLS: error %v, want a reset", err)
	}
}

func TestRefuseCutsWhatCannotBeReset(t *testing.T) {
	h := planned(t, fault.Rule{Refuse: &fault.Refuse{}})
	if !aborts(h, httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)) {
		t.Error("it answered")
	}
}
