package mockidp

import (
	"context"
	"sync"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// Mint makes a credential as asked for, and records it. It waits for its turn
// to sign; documents do not wait for it. A session is not signed until somebody
// signs in with it; the last 4096 are kept. Errors wrap credential.ErrRequest
// where the request is at fault, keyring.ErrUnknownKey for a key that is not
// in the ring, or are ctx's.
func (i *Issuer) Mint(ctx context.Context, r credential.Request) (credential.Credential, error) {
	if r.Form == credential.Session {
		return i.mintSession(r)
	}
	if err := i.config.Gate.enter(ctx); err != nil {
		return credential.Credential{}, err
	}
	st := i.state.Load() // only now: a rotation may have come while this one waited
	mint, form := st.place.jwt.Mint, credential.JWT
	if r.Form == credential.SAML11 || r.Form == credential.SAML20 {
		mint, form = st.place.assertions.Mint, r.Form
	}
	token, err := mint(st.snapshot, r, i.clock.Now(), i.tokenID(), func() (keyring.Material, error) {
		return i.strangers.take(ctx, i, algOf(st.snapshot, r.Key))
	})
	i.config.Gate.leave()
	if err != nil {
		return credential.Credential{}, err
	}
	entry := i.record(token, st.snapshot.Generation, r.Forge, form)
	return credential.Credential{Token: token.Text, KID: token.KID, Generation: st.snapshot.Generation, Minted: entry.Seq}, nil
}

func algOf(s keyring.Snapshot, name string) string {
	k, known := s.Key(name)
	if !known {
		k, _ = s.Active()
	}
	return k.Alg
}

// strangers are keys outside the ring, one for each algorithm, so that a storm
// of forged tokens does not use up the pool.
type strangers struct {
	strangersMu sync.Mutex
	byAlg       map[string]keyring.Material
}

func (s *strangers) take(ctx context.Context, i *Issuer, alg string) (keyring.Material, error) {
	s.strangersMu.Lock()
	defer s.strangersMu.Unlock()
	if m, known := s.byAlg[alg]; known {
		return m, nil
	}
	m, err := i.config.Source.Take(ctx, alg)
	if err != nil {
		return m, err
	}
	if s.byAlg == nil {
		s.byAlg = map[string]keyring.Material{}
	}
	s.byAlg[alg] = m
	return m, nil
}
