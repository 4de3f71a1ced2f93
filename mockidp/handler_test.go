package mockidp_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

func TestEveryAnswerWarnsAndAllowsAnyOrigin(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	base := strings.TrimSuffix(idp.URL(), "/default")
	for path, status := range map[string]int{"/default/jwks": 200, "/default": 200, "/": 200, "/nowhere": 404, "/default/nowhere": 404} {
		answer, _ := get(t, base+path)
		if answer.StatusCode != status || answer.Header.Get("Rollover-Warning") != mockidp.Warning || answer.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d %v", path, answer.StatusCode, answer.Header)
		}
	}
}

func TestAnUnknownPathSaysWhatThereIs(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	answer, body := get(t, idp.URL()+"/nowhere")
	var problem struct {
		Status int
		Detail string
		Serves []string
	}
	if err := json.Unmarshal(body, &problem); err != nil {
		t.Fatal(err)
	}
	if answer.Header.Get("Content-Type") != "application/problem+json" || problem.Status != 404 || problem.Detail != "/default/nowhere" {
		t.Errorf("%v %s", answer.Header, body)
	}
	for _, path := range []string{"/default/jwks", "/default/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/default"} {
		if !slices.Contains(problem.Serves, path) {
			t.Errorf("%s is not among %v", path, problem.Serves)
		}
	}
	if s := events[timeline.Served](t, idp); len(s) != 1 || s[0].Document != timeline.Other || s[0].Status != 404 {
		t.Errorf("%+v", s)
	}
}

func TestMethods(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	for method, want := range map[string]struct {
		status   int
		document timeline.Document
		keys     int
	}{
		http.MethodGet:     {200, timeline.JWKS, 1},
		http.MethodHead:    {200, timeline.JWKS, 0},
		http.MethodOptions: {204, timeline.Other, 0},
		http.MethodPost:    {405, timeline.Other, 0},
		http.MethodDelete:  {405, timeline.Other, 0},
	} {
		request, err := http.NewRequest(method, idp.Endpoints().JWKS, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("User-Agent", "app-"+method)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want.status {
			t.Errorf("%s: %d", method, answer.StatusCode)
		}
		s := await(t, idp, func(s timeline.Served) bool { return s.UserAgent == "app-"+method })
		if s.Method != method || s.Document != want.document || s.Status != want.status || len(s.Keys) != want.keys || s.Client == "" || s.Path != "/default/jwks" {
			t.Errorf("%s: %+v", method, s)
		}
	}
	request, _ := http.NewRequest(http.MethodOptions, idp.Endpoints().JWKS, nil)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.Header.Get("Access-Control-Allow-Methods") == "" || answer.Header.Get("Access-Control-Allow-Headers") == "" {
		t.Errorf("preflight: %v", answer.Header)
	}
}

func TestTheBookHasTheAnswerBeforeTheClient(t *testing.T) {
	// Enough keys for a body that net/http does not buffer.
	var keys []mockidp.Key
	for n := range 20 {
		keys = append(keys, mockidp.Key{Name: "k" + string(rune('a'+n)), Alg: "ES256"})
	}
	idp := mockidp.Start(t, mockidp.Config{Keys: keys})
	for n := range 50 {
		get(t, idp.Endpoints().JWKS)
		if s := events[timeline.Served](t, idp); len(s) != n+1 || len(s[n].Keys) != len(keys) {
			t.Fatalf("after answer %d the book has %d", n+1, len(s))
		}
	}
}

func TestDocumentsDoNotWaitForTheGate(t *testing.T) {
	gate := mockidp.NewGate()
	idp := mockidp.Start(t, mockidp.Config{Gate: gate})
	for range cap(gate) {
		gate <- struct{}{} // every slot is taken
	}
	ctx, cancel := context.WithCancel(context.Background())
	minted := make(chan error, 1)
	go func() {
		_, err := idp.Mint(ctx, credential.Request{})
		minted <- err
	}()
	get(t, idp.Endpoints().JWKS)
	select {
	case err := <-minted:
		t.Fatalf("it was minted past the gate: %v", err)
	default:
	}
	cancel()
	if err := <-minted; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	<-gate
	if _, err := idp.Mint(context.Background(), credential.Request{}); err != nil {
		t.Errorf("with a free slot: %v", err)
	}
}

func TestMintIsRecorded(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	ids := map[string]bool{}
	for range 3 {
		made, err := idp.Mint(context.Background(), credential.Request{Audience: "api://x", Claims: map[string]any{"scp": "read"}})
		if err != nil {
			t.Fatal(err)
		}
		claims, err := verify(t, idp, made.Token)
		if err != nil {
			t.Fatal(err)
		}
		ids[claims.ID] = true
		entries, err := idp.Timeline(context.Background(), made.Minted-1, 0)
		if err != nil {
			t.Fatal(err)
		}
		m, is := entries[0].Event.(timeline.Minted)
		if !is || m.Key != "initial" || m.KID != made.KID || m.Audience != "api://x" || m.Form != "jwt" || !slices.Equal(m.Altered, []string{"scp"}) || m.ExpiresAt.Sub(m.IssuedAt) != time.Hour {
			t.Errorf("%+v", entries[0])
		}
	}
	if len(ids) != 3 {
		t.Errorf("ids repeat: %v", ids)
	}
}

func TestMintRefusals(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	for name, r := range map[string]credential.Request{
		"form":    {Form: credential.SAML20},
		"forge":   {Forge: "magic"},
		"key":     {Key: "nobody"},
		"version": {Version: "v3"},
	} {
		if _, err := idp.Mint(context.Background(), r); !errors.Is(err, credential.ErrRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if m := events[timeline.Minted](t, idp); m != nil {
		t.Errorf("%+v", m)
	}
}

func TestAStrangersKeyIsNotOfTheRing(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{Keys: []mockidp.Key{{Name: "a", Alg: "ES256"}}})
	made, err := idp.Mint(context.Background(), credential.Request{Forge: credential.StrangerKey})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verify(t, idp, made.Token); err == nil {
		t.Error("a stranger's token verifies")
	}
	if m := events[timeline.Minted](t, idp); m[0].Key != "" || m[0].Forge != "stranger-key" {
		t.Errorf("%+v", m)
	}
}

func TestTimelineWaitsForNews(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{})
	if list, err := idp.Timeline(context.Background(), 1, time.Millisecond); err != nil || list != nil {
		t.Errorf("%v %v", list, err)
	}
	fetched := make(chan error)
	go func() { fetched <- refused(idp.Endpoints().JWKS) }()
	list, err := idp.Timeline(context.Background(), 1, patience)
	if err != nil || len(list) != 1 || list[0].Seq != 2 {
		t.Errorf("%v %v", list, err)
	}
	if err := <-fetched; err != nil {
		t.Error(err)
	}
}

func TestTimelineLimitBoundsTheBook(t *testing.T) {
	idp := mockidp.Start(t, mockidp.Config{TimelineLimit: 5})
	for range 30 {
		get(t, idp.Endpoints().JWKS)
	}
	list, err := idp.Timeline(context.Background(), 0, 0)
	if err != nil || len(list) < 5 || len(list) >= 10 || list[len(list)-1].Seq != 31 {
		t.Errorf("%d entries, %v", len(list), err)
	}
}
