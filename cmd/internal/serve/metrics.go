package serve

import (
	"fmt"
	"io"
	"net/http"

	vm "github.com/VictoriaMetrics/metrics"

	"github.com/rollover-harness/rollover/mockidp"
	"github.com/rollover-harness/rollover/mockidp/keysource"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// metrics counts what issuers write into their books. The issuer's own packages
// know none, so that whoever imports them needs no metrics library.
type metrics struct {
	set    *vm.Set
	minted *vm.Counter
}

func newMetrics(source *keysource.Source) *metrics {
	vm.ExposeMetadata(true) // TYPE lines: a switch of the library, for the whole process
	set := vm.NewSet()
	set.RegisterMetricsWriter(func(w io.Writer) {
		vm.WriteCounterUint64(w, "rollover_keys_synchronous_total", uint64(source.Stats().Synchronous))
	})
	return &metrics{set: set, minted: set.NewCounter("rollover_tokens_minted_total")}
}

// observe counts one event.
func (m *metrics) observe(event timeline.Event) {
	switch e := event.(type) {
	case timeline.Minted:
		m.minted.Inc()
	case timeline.Served:
		m.set.GetOrCreateCounter(fmt.Sprintf("rollover_documents_served_total{document=%q,status=\"%d\"}", e.Document, e.Status)).Inc()
	default: // keys, clocks and faults are rare: the timeline has them
	}
}

// handler serves the metrics in the text format that Prometheus reads, with the
// generation of each issuer that server has at that moment.
func (m *metrics) handler(server *mockidp.Server) http.Handler {
	m.set.RegisterMetricsWriter(func(w io.Writer) { writeGenerations(w, server) })
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		m.set.WritePrometheus(w)
		vm.WriteProcessMetrics(w)
		vm.WriteFDMetrics(w)
	})
}

// writeGenerations asks the issuers themselves, so that they may come and go.
func writeGenerations(w io.Writer, server *mockidp.Server) {
	vm.WriteMetadataIfNeeded(w, "rollover_generation", "gauge")
	for _, i := range server.Issuers() {
		fmt.Fprintf(w, "rollover_generation{issuer=%q} %d\n", i.Name(), i.Generation())
	}
}
