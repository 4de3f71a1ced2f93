package contained_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/engine"
	"github.com/rollover-harness/rollover/scenarios/engine/contained"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target/container"
)

const image = "rollover/mockidp:dev" // make image

func start(t *testing.T) *container.Engine {
	t.Helper()
	on, err := container.Open(t.Context(), "", nil)
	if errors.Is(err, container.ErrAbsent) {
		t.Skip("docker: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := on.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if !on.Has(t.Context(), image) {
		t.Skipf("docker: there is no image %s (make image)", image)
	}
	return on
}

// visit asks for an address of the issuer as a browser of the run does.
func visit(t *testing.T, at engine.Site, address string) (string, error) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, at.Environment.Reach[to])
		},
	}}
	answer, err := client.Get(address)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

func TestAnIssuerInAContainer(t *testing.T) {
	on := start(t)
	ctx := t.Context()
	open := contained.Opener(contained.Config{Engine: on, Image: image, Profile: "entra", SAML: credential.SAML{Sign: "both"}})
	keys := []spec.Key{{Name: "next", State: keyring.Published}, {Name: "signer", State: keyring.Active}}
	one, err := open(ctx, keys, "urn:app")
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	two, err := open(ctx, keys, "urn:app")
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()

	// One address for everybody, and another for each scenario.
	e := one.Environment
	const base = "http://issuer-1.rollover.test:8400/11111111-2222-3333-4444-555555555555"
	if e.Issuer != base+"/v2.0" || e.WSFed != base+"/wsfed" || e.Audience != "urn:app" || len(e.Thumbprints) != 2 || !strings.HasPrefix(two.Environment.Issuer, "http://issuer-2.rollover.test:8400/") {
		t.Errorf("%+v", e)
	}
	if text, err := visit(t, one, e.Metadata); err != nil || !strings.Contains(text, `"issuer":"`+e.Issuer+`"`) {
		t.Errorf("%s %v", text, err)
	}

	made, err := one.Mint(ctx, credential.Request{Key: "next"})
	if err != nil || made.Token == "" {
		t.Errorf("%+v %v", made, err)
	}
	if _, err := one.Apply(ctx, command.Record{Source: timeline.Harness, Event: timeline.Note{Text: "here"}}, command.Fault{Rule: fault.Rule{ID: "down", Refuse: &fault.Refuse{}}}); err != nil {
		t.Fatal(err)
	}
	// A fault hits nobody but its own scenario, and there it is a real one.
	if _, err := visit(t, one, e.JWKS); err == nil {
		t.Error("the first issuer answers")
	}
	if _, err := visit(t, two, two.Environment.JWKS); err != nil {
		t.Errorf("the neighbour: %v", err)
	}
	before, err := one.Timeline(ctx, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	after, err := one.Timeline(ctx, 0, time.Minute)
	if err != nil || len(after) < len(before) || after[0].Seq != 1 {
		t.Errorf("%d entries, then %d, %v", len(before), len(after), err)
	}
	var noted, closed bool
	for _, entry := range after {
		note, is := entry.Event.(timeline.Note)
		noted = noted || is && note.Text == "here"
		set, is := entry.Event.(timeline.FaultSet)
		closed = closed || is && set.Detail == "listener closed"
	}
	if !noted || !closed {
		t.Errorf("noted %t, listener closed %t: %+v", noted, closed, after)
	}
	if rest, err := one.Timeline(ctx, after[0].Seq, 0); err != nil || len(rest) != len(after)-1 {
		t.Errorf("%d entries after the first, %v", len(rest), err)
	}
	if err := one.Close(); err != nil {
		t.Errorf("again: %v", err)
	}
}

func TestAnIssuerThatCannotBeMadeLeavesNoContainer(t *testing.T) {
	on := start(t)
	open := contained.Opener(contained.Config{Engine: on, Image: image})
	_, err := open(t.Context(), []spec.Key{{Name: "a", Alg: "ROT13"}}, "urn:app")
	if err == nil || !strings.Contains(err.Error(), "ROT13") {
		t.Errorf("%v", err)
	}
	if left, err := on.Containers(t.Context()); err != nil || left != 0 {
		t.Errorf("%d containers, %v", left, err)
	}
}
