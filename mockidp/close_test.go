package mockidp_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp"
	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// arrival is a writer that says when the issuer first looks at it.
type arrival struct {
	http.ResponseWriter
	arrived func()
}

func (a arrival) Header() http.Header {
	a.arrived()
	return a.ResponseWriter.Header()
}

func TestTheBookHasRequestsThatWereCutByClose(t *testing.T) {
	const hour = clock.Duration(time.Hour)
	for name, rule := range map[string]fault.Rule{
		"hang":  {ID: "f", Hang: &fault.Hang{}},
		"delay": {ID: "f", Delay: &fault.Delay{By: hour}},
		"both":  {ID: "f", After: 1, Hang: &fault.Hang{}},
	} {
		t.Run(name, func(t *testing.T) {
			idp, err := mockidp.New(mockidp.Config{})
			if err != nil {
				t.Fatal(err)
			}
			want := "f"
			if name == "both" {
				want = "first"
				setFault(t, idp, fault.Rule{ID: want, Delay: &fault.Delay{By: hour}})
			}
			setFault(t, idp, rule)
			arrived := make(chan struct{})
			var group sync.WaitGroup
			group.Go(func() {
				defer func() {
					if err, is := recover().(error); !is || !errors.Is(err, http.ErrAbortHandler) {
						t.Errorf("it was answered: %v", err)
					}
				}()
				idp.Handler().ServeHTTP(arrival{httptest.NewRecorder(), sync.OnceFunc(func() { close(arrived) })}, httptest.NewRequest(http.MethodGet, "/default/jwks", nil))
			})
			<-arrived
			if s := events[timeline.Served](t, idp); s != nil {
				t.Fatalf("answered already: %+v", s)
			}
			if err := idp.Close(); err != nil {
				t.Fatal(err)
			}
			served := events[timeline.Served](t, idp)
			group.Wait()
			if len(served) != 1 {
				t.Fatalf("%+v", served)
			}
			if s := served[0]; s.Document != timeline.JWKS || s.Status != 0 || s.Bytes != 0 || s.Keys != nil || s.Fault != want || s.Took <= 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestTheBookHasADripThatWasCutByClose(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	setFault(t, idp, fault.Rule{Drip: &fault.Drip{Bytes: 7, Every: clock.Duration(time.Hour)}})
	answer, err := http.Get(idp.Endpoints().JWKS) // its head and the first piece
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := idp.Close(); err != nil {
		t.Fatal(err)
	}
	served := events[timeline.Served](t, idp)
	if len(served) != 1 || served[0].Status != 200 || served[0].Bytes != 7 || served[0].Keys != nil || served[0].Fault != "fault-1" {
		t.Errorf("%+v", served)
	}
}

func TestAClosedIssuerServesNothing(t *testing.T) {
	idp, err := mockidp.New(mockidp.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := idp.Close(); err != nil {
		t.Fatal(err)
	}
	late := httptest.NewRecorder()
	idp.Handler().ServeHTTP(late, httptest.NewRequest(http.MethodGet, "/default/jwks", nil))
	if late.Code != http.StatusServiceUnavailable || !strings.Contains(late.Body.String(), "closed") {
		t.Errorf("%d %s", late.Code, late.Body)
	}
	if s := events[timeline.Served](t, idp); s != nil {
		t.Errorf("a book that was read out goes on: %+v", s)
	}
}

// A client that sends a request and reads no more than a beginning of the answer.
func TestCloseDoesNotWaitForAReaderThatStalls(t *testing.T) {
	s := startServer(t, mockidp.ServerConfig{}, issuer.Spec{Name: "one"}, issuer.Spec{Name: "two"})
	idp, _ := s.Issuer("one")
	const size = 64 << 20 // no buffer between the two takes so much
	setFault(t, idp, fault.Rule{Body: &fault.Body{Text: strings.Repeat("x", size)}})
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET /one/jwks HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, err := bufio.NewReaderSize(conn, 16).ReadByte(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Delete("one") }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("it waits for a client that does not read")
	}
	served := events[timeline.Served](t, idp)
	if len(served) != 1 || served[0].Bytes >= size || served[0].Keys != nil {
		t.Errorf("%+v", served)
	}
}

func TestCloseWakesWhoWaitsForTheTimeline(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	waiting := make(chan error)
	go func() {
		_, err := idp.Timeline(context.Background(), 1, time.Hour)
		waiting <- err
	}()
	if err := idp.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-waiting; !errors.Is(err, issuer.ErrClosed) {
		t.Errorf("who waited was told %v", err)
	}
	for _, wait := range []time.Duration{0, time.Hour} {
		if entries, err := idp.Timeline(context.Background(), 0, wait); err != nil || len(entries) != 1 {
			t.Errorf("after the end %d entries can be read: %v", len(entries), err)
		}
	}
	if entries, err := idp.Timeline(context.Background(), 1, 0); err != nil || entries != nil {
		t.Errorf("nothing new: %v %v", entries, err)
	}
}

// sent is a writer that knows what net/http would have sent by now: all that was
// flushed, and all of a write that is larger than its buffers.
type sent struct {
	*httptest.ResponseRecorder
	written, gone int
	whole         int // of the answer
	early         func()
}

func (s *sent) Write(p []byte) (int, error) {
	s.written += len(p)
	if len(p) > 1 { // the worst case: buffers were full
		s.gone = s.written
	}
	s.look()
	return s.ResponseRecorder.Write(p)
}

func (s *sent) Flush() {
	s.gone = s.written
	s.look()
}

func (s *sent) look() {
	if s.gone >= s.whole {
		s.early()
	}
}

func TestNobodyHasAWholeAnswerBeforeTheBook(t *testing.T) {
	body := strings.Repeat("x", 100_000)
	for name, rule := range map[string]fault.Rule{
		"drip":            {Drip: &fault.Drip{Bytes: 100, Every: clock.Duration(time.Microsecond)}},
		"drip of one":     {Drip: &fault.Drip{Bytes: 1, Every: clock.Duration(time.Microsecond)}},
		"drip, all of it": {Drip: &fault.Drip{Bytes: 1 << 20}},
		"delay":           {Delay: &fault.Delay{By: clock.Duration(time.Microsecond)}},
		"content type":    {ContentType: &fault.ContentType{Type: "text/html"}},
		"a large body":    {Body: &fault.Body{Text: body}},
		"a page":          {HTML: &fault.HTML{}},
		"an error":        {Status: &fault.Status{Code: 503, Body: body}},
	} {
		t.Run(name, func(t *testing.T) {
			idp, err := mockidp.New(mockidp.Config{})
			if err != nil {
				t.Fatal(err)
			}
			ask := func(out http.ResponseWriter) {
				idp.Handler().ServeHTTP(out, httptest.NewRequest(http.MethodGet, "/default/jwks", nil))
			}
			rule.ID = "f"
			setFault(t, idp, rule)
			first := httptest.NewRecorder()
			ask(first)
			out := &sent{ResponseRecorder: httptest.NewRecorder(), whole: first.Body.Len()}
			out.early = func() {
				if len(events[timeline.Served](t, idp)) < 2 {
					t.Error("the client has the last byte and the book has no answer")
				}
			}
			ask(out)
			if !bytes.Equal(out.Body.Bytes(), first.Body.Bytes()) || out.written < 2 || len(events[timeline.Served](t, idp)) != 2 {
				t.Errorf("%d bytes, want %d", out.written, first.Body.Len())
			}
		})
	}
}

func TestFewOfTheFaultsThatEndedAreRemembered(t *testing.T) {
	idp, err := mockidp.New(mockidp.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = idp.Close() }()
	const ended = 300
	for range ended {
		setFault(t, idp, fault.Rule{Count: 1, Status: &fault.Status{Code: 503}})
		idp.Handler().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/default/jwks", nil))
	}
	for id, want := range map[int]error{1: fault.ErrUnknown, ended - 256: fault.ErrUnknown, ended - 255: nil, ended: nil} {
		if _, err := idp.Apply(context.Background(), command.Clear{Fault: fmt.Sprintf("fault-%d", id)}); !errors.Is(err, want) {
			t.Errorf("fault %d of %d: %v, want %v", id, ended, err, want)
		}
	}
}
