package mockidp_test

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp"
	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

func apply(t *testing.T, idp *mockidp.Issuer, commands ...command.Command) command.Result {
	t.Helper()
	result, err := idp.Apply(context.Background(), commands...)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func setFault(t *testing.T, idp *mockidp.Issuer, r fault.Rule) {
	t.Helper()
	apply(t, idp, command.Fault{Rule: r})
}

// events returns the events of one type in the issuer's book.
func events[E timeline.Event](t *testing.T, idp *mockidp.Issuer) []E {
	t.Helper()
	entries, err := idp.Timeline(context.Background(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []E
	for _, e := range entries {
		if event, is := e.Event.(E); is {
			found = append(found, event)
		}
	}
	return found
}

// await waits until an event of the book is as wanted.
func await[E timeline.Event](t *testing.T, idp *mockidp.Issuer, wanted func(E) bool) E {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for after := uint64(0); ; {
		entries, err := idp.Timeline(ctx, after, patience)
		if err != nil || len(entries) == 0 {
			t.Fatalf("it never came: %v", err)
		}
		for _, e := range entries {
			if event, is := e.Event.(E); is && wanted(event) {
				return event
			}
			after = e.Seq
		}
	}
}

// refused reports why a fresh connection to url fails; nil where it does not.
func refused(url string) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	answer, err := client.Get(url)
	if err == nil {
		err = answer.Body.Close()
	}
	return err
}

// form reads the auto-submitting form of a page.
func form(t *testing.T, page string) (action string, fields url.Values) {
	t.Helper()
	found := formAction.FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("no form: %s", page)
	}
	fields = url.Values{}
	for _, field := range formField.FindAllStringSubmatch(page, -1) {
		fields.Add(html.UnescapeString(field[1]), html.UnescapeString(field[2]))
	}
	return html.UnescapeString(found[1]), fields
}

// moving is a machine's clock that goes on when it is told to.
type moving struct{ ahead atomic.Int64 }

func (m *moving) Now() time.Time { return time.Now().Add(time.Duration(m.ahead.Load())) }

func (m *moving) move(by time.Duration) { m.ahead.Add(int64(by)) }
