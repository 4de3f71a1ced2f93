package fault_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/fault"
)

const minute = clock.Duration(time.Minute)

func TestValidRules(t *testing.T) {
	tests := []struct {
		effect string
		rule   fault.Rule
	}{
		{"status", fault.Rule{Status: &fault.Status{Code: 300}}},
		{"status", fault.Rule{Status: &fault.Status{Code: 599, RetryAfter: minute, Body: "no"}}},
		{"refuse", fault.Rule{Refuse: &fault.Refuse{}}},
		{"refuse", fault.Rule{Refuse: &fault.Refuse{}, For: minute}},
		{"refuse", fault.Rule{Refuse: &fault.Refuse{}, Document: "jwks", After: 1, Count: 2}},
		{"hang", fault.Rule{Hang: &fault.Hang{}}},
		{"delay", fault.Rule{Delay: &fault.Delay{By: minute}}},
		{"drip", fault.Rule{Drip: &fault.Drip{}}},
		{"drip", fault.Rule{Drip: &fault.Drip{Bytes: 1, Every: minute}}},
		{"truncate", fault.Rule{Truncate: &fault.Truncate{}}},
		{"truncate", fault.Rule{Truncate: &fault.Truncate{After: 10}}},
		{"contentType", fault.Rule{ContentType: &fault.ContentType{Type: "text/html"}}},
		{"html", fault.Rule{HTML: &fault.HTML{}}},
		{"body", fault.Rule{Body: &fault.Body{}}},
		{"body", fault.Rule{Body: &fault.Body{Text: "{", Type: "text/plain"}}},
		{"cache", fault.Rule{Cache: &fault.Cache{Control: "no-store"}}},
		{"cache", fault.Rule{Cache: &fault.Cache{Expires: "0"}}},
		{"cache", fault.Rule{Cache: &fault.Cache{Age: 1}}},
		{"empty", fault.Rule{Empty: &fault.Empty{}}},
		{"stale", fault.Rule{Stale: &fault.Stale{}}},
		{"stale", fault.Rule{Stale: &fault.Stale{Generations: 2}, Document: "discovery"}},
		{"replicas", fault.Rule{Replicas: &fault.Replicas{Keys: [][]string{{"a"}, {}}}}},
		{"extra", fault.Rule{Extra: &fault.Extra{JWK: "null", First: true}}},
		{"reorder", fault.Rule{Reorder: &fault.Reorder{Order: "reverse"}, Document: "jwks"}},
	}
	for _, m := range everyMetadata() {
		tests = append(tests, struct {
			effect string
			rule   fault.Rule
		}{"metadata", fault.Rule{Metadata: &m, Document: "federation"}})
	}
	for _, document := range fault.Documents() {
		tests = append(tests, struct {
			effect string
			rule   fault.Rule
		}{"hang", fault.Rule{ID: "x", Document: document, After: 1, Count: 1, For: minute, Hang: &fault.Hang{}}})
	}
	for _, kind := range fault.Kinds() {
		tests = append(tests, struct {
			effect string
			rule   fault.Rule
		}{"extra", fault.Rule{Extra: &fault.Extra{Kind: kind}}})
	}
	for _, order := range fault.Orders() {
		tests = append(tests, struct {
			effect string
			rule   fault.Rule
		}{"reorder", fault.Rule{Reorder: &fault.Reorder{Order: order}}})
	}
	seen := map[string]bool{}
	for _, test := range tests {
		seen[test.effect] = true
		if err := test.rule.Validate(); err != nil {
			t.Errorf("%+v: %v", test.rule, err)
		}
		if got := test.rule.Effect(); got != test.effect {
			t.Errorf("effect %q, want %q", got, test.effect)
		}
	}
	rule := reflect.TypeFor[fault.Rule]()
	for i := range rule.NumField() {
		name, _, _ := strings.Cut(rule.Field(i).Tag.Get("json"), ",")
		if rule.Field(i).Type.Kind() == reflect.Pointer && !seen[name] {
			t.Errorf("the test leaves out %s", name)
		}
	}
}

func TestInvalidRules(t *testing.T) {
	hang := &fault.Hang{}
	tests := []struct {
		rule fault.Rule
		want string
	}{
		{fault.Rule{}, "nothing goes wrong in it: give one of status, refuse, hang, delay, drip, truncate, contentType, html, body, cache, empty, stale, replicas, extra, reorder, metadata"},
		{fault.Rule{Hang: hang, Delay: &fault.Delay{By: minute}}, "hang and delay in one fault: set one fault for each"},
		{fault.Rule{Hang: hang, Document: "jwk"}, `unknown document "jwk" (one of discovery, jwks, federationMetadata, samlMetadata, federation, signIn)`},
		{fault.Rule{Hang: hang, After: -1}, "after, count and for are not negative"},
		{fault.Rule{Hang: hang, Count: -1}, "after, count and for are not negative"},
		{fault.Rule{Hang: hang, For: -minute}, "after, count and for are not negative"},
		{fault.Rule{Status: &fault.Status{}}, "status code 0 is not in 300 to 599"},
		{fault.Rule{Status: &fault.Status{Code: 200}}, "status code 200 is not in 300 to 599"},
		{fault.Rule{Status: &fault.Status{Code: 600}}, "status code 600 is not in 300 to 599"},
		{fault.Rule{Status: &fault.Status{Code: 503, RetryAfter: -minute}}, "retryAfter is not negative"},
		{fault.Rule{Refuse: &fault.Refuse{}, Count: 1}, "a closed listener sees no requests to count"},
		{fault.Rule{Refuse: &fault.Refuse{}, After: 1}, "a closed listener sees no requests to count"},
		{fault.Rule{Delay: &fault.Delay{}}, "delay needs a duration above zero in by"},
		{fault.Rule{Delay: &fault.Delay{By: -minute}}, "delay needs a duration above zero in by"},
		{fault.Rule{Drip: &fault.Drip{Bytes: -1}}, "drip: bytes and every are not negative"},
		{fault.Rule{Drip: &fault.Drip{Every: -minute}}, "drip: bytes and every are not negative"},
		{fault.Rule{Truncate: &fault.Truncate{After: -1}}, "truncate: after is not negative"},
		{fault.Rule{ContentType: &fault.ContentType{}}, "contentType needs a type"},
		{fault.Rule{Cache: &fault.Cache{}}, "cache needs control, expires or age"},
		{fault.Rule{Cache: &fault.Cache{Age: -1}}, "cache: age is not negative"},
		{fault.Rule{Stale: &fault.Stale{Generations: -1}}, "stale: generations is not negative"},
		{fault.Rule{Replicas: &fault.Replicas{}}, "replicas needs at least one list of keys"},
		{fault.Rule{Extra: &fault.Extra{}}, "extra needs either a kind or a jwk"},
		{fault.Rule{Extra: &fault.Extra{Kind: "null", JWK: "null"}}, "extra needs either a kind or a jwk"},
		{fault.Rule{Extra: &fault.Extra{Kind: "nul"}}, `unknown kind "nul" (one of unknown-kty,`},
		{fault.Rule{Reorder: &fault.Reorder{}}, `unknown order "" (one of reverse, newest-first, oldest-first)`},
		{fault.Rule{Reorder: &fault.Reorder{Order: "shuffle"}}, `unknown order "shuffle"`},
		{fault.Rule{Empty: &fault.Empty{}, Document: "discovery"}, "empty changes keys, and the discovery document has none"},
		{fault.Rule{Replicas: &fault.Replicas{Keys: [][]string{{"a"}}}, Document: "discovery"}, "replicas changes keys"},
		{fault.Rule{Extra: &fault.Extra{Kind: "null"}, Document: "discovery"}, "extra changes keys"},
		{fault.Rule{Reorder: &fault.Reorder{Order: "reverse"}, Document: "discovery"}, "reorder changes keys"},
		{fault.Rule{Stale: &fault.Stale{}, Document: "signIn"}, "stale changes documents, and signing in is none"},
		{fault.Rule{Metadata: &fault.Metadata{Unsigned: true}, Document: "signIn"}, "metadata changes documents, and signing in is none"},
		{fault.Rule{Metadata: &fault.Metadata{Unsigned: true}, Document: "jwks"}, "metadata bends federationMetadata and samlMetadata"},
		{fault.Rule{Extra: &fault.Extra{Kind: "null"}, Document: "federation"}, "extra is an entry of a key set"},
		{fault.Rule{Metadata: &fault.Metadata{Unsigned: true}, Document: "discovery"}, "metadata bends federationMetadata and samlMetadata"},
		{fault.Rule{Extra: &fault.Extra{Kind: "null"}, Document: "federationMetadata"}, "extra is an entry of a key set, and metadata has certificates"},
		{fault.Rule{Metadata: &fault.Metadata{}}, "metadata changes nothing"},
		{fault.Rule{Metadata: &fault.Metadata{Roles: []string{"idp"}}}, `unknown role "idp" (one of sts, application, idpsso, spsso)`},
		{fault.Rule{Metadata: &fault.Metadata{Unsigned: true, Tampered: true}}, "metadata that is unsigned has no signature"},
		{fault.Rule{Metadata: &fault.Metadata{Unsigned: true, SignedBy: "old"}}, "metadata that is unsigned has no signature"},
		{fault.Rule{Metadata: &fault.Metadata{CacheDuration: -minute}}, "cacheDuration is not negative"},
	}
	for _, test := range tests {
		err := test.rule.Validate()
		if !errors.Is(err, fault.ErrRule) || !strings.HasPrefix(err.Error(), "invalid fault: "+test.want) {
			t.Errorf("%+v: %v, want %s", test.rule, err, test.want)
		}
	}
	if got := (fault.Rule{Hang: hang, Empty: &fault.Empty{}}).Effect(); got != "" {
		t.Errorf("a rule of two effects has the effect %q", got)
	}
}
