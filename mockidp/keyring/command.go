package keyring

// Command is one thing that can be done to a ring. The set is closed. JSON
// names are those of a scenario's steps and of the control API.
type Command interface {
	// Verb is the command's name in scenario files and on the wire.
	Verb() string
	command()
}

// Generate makes a key that no document names: sign-before-publish starts here.
type Generate struct {
	Name string `json:"name" doc:"name for the new key, unique in the scenario"`
	Alg  string `json:"alg,omitempty" doc:"JOSE algorithm: RS256 (default), PS256, ES256, EdDSA"`
	KID  string `json:"kid,omitempty" doc:"key ID; left out: the profile's form (a thumbprint)"`

	Material Material `json:"-"`
}

// Publish puts a key into the documents: a generated one by its name, or a new one.
type Publish struct {
	Name string `json:"name" doc:"a generated key, or a name for a new one"`
	Alg  string `json:"alg,omitempty" doc:"JOSE algorithm of a new key: RS256 (default), PS256, ES256, EdDSA"`
	KID  string `json:"kid,omitempty" doc:"key ID of a new key; left out: the profile's form (a thumbprint)"`

	Material Material `json:"-"`
}

// Activate makes a published or retired key the signer and retires the signer
// before it, which stays served.
type Activate struct {
	Key string `json:"key" doc:"the published or retired key that signs from now on"`
}

// Retire stops a key from signing; it stays served.
type Retire struct {
	Key string `json:"key" doc:"the active key that stops signing and stays served"`
}

// Remove takes a published or retired key out of the documents.
type Remove struct {
	Key string `json:"key" doc:"the published or retired key that leaves the documents"`
}

// Restore undoes Remove and Withdraw: the key goes back to the state it had. A
// withdrawn key whose successor was activated meanwhile comes back retired.
type Restore struct {
	Key string `json:"key" doc:"the removed key that comes back in its former state"`
}

// Rotate makes the published key that waits longest, or a new one where none
// waits, active; the former active key is retired and stays served, keys
// retired before it leave.
type Rotate struct {
	Name   string `json:"name,omitempty" doc:"name for the new key; refused where another key waits; left out: chosen"`
	Alg    string `json:"alg,omitempty" doc:"JOSE algorithm of the new key, refused where one of another waits: RS256 (default), PS256, ES256, EdDSA"`
	Abrupt bool   `json:"abrupt,omitempty" doc:"nothing but the new key stays: no overlap"`

	Material Material `json:"-"`
}

// Compromise marks a key as known to an attacker; it changes no document.
type Compromise struct {
	Key string `json:"key" doc:"the key that an attacker is taken to hold"`
}

// The deliberately illegal moves. Each has a command of its own, so that a
// slip is never an attack.
type (
	// ActivateBeside makes a key active without retiring the one that is:
	// providers with several signers behind one issuer do this.
	ActivateBeside struct {
		Key string `json:"key" doc:"the key that signs beside the active one"`
	}

	// Withdraw takes the active key out of the documents while it goes on
	// signing until another is activated (Azure AD, 15 March 2021: a key marked "retain" was removed).
	Withdraw struct {
		Key string `json:"key" doc:"the active key that leaves the documents"`
	}

	// ReuseKID publishes new key material under the kid of a key that is
	// there already, which leaves the documents.
	ReuseKID struct {
		Name string `json:"name" doc:"name for the new key"`
		Of   string `json:"of" doc:"the key whose kid is used again; it leaves the documents"`
		Alg  string `json:"alg,omitempty" doc:"JOSE algorithm: RS256 (default), PS256, ES256, EdDSA"`

		Material Material `json:"-"`
	}

	// DuplicateKID publishes new key material under the kid of a key that
	// stays served (RFC 7517 section 4.5: kids SHOULD be distinct).
	DuplicateKID struct {
		Name string `json:"name" doc:"name for the new key"`
		Of   string `json:"of" doc:"the served key whose kid it shares"`
		Alg  string `json:"alg,omitempty" doc:"JOSE algorithm: RS256 (default), PS256, ES256, EdDSA"`

		Material Material `json:"-"`
	}
)

// Verb implements Command.
func (Generate) Verb() string { return "generate" }

// Verb implements Command.
func (Publish) Verb() string { return "publish" }

// Verb implements Command.
func (Activate) Verb() string { return "activate" }

// Verb implements Command.
func (Retire) Verb() string { return "retire" }

// Verb implements Command.
func (Remove) Verb() string { return "remove" }

// Verb implements Command.
func (Restore) Verb() string { return "restore" }

// Verb implements Command.
func (Rotate) Verb() string { return "rotate" }

// Verb implements Command.
func (Compromise) Verb() string { return "compromise" }

// Verb implements Command.
func (ActivateBeside) Verb() string { return "activateBeside" }

// Verb implements Command.
func (Withdraw) Verb() string { return "withdraw" }

// Verb implements Command.
func (ReuseKID) Verb() string { return "reuseKid" }

// Verb implements Command.
func (DuplicateKID) Verb() string { return "duplicateKid" }

func (Generate) command()       {}
func (Publish) command()        {}
func (Activate) command()       {}
func (Retire) command()         {}
func (Remove) command()         {}
func (Restore) command()        {}
func (Rotate) command()         {}
func (Compromise) command()     {}
func (ActivateBeside) command() {}
func (Withdraw) command()       {}
func (ReuseKID) command()       {}
func (DuplicateKID) command()   {}

// NeedsMaterial reports whether cmd makes a new key when applied to s, and of
// which algorithm: the caller then fills the command's Material by Provide.
func NeedsMaterial(s Snapshot, cmd Command) (alg string, needed bool) {
	switch c := cmd.(type) {
	case Generate:
		return c.Alg, true
	case Publish:
		return c.Alg, s.index(c.Name) < 0
	case Rotate:
		_, waits := s.longestWaiting()
		return c.Alg, !waits
	case ReuseKID:
		return c.Alg, true
	case DuplicateKID:
		return c.Alg, true
	}
	return "", false
}

// Provide returns cmd with the key material where it is a command that can make
// a key, and cmd itself otherwise.
func Provide(cmd Command, m Material) Command {
	switch c := cmd.(type) {
	case Generate:
		c.Material = m
		return c
	case Publish:
		c.Material = m
		return c
	case Rotate:
		c.Material = m
		return c
	case ReuseKID:
		c.Material = m
		return c
	case DuplicateKID:
		c.Material = m
		return c
	}
	return cmd
}
