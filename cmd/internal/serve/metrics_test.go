package serve_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/rollover-harness/rollover/mockidp/control"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/keyring"
)

func read(t *testing.T, url string) (int, string) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func TestMetricsCountWhatHappens(t *testing.T) {
	r := start(t)
	client := control.NewClient(r.control)
	defer client.Close()
	ctx := context.Background()
	for range 3 {
		if _, err := client.Issuer("default").Mint(ctx, credential.Request{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.Issuer("default").Mint(ctx, credential.Request{Key: "nobody"}); err == nil {
		t.Error("minted with a key that is not there")
	}
	if _, err := client.Issuer("default").Apply(ctx, keyring.Rotate{}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Create(ctx, issuer.Spec{Name: "shop"}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		read(t, r.protocol+"/default/jwks")
	}
	read(t, r.protocol+"/shop/nowhere")

	status, text := read(t, r.control+"/metrics")
	if status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	for _, line := range []string{
		"rollover_tokens_minted_total 3",
		`rollover_documents_served_total{document="jwks",status="200"} 2`,
		`rollover_documents_served_total{document="other",status="404"} 1`,
		`rollover_generation{issuer="default"} 2`,
		`rollover_generation{issuer="shop"} 1`,
		"rollover_keys_synchronous_total 0",
		"# TYPE rollover_documents_served_total counter",
		"# TYPE rollover_generation gauge",
		"# TYPE rollover_keys_synchronous_total counter",
		"# TYPE rollover_tokens_minted_total counter",
		"# TYPE go_goroutines gauge",
		"# TYPE process_start_time_seconds gauge",
	} {
		if said := strings.Count(text, line+"\n"); said != 1 { // Prometheus refuses what says a type twice
			t.Errorf("it says %s %d times:\n%s", line, said, text)
		}
	}

	if err := client.Delete(ctx, "shop"); err != nil {
		t.Fatal(err)
	}
	if _, text := read(t, r.control+"/metrics"); strings.Contains(text, `issuer="shop"`) || !strings.Contains(text, `issuer="default"`) {
		t.Errorf("after the end of an issuer:\n%s", text)
	}
}
