package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/issuer"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

func (a *api) issuers(w http.ResponseWriter, _ *http.Request) {
	list := issuerList{Issuers: []issuer.Info{}}
	for _, i := range a.list() {
		list.Issuers = append(list.Issuers, i.Info())
	}
	answer(w, http.StatusOK, list)
}

type issuerList struct {
	Issuers []issuer.Info `json:"issuers"`
}

func (a *api) newIssuer(w http.ResponseWriter, r *http.Request) {
	var spec issuer.Spec
	if err := decode(w, r, &spec); err != nil {
		fail(w, err, nil)
		return
	}
	i, err := a.create(r.Context(), spec)
	if err != nil {
		fail(w, err, nil)
		return
	}
	w.Header().Set("Location", "/issuers/"+spec.Name)
	answer(w, http.StatusCreated, i.Info())
}

// deleteIssuer ends an issuer. Nobody can ask for its timeline any more, so
// whoever says after gets the rest of it with the answer, to the last request;
// trouble on the way that the issuer has ended in spite of is in it.
func (a *api) deleteIssuer(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	i, _ := a.find(name)
	after, err := seq(r.URL.Query().Get("after"))
	if err != nil {
		fail(w, err, nil)
		return
	}
	wanted := i != nil && r.URL.Query().Has("after")
	if err := a.remove(name); err != nil && (!wanted || errors.Is(err, issuer.ErrUnknown)) {
		fail(w, err, a.names())
		return
	}
	if !wanted {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	list, err := i.Timeline(r.Context(), after, 0)
	if err != nil {
		fail(w, err, nil)
		return
	}
	w.Header().Set("Content-Type", "application/jsonl")
	_ = timeline.Encode(w, list) // a client that left
}

func (a *api) names() []string {
	var names []string
	for _, i := range a.list() {
		names = append(names, i.Info().Name)
	}
	return names
}

// one finds the issuer that the path names.
func (a *api) one(handle func(http.ResponseWriter, *http.Request, Issuer)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("name")
		i, known := a.find(name)
		if !known {
			fail(w, fmt.Errorf("issuer %q: %w", name, issuer.ErrUnknown), a.names())
			return
		}
		handle(w, r, i)
	}
}

func info(w http.ResponseWriter, _ *http.Request, i Issuer) { answer(w, http.StatusOK, i.Info()) }

func keys(w http.ResponseWriter, r *http.Request, i Issuer) {
	set, err := i.Keys(r.Context())
	if err != nil {
		fail(w, err, nil)
		return
	}
	answer(w, http.StatusOK, set)
}

func commands(w http.ResponseWriter, r *http.Request, i Issuer) {
	body, err := read(w, r)
	if err != nil {
		fail(w, err, nil)
		return
	}
	list, err := command.Decode(body)
	if err != nil {
		fail(w, err, verbs())
		return
	}
	result, err := i.Apply(r.Context(), list...)
	if err != nil {
		fail(w, err, keyNames(r, i))
		return
	}
	answer(w, http.StatusOK, result)
}

func verbs() []string {
	var verbs []string
	for _, c := range command.All() {
		verbs = append(verbs, c.Verb())
	}
	return verbs
}

func keyNames(r *http.Request, i Issuer) []string {
	var names []string
	set, err := i.Keys(r.Context())
	if err != nil {
		return nil // it only would have been a hint
	}
	for _, k := range set.Keys {
		names = append(names, k.Name)
	}
	return names
}

func mint(w http.ResponseWriter, r *http.Request, i Issuer) {
	var request credential.Request
	body, err := read(w, r)
	// The commonest request says nothing at all.
	if err == nil && len(body) > 0 && !bytes.Equal(body, emptyObject[:]) {
		err = strict(body, &request)
	}
	if err != nil {
		fail(w, err, nil)
		return
	}
	made, err := i.Mint(r.Context(), request)
	if err != nil {
		fail(w, err, keyNames(r, i))
		return
	}
	answer(w, http.StatusOK, made)
}

//nolint:gochecknoglobals // a constant in all but name
var emptyObject = [...]byte{'{', '}'}

func reset(w http.ResponseWriter, r *http.Request, i Issuer) {
	if err := i.Reset(r.Context()); err != nil {
		fail(w, err, nil)
		return
	}
	keys(w, r, i)
}

func read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	return body, nil
}

func decode(w http.ResponseWriter, r *http.Request, into any) error {
	body, err := read(w, r)
	if err != nil {
		return err
	}
	return strict(body, into)
}

// errBody is wrapped by errors about a body or query that is not what is due.
var errBody = errors.New("cannot be read")

// strict decodes one JSON value; members that into does not have are refused.
func strict(body []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%w: %w", errBody, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: more than one value", errBody)
	}
	return nil
}

func answer(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		fail(w, fmt.Errorf("encode answer: %w", err), nil)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n'))
}
