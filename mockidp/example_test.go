package mockidp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/rollover-harness/rollover/mockidp"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// In a test of your API: give it the issuer's address, then roll the keys.
func ExampleStart() {
	test := func(t *testing.T) {
		idp := mockidp.Start(t, mockidp.Config{}) // stops with the test
		// api := newAPI(idp.URL()) ...
		good, err := idp.Mint(t.Context(), credential.Request{})
		if err != nil {
			t.Fatal(err)
		}
		_ = good.Token // must be accepted
		if _, err := idp.Apply(t.Context(), keyring.Rotate{Abrupt: true}); err != nil {
			t.Fatal(err)
		}
		// Now good.Token must be rejected, and a new one accepted.
	}
	_ = test
}

// keysServed counts the keys of the key set.
func keysServed(url string) (int, error) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	var set struct{ Keys []json.RawMessage }
	err = json.NewDecoder(answer.Body).Decode(&set)
	return len(set.Keys), err
}

// A planned rollover, seen by whoever reads the key set.
func ExampleIssuer_Apply() {
	idp, err := mockidp.New(mockidp.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = idp.Close() }()
	if err := idp.Listen("127.0.0.1:0"); err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	for _, command := range []keyring.Command{
		keyring.Publish{Name: "next"}, keyring.Activate{Key: "next"}, keyring.Remove{Key: "initial"},
	} {
		result, err := idp.Apply(ctx, command)
		if err != nil {
			fmt.Println(err)
			return
		}
		keys, err := keysServed(idp.Endpoints().JWKS)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, t := range result.Transitions {
			fmt.Printf("%s is %s, ", t.Key, t.To)
		}
		fmt.Printf("%d served\n", keys)
	}
	// Output:
	// next is published, 2 served
	// next is active, initial is retired, 2 served
	// initial is removed, 1 served
}
