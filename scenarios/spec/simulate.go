package spec

import (
	"crypto"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// simulation is the ring as the steps so far have left it, made by the issuer's
// own state machine with keys that are none. So a move that an issuer would
// refuse is an error of the file.
type simulation struct {
	ring keyring.Snapshot
	made int
}

// blank stands for a private key: the state machine never signs.
type blank struct{}

func (blank) Public() crypto.PublicKey { return nil }

func (blank) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("no key")
}

// apply plays a command. A key that cannot be found, a taken name and an
// illegal move are returned; the ring is then as it was.
func (s *simulation) apply(cmd keyring.Command) error {
	if alg, needed := keyring.NeedsMaterial(s.ring, cmd); needed {
		cmd = keyring.Provide(cmd, keyring.Material{Alg: alg, Signer: blank{}})
	}
	// A kid that no author would write: only one that is written can be taken.
	s.made++
	kid := func(keyring.Material) string { return fmt.Sprintf("\x00%d", s.made) }
	next, _, err := keyring.Apply(s.ring, cmd, kid, time.Unix(int64(s.made), 0))
	if err == nil {
		s.ring = next
	}
	return err
}

// ring puts the declared keys in place.
func (c *checker) ring(keys []Key) {
	c.presented, c.replicas = map[string]bool{}, map[string][][]string{}
	if len(keys) == 0 {
		keys = []Key{{Name: InitialKey}}
	}
	active := ""
	states := map[string]keyring.State{}
	for i, k := range keys {
		path := fmt.Sprintf("issuer.keys[%d]", i)
		orElse(&k.State, keyring.Active)
		if err := c.keys.apply(keyring.Generate{Name: k.Name, KID: k.KID}); err != nil {
			c.illegal(err, path, "name")
			continue
		}
		states[k.Name] = k.State
		switch {
		case k.State == keyring.Active && active != "":
			c.fail(path, fmt.Sprintf("key %q is active beside %q", k.Name, active), "state: published for one of them; the step activateBeside does this on purpose")
		case k.State == keyring.Active:
			active = k.Name
		}
	}
	if active == "" {
		c.fail("issuer.keys", "no key is active", "state: active for one of them")
	}
	listed := c.keys.ring.Keys()
	for i := range listed {
		listed[i].State = states[listed[i].Name]
	}
	c.keys.ring = c.keys.ring.With(listed)
	c.presented[active] = true // the engine shows a token of it before the first step
}

// command plays a step that is told to the issuer.
func (c *checker) command(do Verb, path string) {
	switch cmd := do.(type) {
	case command.Skew:
		if cmd.By == 0 && cmd.Drift == 0 {
			c.fail(path, "skew moves nothing", "by: 5m, or drift: 0.01")
		}
	case command.Fault:
		c.setFault(cmd, path)
	case command.Clear:
		c.clearFault(cmd, path)
	case keyring.Command:
		if err := c.keys.apply(cmd); err != nil {
			member := "key"
			switch cmd.(type) {
			case keyring.Generate, keyring.Publish, keyring.Rotate:
				member = "name"
			case keyring.ReuseKID, keyring.DuplicateKID:
				if member = "of"; errors.Is(err, keyring.ErrNameTaken) {
					member = "name"
				}
			}
			c.illegal(err, path, member)
		}
	}
}

// illegal turns an error of the state machine into one of the file.
func (c *checker) illegal(err error, path, member string) {
	var move *keyring.TransitionError
	switch {
	case errors.As(err, &move) && strings.HasPrefix(err.Error(), "restore:"):
		c.fail(path+"."+member, fmt.Sprintf("key %q is %s: nothing to restore", move.KeyID, move.From), "remove or withdraw comes before it")
	case errors.As(err, &move):
		c.fail(path+"."+member, move.Error(), wayOut(*move))
	case errors.Is(err, keyring.ErrUnknownKey):
		c.unknownKey(quoted(err), path+"."+member)
	case errors.Is(err, keyring.ErrNameTaken):
		c.fail(path+"."+member, fmt.Sprintf("key %q is there already", quoted(err)), "another name")
	case errors.Is(err, keyring.ErrKIDTaken):
		c.fail(path+".kid", "another key has this kid", "the steps reuseKid and duplicateKid do this on purpose")
	default:
		c.fail(path, err.Error(), "")
	}
}

// quoted is the name in a state machine's error: the text in its first quotes.
func quoted(err error) string {
	parts := strings.SplitN(err.Error(), `"`, 3)
	if len(parts) < 3 {
		return ""
	}
	return parts[1]
}

// wayOut says which step would make a move legal.
func wayOut(move keyring.TransitionError) string {
	switch {
	case move.From == move.To:
		return ""
	case move.From == keyring.Removed:
		return "restore brings it back"
	case move.From == keyring.Generated:
		return "publish it first"
	case move.From == keyring.Active && move.To == keyring.Removed:
		return "retire it or activate another first; withdraw does this on purpose"
	case move.To == keyring.Retired:
		return "only an active key retires"
	}
	return ""
}

func (c *checker) unknownKey(name, path string) {
	known := c.keys.ring.Names()
	c.fail(path, fmt.Sprintf("no key %q by then", name), DidYouMean(name, known))
}

// signer is the key that a present step signs with.
func (s *simulation) signer(c *checker, name, path string) string {
	if name != "" {
		if _, known := s.ring.Key(name); !known {
			c.unknownKey(name, path+".key")
		}
		return name
	}
	active, is := s.ring.Active()
	if !is {
		c.fail(path, "no key is active here", "key: one of "+strings.Join(s.ring.Names(), ", "))
	}
	return active.Name
}

// served demands that the documents name the key at this step.
func (s *simulation) served(c *checker, name, path, consequence string) {
	key, known := s.ring.Key(name)
	if !known {
		c.unknownKey(name, path)
	} else if !key.State.Served() {
		c.fail(path, fmt.Sprintf("key %q is %s here: %s", name, key.State, consequence), "")
	}
}

func (c *checker) setFault(f command.Fault, path string) {
	if err := f.Rule.Validate(); err != nil {
		cause := err.Error()
		c.fail(path, cause[strings.Index(cause, ": ")+2:], "")
		return
	}
	if f.Replicas != nil {
		c.replicas[path] = f.Replicas.Keys
	}
	if f.Metadata != nil {
		c.metadataKeys(*f.Metadata, path+".metadata")
	}
	if f.ID == "" {
		c.anonymous = true
		return
	}
	if slices.Contains(c.set, f.ID) {
		c.fail(path+".id", fmt.Sprintf("fault %q is set already", f.ID), "clear it first, or another id")
		return
	}
	c.set = append(c.set, f.ID)
}

// replicaKeys demands that every key of a replica is made sooner or later: a
// replica may be told beforehand what it will serve.
func (c *checker) replicaKeys() {
	for _, path := range slices.Sorted(maps.Keys(c.replicas)) {
		for i, keys := range c.replicas[path] {
			for j, name := range keys {
				if _, known := c.keys.ring.Key(name); !known {
					c.unknownKey(name, fmt.Sprintf("%s.replicas.keys[%d][%d]", path, i, j))
				}
			}
		}
	}
}

// metadataKeys demands that the keys that metadata is bent with are there when it is.
func (c *checker) metadataKeys(m fault.Metadata, path string) {
	for _, one := range [][2]string{{"signedBy", m.SignedBy}, {"extraKey", m.ExtraKey}} {
		if _, known := c.keys.ring.Key(one[1]); one[1] != "" && !known {
			c.unknownKey(one[1], path+"."+one[0])
		}
	}
}

func (c *checker) clearFault(cl command.Clear, path string) {
	switch {
	case cl.Fault == "" && len(c.set) == 0 && !c.anonymous:
		c.fail(path, "nothing to clear", "no fault is set by then")
	case cl.Fault == "":
		c.set, c.anonymous = nil, false
	case !slices.Contains(c.set, cl.Fault):
		c.unknownFault(cl.Fault, path+".fault", c.set)
	default:
		c.set = slices.DeleteFunc(c.set, func(id string) bool { return id == cl.Fault })
	}
}
