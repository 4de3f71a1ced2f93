package keyring

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrUnknownKey is wrapped by errors that name a key which is not in the ring.
var ErrUnknownKey = errors.New("no such key")

// ErrNameTaken is wrapped by errors of commands that would make a second key of a name.
var ErrNameTaken = errors.New("name is taken")

// ErrKIDTaken is wrapped by errors of commands that would serve one kid twice;
// ReuseKID and DuplicateKID do that on purpose.
var ErrKIDTaken = errors.New("kid is taken")

// ErrWaiting is wrapped by the error of a Rotate that describes a new key while
// another one waits to become active.
var ErrWaiting = errors.New("a published key waits already")

// ErrNoName is returned where a command makes a key and gives it no name.
var ErrNoName = errors.New("a new key needs a name")

// ErrNoMaterial is returned where a command makes a key and brings no material.
var ErrNoMaterial = errors.New("no key material")

// TransitionError is a move that the life of a key does not have.
type TransitionError struct {
	KeyID string // the key's name
	From  State
	To    State
}

func (e *TransitionError) Error() string {
	if e.From == e.To {
		return fmt.Sprintf("key %q is %s already", e.KeyID, e.From)
	}
	return fmt.Sprintf("key %q is %s and cannot become %s", e.KeyID, e.From, e.To)
}

// Transition is one key's move from one state to another. From is empty where
// the key is new: null in JSON, so that the member is always there.
type Transition struct {
	Key  string `json:"key"`
	KID  string `json:"kid"`
	From State  `json:"from"`
	To   State  `json:"to"`
}

// Namer gives a new key its kid: the profile's form, such as a thumbprint.
type Namer func(Material) string

// Apply returns the snapshot after cmd and the moves it made, in the order in
// which they were made. s is not changed. The kid of a new key that cmd does
// not name comes from kid. Errors: *TransitionError, and those that wrap
// ErrUnknownKey, ErrNameTaken, ErrKIDTaken, ErrWaiting, ErrNoName or ErrNoMaterial.
func Apply(s Snapshot, cmd Command, kid Namer, now time.Time) (Snapshot, []Transition, error) {
	r := &ring{Snapshot: s, now: now, kid: kid}
	r.keys = slices.Clone(s.keys)
	if err := r.apply(cmd); err != nil {
		return s, nil, fmt.Errorf("%s: %w", cmd.Verb(), err)
	}
	r.Generation++
	r.At = now
	return r.Snapshot, r.made, nil
}

// ring is a snapshot under change.
type ring struct {
	Snapshot
	now  time.Time
	kid  Namer
	made []Transition
}

func (r *ring) apply(cmd Command) error {
	switch c := cmd.(type) {
	case Generate:
		return r.add(c.Name, c.KID, c.Material, Generated, false)
	case Publish:
		if i := r.index(c.Name); i >= 0 {
			if c.Alg != "" || c.KID != "" {
				return fmt.Errorf("key %q: %w", c.Name, ErrNameTaken)
			}
			return r.move(i, Published, Generated)
		}
		return r.add(c.Name, c.KID, c.Material, Published, false)
	case Activate:
		return r.activate(c.Key)
	case ActivateBeside:
		return r.moveNamed(c.Key, Active, Published, Retired)
	case Retire:
		return r.moveNamed(c.Key, Retired, Active)
	case Remove:
		return r.moveNamed(c.Key, Removed, Published, Retired)
	case Withdraw:
		return r.moveNamed(c.Key, Removed, Active)
	case Restore:
		return r.restore(c.Key)
	case Rotate:
		return r.rotate(c)
	case Compromise:
		i, err := r.find(c.Key)
		if err == nil {
			r.keys[i].Compromised = true
		}
		return err
	case ReuseKID:
		return r.shareKID(c.Name, c.Of, c.Material, true)
	case DuplicateKID:
		return r.shareKID(c.Name, c.Of, c.Material, false)
	}
	return fmt.Errorf("unknown command %T", cmd)
}

func (r *ring) find(name string) (int, error) {
	if i := r.index(name); i >= 0 {
		return i, nil
	}
	return -1, fmt.Errorf("key %q: %w", name, ErrUnknownKey)
}

func (r *ring) add(name, kid string, m Material, to State, sameKID bool) error {
	if name == "" {
		return ErrNoName
	}
	if r.index(name) >= 0 {
		return fmt.Errorf("key %q: %w", name, ErrNameTaken)
	}
	if m.Signer == nil {
		return fmt.Errorf("key %q: %w", name, ErrNoMaterial)
	}
	if kid == "" {
		kid = r.kid(m)
	}
	if !sameKID && slices.ContainsFunc(r.keys, func(k Key) bool { return k.KID == kid }) {
		return fmt.Errorf("key %q: kid %q: %w", name, kid, ErrKIDTaken)
	}
	r.keys = append(r.keys, Key{Material: m, Name: name, KID: kid})
	r.set(len(r.keys)-1, to)
	return nil
}

// set moves a key without asking whether the move is legal.
func (r *ring) set(i int, to State) {
	k := &r.keys[i]
	from := k.State
	k.before, k.State = from, to
	r.Snapshot.moves++
	if k.published == 0 && to.Served() {
		k.publishedAt, k.published = r.now, r.Snapshot.moves
	}
	if to == Active {
		k.activated = r.Snapshot.moves
	}
	r.made = append(r.made, Transition{Key: k.Name, KID: k.KID, From: from, To: to})
}

func (r *ring) move(i int, to State, from ...State) error {
	if !slices.Contains(from, r.keys[i].State) {
		return &TransitionError{KeyID: r.keys[i].Name, From: r.keys[i].State, To: to}
	}
	r.set(i, to)
	return nil
}

func (r *ring) moveNamed(name string, to State, from ...State) error {
	i, err := r.find(name)
	if err != nil {
		return err
	}
	return r.move(i, to, from...)
}

func (r *ring) activate(name string) error {
	i, err := r.find(name)
	if err != nil {
		return err
	}
	former := r.allIn(Active)
	if err := r.move(i, Active, Published, Retired); err != nil {
		return err
	}
	for _, j := range former {
		r.set(j, Retired)
	}
	// A withdrawn signer has a successor now: restored, it is a retired key.
	for j := range r.keys {
		if r.keys[j].withdrawn() {
			r.keys[j].before = Retired
		}
	}
	return nil
}

func (r *ring) restore(name string) error {
	i, err := r.find(name)
	if err != nil {
		return err
	}
	if r.keys[i].State != Removed {
		return &TransitionError{KeyID: name, From: r.keys[i].State, To: r.keys[i].State}
	}
	r.set(i, r.keys[i].before)
	return nil
}

func (r *ring) rotate(c Rotate) error {
	next, waits := r.longestWaiting()
	switch waiting, _ := r.Key(next); {
	case waits && c.Name != "" && c.Name != next:
		return fmt.Errorf("name %q: key %q is next: %w (leave the name out, or remove that key first)", c.Name, next, ErrWaiting)
	case waits && c.Alg != "" && c.Alg != waiting.Alg:
		return fmt.Errorf("algorithm %s: key %q of %s is next: %w (leave the algorithm out, or remove that key first)", c.Alg, next, waiting.Alg, ErrWaiting)
	}
	if !waits {
		name := c.Name
		for n := len(r.keys) + 1; name == ""; n++ {
			if try := fmt.Sprintf("key-%d", n); r.index(try) < 0 {
				name = try
			}
		}
		if err := r.add(name, "", c.Material, Published, false); err != nil {
			return err
		}
		next = name
	}
	gone := r.allIn(Retired)
	if err := r.activate(next); err != nil {
		return err
	}
	if c.Abrupt {
		gone = append(r.allIn(Retired), r.allIn(Published)...)
	}
	for _, i := range gone {
		r.set(i, Removed)
	}
	return nil
}

func (r *ring) shareKID(name, of string, m Material, takeOver bool) error {
	i, err := r.find(of)
	if err != nil {
		return err
	}
	former := r.keys[i]
	if !takeOver && !former.State.Served() {
		return &TransitionError{KeyID: of, From: former.State, To: Published}
	}
	if err := r.add(name, former.KID, m, Published, true); err != nil {
		return err
	}
	if takeOver && former.State.Served() {
		r.set(i, Removed)
	}
	return nil
}

func (r *ring) allIn(state State) []int {
	var found []int
	for i, k := range r.keys {
		if k.State == state {
			found = append(found, i)
		}
	}
	return found
}

// longestWaiting is the published key that was put into the documents first.
func (s Snapshot) longestWaiting() (name string, found bool) {
	var since uint64
	for _, k := range s.keys {
		if k.State == Published && (!found || k.published < since) {
			name, since, found = k.Name, k.published, true
		}
	}
	return name, found
}
