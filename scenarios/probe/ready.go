package probe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// Errors of Await.
var (
	ErrNotReady = errors.New("not ready")                 // the time is over
	ErrEnded    = errors.New("ended before it was ready") // the app is gone
)

const (
	shortestPause = 2 * time.Millisecond
	longestPause  = 50 * time.Millisecond
	// One attempt may take this long: an app that has taken the connection but
	// is still busy starting may never answer the first request.
	attemptTimeout = 5 * time.Second
)

// Ready says how to see that an app has started.
type Ready struct {
	Path    string        // answers 2xx once the app is ready; empty: any HTTP answer to / will do
	Timeout time.Duration // 0 is DefaultTimeout
}

// Validate checks the path and the timeout. Its errors wrap ErrConfig.
func (r Ready) Validate() error {
	if r.Path != "" && !strings.HasPrefix(r.Path, "/") {
		return fmt.Errorf("%w: ready path %q does not begin with /", ErrConfig, r.Path)
	}
	if r.Timeout < 0 {
		return fmt.Errorf("%w: ready timeout %s is negative", ErrConfig, r.Timeout)
	}
	return nil
}

// Await asks the app at base until it is ready. It fails with an error that
// wraps ErrNotReady when the time is over, with ErrEnded as soon as ended is
// closed (nil: that cannot be seen), and with the cause of ctx when that is done.
func (r Ready) Await(ctx context.Context, base string, ended <-chan struct{}) error {
	if err := r.Validate(); err != nil {
		return err
	}
	if err := CheckBase(base); err != nil {
		return err
	}
	if r.Timeout == 0 {
		r.Timeout = DefaultTimeout
	}
	transport := newTransport()
	transport.DisableKeepAlives = true // nothing of this stays with the app
	address := strings.TrimSuffix(base, "/") + "/"
	if r.Path != "" {
		address = strings.TrimSuffix(base, "/") + r.Path
	}

	limited, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	var last error // of the attempts that were not cut short by the end of the time
	for pause := shortestPause; ; pause = min(2*pause, longestPause) {
		err := r.attempt(limited, transport, address)
		if err == nil {
			return nil
		}
		if last == nil || limited.Err() == nil {
			last = err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ended:
			timer.Stop()
			return ErrEnded
		case <-limited.Done():
			timer.Stop()
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("%w within %s (GET %s: %w)", ErrNotReady, r.Timeout, address, last)
		}
	}
}

func (r Ready) attempt(ctx context.Context, transport *http.Transport, address string) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", "rollover")
	response, err := transport.RoundTrip(request)
	if err != nil {
		// "connection refused" says it; the address is in the sentence already.
		if errno := syscall.Errno(0); errors.As(err, &errno) {
			return errno
		}
		if ctx.Err() != nil {
			return errors.New("no answer")
		}
		return err
	}
	_ = response.Body.Close()
	if r.Path != "" && (response.StatusCode < 200 || response.StatusCode > 299) {
		return fmt.Errorf("answered %d", response.StatusCode)
	}
	return nil
}
