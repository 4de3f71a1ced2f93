// Package probe carries credentials to an app under test and reads what it
// answers.
package probe

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/target"
)

// DefaultTimeout is how long an answer, or an app's start, may take where
// nothing else is said.
const DefaultTimeout = 30 * time.Second

// ErrConfig is wrapped by the errors of a probe that cannot work as configured.
var ErrConfig = errors.New("invalid probe")

// Bearer carries a credential in the Authorization header of a GET request
// (RFC 6750 section 2.1). The zero value asks for / and reads 200 as accepted,
// 401 and 403 as rejected.
type Bearer struct {
	Path     string        // begins with /, may have a query; empty is /
	Timeout  time.Duration // for one answer; 0 is DefaultTimeout
	Accepted []int         // HTTP statuses that mean accepted; empty is 200
	Rejected []int         // HTTP statuses that mean rejected; empty is 401 and 403
}

// Validate checks the path and the statuses. Its errors wrap ErrConfig.
func (b Bearer) Validate() error {
	if b.Path != "" && !strings.HasPrefix(b.Path, "/") {
		return fmt.Errorf("%w: path %q does not begin with /", ErrConfig, b.Path)
	}
	if _, err := url.Parse(b.Path); err != nil {
		return fmt.Errorf("%w: path: %w", ErrConfig, err)
	}
	if b.Timeout < 0 {
		return fmt.Errorf("%w: timeout %s is negative", ErrConfig, b.Timeout)
	}
	b = b.withDefaults()
	for _, status := range slices.Concat(b.Accepted, b.Rejected) {
		if status < 200 || status > 599 {
			return fmt.Errorf("%w: %d is not the status of an answer (200 to 599)", ErrConfig, status)
		}
	}
	for _, status := range b.Accepted {
		if slices.Contains(b.Rejected, status) {
			return fmt.Errorf("%w: status %d means both accepted and rejected", ErrConfig, status)
		}
	}
	return nil
}

// Features implements target.Probe: every app can be asked so.
func (b Bearer) Features() []target.Feature { return nil }

// Open implements target.Probe. Its errors wrap ErrConfig.
func (b Bearer) Open(base string, _ target.Environment) (target.Session, error) {
	if err := b.Validate(); err != nil {
		return nil, err
	}
	if err := CheckBase(base); err != nil {
		return nil, err
	}
	b = b.withDefaults()
	return &session{bearer: b, url: strings.TrimSuffix(base, "/") + b.Path, transport: newTransport()}, nil
}

// outcome reads a status. What the configuration names comes first: an app may
// well reject with 500.
func (b Bearer) outcome(status int) timeline.Outcome {
	switch {
	case slices.Contains(b.Accepted, status):
		return timeline.Accepted
	case slices.Contains(b.Rejected, status):
		return timeline.Rejected
	case status >= 500 && status <= 599:
		return timeline.Failed
	}
	return timeline.Unreachable
}

func (b Bearer) withDefaults() Bearer {
	if b.Path == "" {
		b.Path = "/"
	}
	if b.Timeout == 0 {
		b.Timeout = DefaultTimeout
	}
	if len(b.Accepted) == 0 {
		b.Accepted = []int{http.StatusOK}
	}
	if len(b.Rejected) == 0 {
		b.Rejected = []int{http.StatusUnauthorized, http.StatusForbidden}
	}
	return b
}

// CheckBase says whether base is the URL of an app. Its errors wrap ErrConfig.
func CheckBase(base string) error {
	u, err := url.Parse(base)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("%w: %q is not an http or https URL", ErrConfig, base)
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%w: %q has a query or a fragment; it belongs into the path that is asked for", ErrConfig, base)
	}
	return nil
}

// newTransport is a transport that asks the app itself: a proxy from the
// environment would answer in its place.
func newTransport() *http.Transport {
	return &http.Transport{
		MaxIdleConnsPerHost:    64, // scenarios present in parallel
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}
