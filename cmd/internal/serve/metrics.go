package serve

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/rollover-harness/rollover/mockidp"
	"github.com/rollover-harness/rollover/mockidp/keysource"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// metrics counts what issuers write into their books. The library knows none,
// so that whoever imports it needs no metrics library.
type metrics struct {
	registry *prometheus.Registry
	minted   prometheus.Counter
	served   *prometheus.CounterVec
}

func newMetrics(source *keysource.Source) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		minted:   prometheus.NewCounter(prometheus.CounterOpts{Name: "rollover_tokens_minted_total", Help: "Tokens that were minted, forged ones too."}),
		served: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rollover_documents_served_total", Help: "Answers of the protocol listener; status 0: the connection was cut before one.",
		}, []string{"document", "status"}),
	}
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), m.minted, m.served,
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "rollover_keys_synchronous_total", Help: "RSA keys that a command had to wait for, because none was ready.",
		}, func() float64 { return float64(source.Stats().Synchronous) }),
	)
	return m
}

// observe counts one event.
func (m *metrics) observe(event timeline.Event) {
	switch e := event.(type) {
	case timeline.Minted:
		m.minted.Inc()
	case timeline.Served:
		m.served.WithLabelValues(string(e.Document), strconv.Itoa(e.Status)).Inc()
	default: // keys, clocks and faults are rare: the timeline has them
	}
}

// handler serves the metrics in the text format that Prometheus reads, with the
// generation of each issuer that server has at that moment.
func (m *metrics) handler(server *mockidp.Server) http.Handler {
	m.registry.MustRegister(generations{server})
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// generations collects the issuers' generations when asked, so that issuers
// may come and go.
type generations struct{ server *mockidp.Server }

// Describe implements prometheus.Collector.
func (g generations) Describe(to chan<- *prometheus.Desc) { to <- g.desc() }

// Collect implements prometheus.Collector.
func (g generations) Collect(to chan<- prometheus.Metric) {
	for _, i := range g.server.Issuers() {
		to <- prometheus.MustNewConstMetric(g.desc(), prometheus.GaugeValue, float64(i.Generation()), i.Name())
	}
}

func (generations) desc() *prometheus.Desc {
	return prometheus.NewDesc("rollover_generation", "The generation of the issuer's keys: how often they changed.", []string{"issuer"}, nil)
}
