package timeline

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
)

// MaxLine is the longest line, in bytes, that Decode reads.
const MaxLine = 1 << 20

// ErrFormat is wrapped by every error of Decode that is the input's fault.
var ErrFormat = errors.New("not a timeline")

// line is an Entry as one line of JSON.
type line struct {
	Seq     uint64          `json:"seq"`
	At      time.Time       `json:"at"`
	Elapsed clock.Duration  `json:"elapsed"`
	Source  string          `json:"source"`
	Type    string          `json:"type"`
	Event   json.RawMessage `json:"event"`
}

// MarshalJSON writes the entry with its event's type beside it.
func (e Entry) MarshalJSON() ([]byte, error) {
	if e.Event == nil {
		return nil, fmt.Errorf("encode entry %d: no event", e.Seq)
	}
	event, err := plain(e.Event)
	if err != nil {
		return nil, fmt.Errorf("encode entry %d: %w", e.Seq, err)
	}
	return plain(line{e.Seq, e.At, e.Elapsed, e.Source, e.Event.Type(), event})
}

// plain is json.Marshal without the escapes for HTML: logs and bodies of apps are
// full of angle brackets, and people read timelines.
func plain(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}

// UnmarshalJSON reads what MarshalJSON writes. Unknown members are errors.
func (e *Entry) UnmarshalJSON(data []byte) error {
	var l line
	if err := strict(data, &l); err != nil {
		return err
	}
	event, err := decodeEvent(l.Type, l.Event)
	if err != nil {
		return err
	}
	*e = Entry{l.Seq, l.At, l.Elapsed, l.Source, event}
	return nil
}

// Encode writes entries as JSON lines.
func Encode(w io.Writer, entries []Entry) error {
	buffered := bufio.NewWriter(w)
	for _, e := range entries {
		text, err := e.MarshalJSON()
		if err != nil {
			return fmt.Errorf("encode timeline: %w", err)
		}
		if len(text) >= MaxLine {
			return fmt.Errorf("encode timeline: entry %d: %d bytes are more than Decode reads", e.Seq, len(text))
		}
		_, _ = buffered.Write(append(text, '\n')) // the first error stays for Flush
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("encode timeline: %w", err)
	}
	return nil
}

// Decode reads JSON lines. Errors name the line; those of the input wrap ErrFormat.
func Decode(r io.Reader) ([]Entry, error) {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 0, 64<<10), MaxLine)
	var entries []Entry
	n := 1
	for ; scanner.Scan(); n++ {
		if len(bytes.TrimSpace(scanner.Bytes())) == 0 {
			continue
		}
		var e Entry
		if err := e.UnmarshalJSON(scanner.Bytes()); err != nil {
			return nil, fmt.Errorf("decode timeline: line %d: %w: %w", n, ErrFormat, err)
		}
		if want := uint64(len(entries)) + 1; e.Seq != want {
			return nil, fmt.Errorf("decode timeline: line %d: %w: seq is %d, not %d: lines are missing or out of order", n, ErrFormat, e.Seq, want)
		}
		entries = append(entries, e)
	}
	switch err := scanner.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, fmt.Errorf("decode timeline: line %d: %w: longer than %d bytes", n, ErrFormat, MaxLine)
	case err != nil:
		return nil, fmt.Errorf("decode timeline: line %d: %w", n, err)
	}
	return entries, nil
}

// decodeEvent reads one event by its type.
func decodeEvent(kind string, data []byte) (Event, error) {
	switch kind {
	case Began{}.Type():
		return decodeAs[Began](data)
	case Ended{}.Type():
		return decodeAs[Ended](data)
	case KeyChanged{}.Type():
		return decodeAs[KeyChanged](data)
	case ClockMoved{}.Type():
		return decodeAs[ClockMoved](data)
	case FaultSet{}.Type():
		return decodeAs[FaultSet](data)
	case Served{}.Type():
		return decodeAs[Served](data)
	case Minted{}.Type():
		return decodeAs[Minted](data)
	case Presented{}.Type():
		return decodeAs[Presented](data)
	case TargetStarted{}.Type():
		return decodeAs[TargetStarted](data)
	case TargetStopped{}.Type():
		return decodeAs[TargetStopped](data)
	case Note{}.Type():
		return decodeAs[Note](data)
	}
	return nil, fmt.Errorf("unknown event type %q", kind)
}

func decodeAs[E Event](data []byte) (Event, error) {
	var e E
	if text := bytes.TrimSpace(data); len(text) == 0 || text[0] != '{' {
		return nil, fmt.Errorf("%s: its event is not an object", e.Type())
	}
	if err := strict(data, &e); err != nil {
		return nil, fmt.Errorf("%s: %w", e.Type(), err)
	}
	return e, nil
}

func strict(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("something follows the object")
	}
	return nil
}
