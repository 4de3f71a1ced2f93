package mockidp_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp"
	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/control"
	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/keysource"
)

// The benchmarks measure beside their reference, in turns within one run: on a
// shared machine nothing else can be compared. One iteration is one turn of
// both; -benchtime 5x gives the median of five.

// bench is where a server with one issuer listens, host:port.
type bench struct {
	control  string
	protocol string
}

func benchServer(b *testing.B) bench {
	b.Helper()
	at, stop := startBench(b)
	b.Cleanup(stop)
	return at
}

func startBench(b *testing.B) (at bench, stop func()) {
	b.Helper()
	// As the command does it.
	gate := mockidp.NewGate()
	former := runtime.GOMAXPROCS(cap(gate) + 1)
	server := mockidp.NewServer(mockidp.ServerConfig{Gate: gate, TimelineLimit: 100_000, Source: keysource.New(keysource.Config{})})
	if err := server.Listen("127.0.0.1:0"); err != nil {
		b.Fatal(err)
	}
	if _, err := server.Create(context.Background(), issuer.Spec{Name: "default"}); err != nil {
		b.Fatal(err)
	}
	listener := httptest.NewServer(control.NewHandler(server, control.Options{}))
	stop = func() {
		listener.Close()
		_ = server.Close()
		runtime.GOMAXPROCS(former)
	}
	return bench{strings.TrimPrefix(listener.URL, "http://"), strings.TrimPrefix(server.URL(), "http://")}, stop
}

// wire is a keep-alive connection that sends one request over and over, with
// as little work as it can: the client must not eat the cores that it measures.
type wire struct {
	conn    net.Conn
	reader  *bufio.Reader
	request []byte
	body    []byte
}

func dial(b *testing.B, address, head, body string) *wire {
	b.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	request := fmt.Sprintf("%s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s", head, address, len(body), body)
	return &wire{conn: conn, reader: bufio.NewReaderSize(conn, 16<<10), request: []byte(request)}
}

// ask sends the request and reads the answer's body.
func (w *wire) ask() error {
	if _, err := w.conn.Write(w.request); err != nil {
		return err
	}
	length, ok := 0, false
	for {
		line, err := w.reader.ReadSlice('\n')
		if err != nil {
			return err
		}
		switch {
		case bytes.HasPrefix(line, []byte("HTTP/1.1 ")):
			ok = bytes.HasPrefix(line[9:], []byte("200"))
		case bytes.HasPrefix(line, []byte("Content-Length: ")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[16:]))); err != nil {
				return err
			}
		}
		if len(line) <= 2 {
			break
		}
	}
	if !ok || length == 0 {
		return fmt.Errorf("status is not 200, or no length")
	}
	w.body = slices.Grow(w.body[:0], length)[:length]
	_, err := io.ReadFull(w.reader, w.body)
	return err
}

// storm sends n requests over all connections and returns how long each took.
func storm(b *testing.B, wires []*wire, n int) (took []time.Duration, whole time.Duration) {
	b.Helper()
	each := make([][]time.Duration, len(wires))
	var left atomic.Int64
	left.Store(int64(n))
	var group sync.WaitGroup
	began := time.Now()
	for i, w := range wires {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				at := time.Now()
				if err := w.ask(); err != nil {
					b.Error(err)
					return
				}
				each[i] = append(each[i], time.Since(at))
			}
		})
	}
	group.Wait()
	return slices.Concat(each...), time.Since(began)
}

// bareRSA makes n signatures on the cores and returns the rate.
func bareRSA(b *testing.B, key *rsa.PrivateKey, cores, n int) float64 {
	b.Helper()
	digest := sha256.Sum256([]byte("rollover"))
	var left atomic.Int64
	left.Store(int64(n))
	var group sync.WaitGroup
	began := time.Now()
	for range cores {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				if _, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:]); err != nil {
					b.Error(err)
				}
			}
		})
	}
	group.Wait()
	return float64(n) / time.Since(began).Seconds()
}

func percentile(all []time.Duration, p float64) time.Duration {
	slices.Sort(all)
	return all[min(len(all)-1, int(p*float64(len(all))))]
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// BenchmarkMintOverHTTP: POST /issuers/default/mint with {} at 32 connections,
// beside bare RSA signatures on all cores.
func BenchmarkMintOverHTTP(b *testing.B) {
	const turn, connections = 3000, 32
	cores := runtime.GOMAXPROCS(0)
	at := benchServer(b)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	var wires []*wire
	for range connections {
		wires = append(wires, dial(b, at.control, "POST /issuers/default/mint", "{}"))
	}
	storm(b, wires, connections)
	var rates, bares, shares, ratios, p50s []float64
	b.ResetTimer()
	for range b.N {
		bare := bareRSA(b, key, cores, turn/2)
		took, whole := storm(b, wires, turn)
		bare = (bare + bareRSA(b, key, cores, turn/2)) / 2
		rate := turn / whole.Seconds()
		p50, p99 := percentile(took, 0.50), percentile(took, 0.99)
		rates, bares, shares = append(rates, rate), append(bares, bare), append(shares, rate/bare)
		ratios, p50s = append(ratios, float64(p99)/float64(p50)), append(p50s, float64(p50.Microseconds())/1000)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(rates), "tokens/s")
	b.ReportMetric(median(bares), "bare-signs/s")
	b.ReportMetric(median(shares), "share")
	b.ReportMetric(median(p50s), "p50-ms")
	b.ReportMetric(median(ratios), "p99/p50")
}

// BenchmarkRotateUntilServed: a rotate command over HTTP until the key set over
// HTTP shows it, 200 in a row, beside the GET alone.
func BenchmarkRotateUntilServed(b *testing.B) {
	const turn = 200
	var worst time.Duration
	for range b.N {
		at, stop := startBench(b) // a fresh one, so that its keys are of the pool
		runtime.GC()              // what former turns left is not this one's
		rotate := dial(b, at.control, "POST /issuers/default/commands", `{"rotate":{}}`)
		keys := dial(b, at.protocol, "GET /default/jwks", "")
		var all, gets []time.Duration
		for range turn {
			began := time.Now()
			if err := rotate.ask(); err != nil {
				b.Fatal(err)
			}
			asked := time.Now()
			if err := keys.ask(); err != nil {
				b.Fatal(err)
			}
			all, gets = append(all, time.Since(began)), append(gets, time.Since(asked))
			var result command.Result
			if err := json.Unmarshal(rotate.body, &result); err != nil {
				b.Fatal(err)
			}
			for _, m := range result.Transitions {
				if m.To == keyring.Active && !bytes.Contains(keys.body, []byte(m.KID)) {
					b.Fatalf("the key set does not show %s", m.KID)
				}
			}
		}
		stop()
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(percentile(all, 0.5).Microseconds())/1000, "median-ms")
		worst = max(worst, percentile(all, 1))
		b.ReportMetric(float64(worst.Microseconds())/1000, "max-ms")
		b.ReportMetric(float64(percentile(gets, 0.5).Microseconds())/1000, "get-median-ms")
	}
}

// BenchmarkKeySetWhileMinting: one client reads the key set while 16
// connections mint, beside the same on an idle server.
func BenchmarkKeySetWhileMinting(b *testing.B) {
	const turn, connections = 3000, 16
	at := benchServer(b)
	keys := dial(b, at.protocol, "GET /default/jwks", "")
	var wires []*wire
	for range connections {
		wires = append(wires, dial(b, at.control, "POST /issuers/default/mint", "{}"))
	}
	var idle, busy []time.Duration
	b.ResetTimer()
	for range b.N {
		quiet, _ := storm(b, []*wire{keys}, 500)
		idle = append(idle, quiet...)
		done := make(chan struct{})
		go func() {
			defer close(done)
			storm(b, wires, turn)
		}()
		for minting := true; minting; {
			select {
			case <-done:
				minting = false
			default:
				began := time.Now()
				if err := keys.ask(); err != nil {
					b.Fatal(err)
				}
				busy = append(busy, time.Since(began))
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(percentile(idle, 0.99).Microseconds())/1000, "idle-p99-ms")
	b.ReportMetric(float64(percentile(busy, 0.50).Microseconds())/1000, "busy-p50-ms")
	b.ReportMetric(float64(percentile(busy, 0.99).Microseconds())/1000, "busy-p99-ms")
	b.ReportMetric(float64(percentile(busy, 1).Microseconds())/1000, "busy-max-ms")
}
