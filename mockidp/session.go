package mockidp

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// errSession is wrapped by the error of a session that is not known.
var errSession = errors.New("unknown session")

// mintSession keeps what is asked for until a browser brings the session to a
// door. Nothing is signed yet; the book has what will be, had it been signed now.
// The key is settled: a rotation in between does not change who signs.
func (i *Issuer) mintSession(r credential.Request) (credential.Credential, error) {
	st := i.state.Load()
	key, err := credential.SigningKey(st.snapshot, r.Key)
	if err != nil {
		return credential.Credential{}, err
	}
	token, err := st.place.jwt.Preview(st.snapshot, r, i.clock.Now())
	if err != nil {
		return credential.Credential{}, err
	}
	if err := st.signable(r); err != nil {
		return credential.Credential{}, err
	}
	r.Key = key.Name
	r.Form = ""
	id := i.sessions.put(r)
	entry := i.record(token, st.snapshot.Generation, r.Forge, credential.Session)
	return credential.Credential{Token: id, KID: token.KID, Generation: st.snapshot.Generation, Minted: entry.Seq}, nil
}

// signable checks what only the protocol that comes would stumble over.
func (st *state) signable(r credential.Request) error {
	if st.place.profile.Federation == nil && r.Forge != credential.Genuine && !slices.Contains(credential.JWTForgeries(), r.Forge) {
		return fmt.Errorf("%w: the %s profile signs in by JWT alone, and no JWT is forged as %q", credential.ErrRequest, st.place.profile.Name, r.Forge)
	}
	if named := r.SAML.KeyInfo; named != "" && named != "absent" {
		if _, err := credential.SigningKey(st.snapshot, named); err != nil {
			return fmt.Errorf("saml.keyInfo: %w", err)
		}
	}
	return nil
}

// record writes into the book what was minted.
func (i *Issuer) record(token credential.Token, generation uint64, forge credential.Forgery, form credential.Form) timeline.Entry {
	return i.write(timeline.Issuer, timeline.Minted{
		Key: token.Key, KID: token.KID, Generation: generation,
		Form: string(form), Forge: string(forge), Altered: token.Altered, Audience: token.Audience,
		IssuedAt: token.IssuedAt, NotBefore: token.NotBefore, ExpiresAt: token.ExpiresAt,
	})
}

// session is what signs somebody in: what was asked for by a mint, or nothing,
// which is the default user and the active key.
type session struct {
	request credential.Request
	minted  bool // the book has it already
}

// session finds the session of the browser. A name that nobody knows is an error:
// whoever brings one does not want the default user.
func (v *visit) session() (session, error) {
	cookie, err := v.r.Cookie(credential.SessionCookie)
	if err != nil || cookie.Value == "" {
		return session{}, nil //nolint:nilerr // no cookie, no session
	}
	request, known := v.issuer.sessions.get(cookie.Value)
	if !known {
		return session{}, fmt.Errorf("%w %q: minted by another issuer, or before its last reset, or too long ago (the last %d are kept)", errSession, cookie.Value, shelfSpace)
	}
	return session{request, true}, nil
}

// signing is one turn to sign.
type signing struct {
	visit    *visit
	state    *state
	now      time.Time
	stranger func() (keyring.Material, error)
}

// sign waits for its turn and signs by the state of that moment: a rotation may
// have come while it waited.
func (v *visit) sign(r credential.Request, work func(signing) error) error {
	if err := v.issuer.config.Gate.enter(v.r.Context()); err != nil {
		return err
	}
	defer v.issuer.config.Gate.leave()
	st := v.issuer.state.Load()
	v.generation = st.snapshot.Generation
	return work(signing{v, st, v.issuer.clock.Now(), func() (keyring.Material, error) {
		return v.issuer.strangers.take(v.r.Context(), v.issuer, algOf(st.snapshot, r.Key))
	}})
}

// tokenID is a unique name for what is signed.
func (i *Issuer) tokenID() string { return i.id + "-" + strconv.FormatUint(i.tokens.Add(1), 10) }

// record writes into the book what signed the default user in.
func (g signing) record(s session, token credential.Token, form credential.Form) {
	if s.minted {
		return
	}
	token.Altered = nil // what a flow adds is no alteration
	g.visit.issuer.record(token, g.state.snapshot.Generation, s.request.Forge, form)
}
