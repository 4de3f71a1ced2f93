package testcontainer_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"net/http"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/network"

	"github.com/rollover-harness/rollover/docker/testcontainer"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/keyring"
)

func ExampleRun() {
	ctx := context.Background()
	idp, err := testcontainer.Run(ctx, image)
	defer func() {
		if err := testcontainers.TerminateContainer(idp); err != nil {
			log.Printf("terminate mockidp: %v", err)
		}
	}()
	if err != nil {
		log.Printf("run mockidp: %v", err)
		return
	}

	authority, err := idp.Issuer(ctx)
	if err != nil {
		log.Printf("ask for issuer: %v", err)
		return
	}
	// Configure your app with authority, such as http://127.0.0.1:32768/default, and:
	good, err := idp.Mint(ctx, credential.Request{})
	if err != nil {
		log.Printf("mint: %v", err)
		return
	}
	fmt.Println(authority != "", good.Token != "")
	// Output: true true
}

// An app that verifies tokens with go-oidc survives a rollover without notice,
// and refuses tokens of the key that is gone.
func ExampleContainer_Apply() {
	ctx := context.Background()
	idp, err := testcontainer.Run(ctx, image)
	defer func() {
		if err := testcontainers.TerminateContainer(idp); err != nil {
			log.Printf("terminate mockidp: %v", err)
		}
	}()
	if err != nil {
		log.Printf("run mockidp: %v", err)
		return
	}
	authority, err := idp.Issuer(ctx)
	if err != nil {
		log.Printf("ask for issuer: %v", err)
		return
	}
	provider, err := oidc.NewProvider(ctx, authority)
	if err != nil {
		log.Printf("discover: %v", err)
		return
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: "api://default"})

	before, err := idp.Mint(ctx, credential.Request{})
	if err != nil {
		log.Printf("mint: %v", err)
		return
	}
	_, err = verifier.Verify(ctx, before.Token)
	fmt.Println("a token before the rollover is accepted:", err == nil)

	if _, err := idp.Apply(ctx, keyring.Rotate{Abrupt: true}); err != nil {
		log.Printf("rotate: %v", err)
		return
	}
	after, err := idp.Mint(ctx, credential.Request{})
	if err != nil {
		log.Printf("mint: %v", err)
		return
	}
	_, err = verifier.Verify(ctx, after.Token)
	fmt.Println("a token after it is accepted:", err == nil)
	_, err = verifier.Verify(ctx, before.Token)
	fmt.Println("the old token is still accepted:", err == nil)
	// Output:
	// a token before the rollover is accepted: true
	// a token after it is accepted: true
	// the old token is still accepted: false
}

// For an app in a container of the same network.
func ExampleWithBase() {
	ctx := context.Background()
	shared, err := network.New(ctx)
	if err != nil {
		log.Printf("make network: %v", err)
		return
	}
	defer func() {
		if err := shared.Remove(ctx); err != nil {
			log.Printf("remove network: %v", err)
		}
	}()
	idp, err := testcontainer.Run(ctx, image,
		network.WithNetwork([]string{"idp"}, shared),
		testcontainer.WithBase("http://idp:8400"),
	)
	defer func() {
		if err := testcontainers.TerminateContainer(idp); err != nil {
			log.Printf("terminate mockidp: %v", err)
		}
	}()
	if err != nil {
		log.Printf("run mockidp: %v", err)
		return
	}
	// The app runs with network.WithNetwork(nil, shared) and this for its authority:
	authority, err := idp.Issuer(ctx)
	if err != nil {
		log.Printf("ask for issuer: %v", err)
		return
	}
	fmt.Println(authority)
	// Output: http://idp:8400/default
}

func ExampleWithTLS() {
	ctx := context.Background()
	idp, err := testcontainer.Run(ctx, image, testcontainer.WithTLS())
	defer func() {
		if err := testcontainers.TerminateContainer(idp); err != nil {
			log.Printf("terminate mockidp: %v", err)
		}
	}()
	if err != nil {
		log.Printf("run mockidp: %v", err)
		return
	}
	pem, err := idp.CA(ctx)
	if err != nil {
		log.Printf("fetch CA: %v", err)
		return
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(pem)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}}
	authority, err := idp.Issuer(ctx)
	if err != nil {
		log.Printf("ask for issuer: %v", err)
		return
	}
	_, err = oidc.NewProvider(oidc.ClientContext(ctx, client), authority)
	fmt.Println(authority[:8], err)
	// Output: https:// <nil>
}

// Two issuers, the second in the shapes of Entra. Container.Control reaches it.
func ExampleWithIssuers() {
	ctx := context.Background()
	idp, err := testcontainer.Run(ctx, image, testcontainer.WithIssuers(
		issuer.Spec{Name: "shop", Audience: "api://shop"},
		issuer.Spec{Name: "staff", Profile: "entra", Keys: []issuer.KeySpec{{Name: "old"}, {Name: "next"}}},
	))
	defer func() {
		if err := testcontainers.TerminateContainer(idp); err != nil {
			log.Printf("terminate mockidp: %v", err)
		}
	}()
	if err != nil {
		log.Printf("run mockidp: %v", err)
		return
	}
	client, err := idp.Control(ctx)
	if err != nil {
		log.Printf("find control port: %v", err)
		return
	}
	set, err := client.Issuer("staff").Keys(ctx)
	if err != nil {
		log.Print(err)
		return
	}
	for _, key := range set.Keys {
		fmt.Println(key.Name, key.State)
	}
	// Output:
	// old active
	// next published
}
