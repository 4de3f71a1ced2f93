// Package target is the contract of a thing under test: what the engine may
// ask of it, and what it must answer. Four kinds keep it: a process, a URL, a
// container and a handler in this process.
package target

import (
	"context"
	"errors"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// Feature is something that not every target can do.
type Feature string

// The features that a scenario may need.
const (
	Restart Feature = "restart" // it can be ended and started again
	Clock   Feature = "clock"   // its clock can be moved
	Logs    Feature = "logs"    // what it logs can be read
	OIDC    Feature = "oidc"    // people sign in to it by OpenID Connect
	WSFed   Feature = "wsfed"   // ... by WS-Federation
	SAML    Feature = "saml"    // ... by SAML 2.0
	// Federation is WSFed or SAML: it trusts federation metadata or a pinned certificate.
	Federation Feature = "federation"
)

// Environment is the issuer that a target is started for.
type Environment struct {
	Issuer             string // issuer identifier, the "iss" of its tokens
	Metadata           string // URL of the discovery document
	JWKS               string // URL of the key set
	FederationMetadata string // URL, empty where the profile has none
	SAMLMetadata       string // URL, empty where the profile has none
	EntityID           string // the issuer's name in SAML assertions, empty where the profile makes none
	WSFed              string // URL of the WS-Federation passive endpoint, empty where there is none
	SAML2              string // URL of the SAML single sign-on service, empty where there is none
	Audience           string // "aud" of good tokens
	CA                 string // file with the CA of an https issuer, empty for http

	// Reach is where addresses are reached from here that only the app knows, as
	// names of a network of containers are: host:port by host:port.
	Reach map[string]string

	// What somebody would have pinned before the scenario began: the SHA-1
	// thumbprints (upper-case hex) and certificates (base64 of the DER) of the
	// keys in the documents, the signer's first.
	Thumbprints  []string
	Certificates []string
}

// ErrStart is wrapped by the error of a target that does not come up.
var ErrStart = errors.New("target does not start")

// Target makes instances of a thing under test. Its methods are safe for
// concurrent use: scenarios run side by side, each with an instance of its own.
type Target interface {
	// Name is what reports call it, Kind one of process, container, url, inprocess.
	Name() string
	Kind() string
	Features() []Feature

	// Start brings up an instance and waits until it is ready. On an error there
	// is none and nothing of it is left running. An error that wraps ErrStart is
	// the app's and holds its last words; one that wraps the cause of ctx is not:
	// somebody lost patience first. The life of the instance is not tied to ctx.
	// log gets each line that the instance writes, from one goroutine at a time,
	// and is never called after Stop has returned.
	Start(ctx context.Context, env Environment, log func(line string)) (Instance, error)
}

// Instance is one running target.
type Instance interface {
	// Present shows a credential and reads the answer. It does not fail: an
	// answer that never came is an Observation too (Unreachable).
	Present(ctx context.Context, c credential.Credential) Observation

	// Done is closed when the instance has ended, with all that it logged; nil
	// where that cannot be seen. Err then says how it ended by itself or was
	// killed from outside; it is nil while it runs and where Stop ended it.
	Done() <-chan struct{}
	Err() error

	// Stop ends the instance with all its children and waits for that. Once ctx
	// is done it is less patient, but it waits all the same. It is safe to call
	// again. Afterwards Present answers Unreachable.
	Stop(ctx context.Context) error

	// Address is where the instance answers, PID its process (0 without one).
	Address() string
	PID() int
}

// Probe is how a credential is carried to an app and how the answer is read:
// what all kinds of target have in common.
type Probe interface {
	// Validate checks the configuration.
	Validate() error
	// Features are those that a target has by being asked in this way.
	Features() []Feature
	// Open makes ready to present credentials to the app at base, an http or
	// https URL, that was started for the issuer in env. Nothing is sent yet.
	Open(base string, env Environment) (Session, error)
}

// Session presents credentials to one instance. It is safe for concurrent use.
type Session interface {
	// Present shows a credential and reads the answer, as Instance.Present does.
	Present(ctx context.Context, c credential.Credential) Observation
	// Close ends the connections that are kept. Afterwards every answer is
	// Unreachable. It is safe to call again.
	Close()
}

// Observation is what a target answered to a credential.
type Observation struct {
	Outcome timeline.Outcome
	Status  int    // HTTP status, 0 without an answer
	Detail  string // WWW-Authenticate and the body's beginning, or the transport's error
	Shown   string // the name that the page shows where a sign-in ended
	// Undelivered is an answer that the app gave before it sent the browser to
	// the issuer: it says how the app treats people, and nothing of the credential.
	Undelivered bool
	Took        time.Duration // from the first byte sent to the answer
}
