package control

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// maxWait is the longest that a request may wait for entries.
const maxWait = 10 * time.Minute

// heartbeat is how often an event stream without news shows that it lives.
const heartbeat = 15 * time.Second

// entries serves the timeline as JSON lines, or as server-sent events to who asks for them.
func entries(w http.ResponseWriter, r *http.Request, i Issuer) {
	query := r.URL.Query()
	after, err := seq(query.Get("after"))
	if err != nil {
		fail(w, err, nil)
		return
	}
	if strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
		if id := r.Header.Get("Last-Event-ID"); id != "" {
			if after, err = seq(id); err != nil {
				fail(w, err, nil)
				return
			}
		}
		stream(w, r, i, after)
		return
	}
	wait := time.Duration(0)
	if text := query.Get("wait"); text != "" {
		if wait, err = time.ParseDuration(text); err != nil || wait < 0 || wait > maxWait {
			fail(w, fmt.Errorf("%w: wait %q is not a duration of 0s to %s", errBody, text, maxWait), nil)
			return
		}
	}
	list, err := i.Timeline(r.Context(), after, wait)
	if err != nil {
		fail(w, err, nil)
		return
	}
	w.Header().Set("Content-Type", "application/jsonl")
	_ = timeline.Encode(w, list) // a client that left
}

func seq(text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: after %q is not the seq of an entry", errBody, text)
	}
	return n, nil
}

// stream sends entries as they are written until the client leaves.
func stream(w http.ResponseWriter, r *http.Request, i Issuer, after uint64) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	control := http.NewResponseController(w)
	for r.Context().Err() == nil {
		if control.Flush() != nil {
			return
		}
		list, err := i.Timeline(r.Context(), after, heartbeat)
		if err != nil {
			return
		}
		if len(list) == 0 {
			if _, err := fmt.Fprint(w, ": nothing new\n\n"); err != nil {
				return
			}
		}
		for _, e := range list {
			text, err := json.Marshal(e)
			if err != nil {
				return
			}
			if _, err := fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", e.Seq, e.Event.Type(), text); err != nil {
				return
			}
			after = e.Seq
		}
	}
}
