package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// Client talks to a control listener.
type Client struct {
	base string
	http *http.Client
}

// NewClient returns a client of the listener at base ("http://127.0.0.1:8401",
// or without the scheme).
func NewClient(base string) *Client {
	if !strings.Contains(base, "://") {
		base = "http://" + base
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute}
	return &Client{base: strings.TrimSuffix(base, "/"), http: &http.Client{Transport: transport}}
}

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Error is an answer other than the one that was due.
type Error struct {
	Status int    // HTTP status
	Title  string // of the problem details, or the status text
	Detail string
	Hint   string
}

func (e *Error) Error() string {
	text := e.Title
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	return text
}

// Issuers lists the issuers.
func (c *Client) Issuers(ctx context.Context) ([]issuer.Info, error) {
	var list issuerList
	err := c.call(ctx, http.MethodGet, "/issuers", nil, &list)
	return list.Issuers, wrap("list issuers", err)
}

// Create makes an issuer.
func (c *Client) Create(ctx context.Context, spec issuer.Spec) (issuer.Info, error) {
	var made issuer.Info
	err := c.call(ctx, http.MethodPost, "/issuers", spec, &made)
	return made, wrap("create issuer "+spec.Name, err)
}

// Delete ends an issuer.
func (c *Client) Delete(ctx context.Context, name string) error {
	return wrap("delete issuer "+name, c.call(ctx, http.MethodDelete, "/issuers/"+url.PathEscape(name), nil, nil))
}

// CA returns the PEM of the authority behind the protocol listener's certificate.
func (c *Client) CA(ctx context.Context) ([]byte, error) {
	text, err := c.raw(ctx, http.MethodGet, "/ca.pem", nil)
	return text, wrap("fetch CA", err)
}

// Issuer returns a client of one issuer. Nothing is asked yet.
func (c *Client) Issuer(name string) *Remote {
	return &Remote{c, name, "/issuers/" + url.PathEscape(name)}
}

// Remote is an issuer behind a control listener.
type Remote struct {
	client *Client
	name   string
	path   string
}

// Info describes the issuer.
func (i *Remote) Info(ctx context.Context) (issuer.Info, error) {
	var info issuer.Info
	return info, wrap("ask for issuer "+i.name, i.client.call(ctx, http.MethodGet, i.path, nil, &info))
}

// Keys describes the keys of the ring.
func (i *Remote) Keys(ctx context.Context) (issuer.KeySet, error) {
	var set issuer.KeySet
	err := i.client.call(ctx, http.MethodGet, i.path+"/keys", nil, &set)
	return set, wrap("list keys of "+i.name, err)
}

// Apply carries out commands as one transaction.
func (i *Remote) Apply(ctx context.Context, commands ...command.Command) (command.Result, error) {
	list := make([]json.RawMessage, len(commands))
	for n, c := range commands {
		text, err := command.Encode(c)
		if err != nil {
			return command.Result{}, err
		}
		list[n] = text
	}
	var body any = list
	if len(list) == 1 {
		body = list[0] // so that an error does not speak of "command 1"
	}
	var result command.Result
	err := i.client.call(ctx, http.MethodPost, i.path+"/commands", body, &result)
	return result, wrap("command issuer "+i.name, err)
}

// Mint makes a credential.
func (i *Remote) Mint(ctx context.Context, r credential.Request) (credential.Credential, error) {
	var made credential.Credential
	err := i.client.call(ctx, http.MethodPost, i.path+"/mint", r, &made)
	return made, wrap("mint at "+i.name, err)
}

// Timeline returns the entries whose Seq is above after; where there is none
// it waits for one, at most for wait.
func (i *Remote) Timeline(ctx context.Context, after uint64, wait time.Duration) ([]timeline.Entry, error) {
	query := url.Values{"after": {strconv.FormatUint(after, 10)}, "wait": {wait.String()}}
	entries, err := i.entries(ctx, http.MethodGet, i.path+"/timeline?"+query.Encode())
	return entries, wrap("read timeline of "+i.name, err)
}

// End ends the issuer and returns the rest of its timeline, from after on and to
// the last request: nobody can ask for it any more.
func (i *Remote) End(ctx context.Context, after uint64) ([]timeline.Entry, error) {
	entries, err := i.entries(ctx, http.MethodDelete, i.path+"?after="+strconv.FormatUint(after, 10))
	return entries, wrap("end issuer "+i.name, err)
}

// entries reads an answer of JSON lines.
func (i *Remote) entries(ctx context.Context, method, path string) ([]timeline.Entry, error) {
	text, err := i.client.raw(ctx, method, path, nil)
	if err != nil {
		return nil, err
	}
	var entries []timeline.Entry
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, timeline.MaxLine)
	for lines.Scan() {
		var e timeline.Entry
		if err := e.UnmarshalJSON(lines.Bytes()); err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, lines.Err()
}

// Reset brings the issuer back to the state of its start.
func (i *Remote) Reset(ctx context.Context) error {
	return wrap("reset issuer "+i.name, i.client.call(ctx, http.MethodPost, i.path+"/reset", nil, nil))
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// call sends body as JSON and decodes the answer; both may be nil.
func (c *Client) call(ctx context.Context, method, path string, body, into any) error {
	text, err := c.raw(ctx, method, path, body)
	if err != nil || into == nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("decode answer: %w", err)
	}
	return nil
}

func (c *Client) raw(ctx context.Context, method, path string, body any) (text []byte, err error) {
	var reader io.Reader = http.NoBody
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encode body: %w", err)
		}
		reader = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, reader)
	if err != nil {
		return nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	if text, err = io.ReadAll(response.Body); err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if response.StatusCode >= 300 {
		var p problem
		_ = json.Unmarshal(text, &p) // whatever is no problem document leaves the status
		if p.Title == "" {
			p.Title = response.Status
		}
		return nil, &Error{response.StatusCode, p.Title, p.Detail, p.Hint}
	}
	return text, nil
}
