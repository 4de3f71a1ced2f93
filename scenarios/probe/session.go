package probe

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/timeline"
	"github.com/rollover-harness/rollover/scenarios/target"
)

const (
	bodyRead    = 4 << 10 // bytes of an answer's body that are read
	bodyShown   = 600     // bytes of it that go into Detail
	headerShown = 2 << 10 // bytes of WWW-Authenticate that go into Detail
)

// session presents bearer tokens to one app over connections of its own, which
// are kept alive as those of a real client are.
type session struct {
	bearer    Bearer
	url       string
	transport *http.Transport
	closed    atomic.Bool
}

// Present implements target.Session. Redirects are not followed:
// where an API sends its caller is an answer, not a way.
//
// net/http asks once more where a kept connection turns out to be dead before
// the first byte of an answer, so an app may see a credential twice.
func (s *session) Present(ctx context.Context, c credential.Credential) target.Observation {
	// A request that raced with Close must not leave its connection behind.
	defer func() {
		if s.closed.Load() {
			s.transport.CloseIdleConnections()
		}
	}()
	if s.closed.Load() {
		return stopped()
	}

	began := time.Now()
	var waited atomic.Int64 // until there was a connection to write on
	limited, cancel := context.WithTimeout(ctx, s.bearer.Timeout)
	defer cancel()
	traced := httptrace.WithClientTrace(limited, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { waited.Store(int64(time.Since(began))) },
	})
	request, err := http.NewRequestWithContext(traced, http.MethodGet, s.url, nil)
	if err != nil {
		return target.Observation{Outcome: timeline.Unreachable, Detail: clean(err.Error(), bodyShown)}
	}
	request.Header.Set("Authorization", "Bearer "+c.Token)
	request.Header.Set("User-Agent", "rollover")

	// The transport itself, not a Client: no redirects, no cookies.
	response, err := s.transport.RoundTrip(request)
	took := time.Since(began) - time.Duration(waited.Load())
	if err != nil {
		detail := err.Error()
		if limited.Err() != nil && ctx.Err() == nil {
			detail = fmt.Sprintf("no answer within %s (%s)", s.bearer.Timeout, detail)
		}
		return target.Observation{Outcome: timeline.Unreachable, Detail: clean(detail, bodyShown), Took: took}
	}
	// The status is the answer; a body that breaks off does not take it back.
	body, _ := io.ReadAll(io.LimitReader(response.Body, bodyRead))
	_ = response.Body.Close()

	outcome := s.bearer.outcome(response.StatusCode)
	return target.Observation{
		Outcome: outcome,
		Status:  response.StatusCode,
		Detail:  detail(outcome, response, body),
		Took:    took,
	}
}

// Close implements target.Session.
func (s *session) Close() {
	s.closed.Store(true)
	s.transport.CloseIdleConnections()
}

// stopped is the answer of an instance that is no more.
func stopped() target.Observation {
	return target.Observation{Outcome: timeline.Unreachable, Detail: "the instance is stopped"}
}

// detail is what the app said beside the status. WWW-Authenticate comes first:
// it is where RFC 6750 section 3 puts the reason.
func detail(outcome timeline.Outcome, response *http.Response, body []byte) string {
	var parts []string
	if outcome == timeline.Unreachable {
		to := ""
		if location := response.Header.Get("Location"); location != "" {
			to = " to " + clean(location, bodyShown)
		}
		parts = append(parts, fmt.Sprintf("answered %d%s, which is neither accepted nor rejected", response.StatusCode, to))
	}
	if challenges := response.Header.Values("WWW-Authenticate"); len(challenges) > 0 {
		parts = append(parts, "WWW-Authenticate: "+clean(strings.Join(challenges, ", "), headerShown))
	}
	if text := clean(string(body), bodyShown); text != "" {
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

// clean makes foreign text fit for a report: at most limit bytes of valid
// UTF-8 on one line, without control characters (they would reach a terminal).
func clean(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
