package defective

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
)

const (
	leeway     = time.Minute
	tokenLimit = 16 << 10 // octets
)

func algorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256, jose.EdDSA}
}

// claims are the members of RFC 7519 section 4.1 that are looked at, and those
// that only an ID token has (OpenID Connect Core sections 2 and 3.3.2.11).
type claims struct {
	Issuer     string          `json:"iss"`
	Subject    string          `json:"sub"`
	Audience   audience        `json:"aud"`
	Expires    *float64        `json:"exp"`
	NotBefore  *float64        `json:"nbf"`
	Nonce      json.RawMessage `json:"nonce"`
	AccessHash json.RawMessage `json:"at_hash"`
	CodeHash   json.RawMessage `json:"c_hash"`
}

// audience is one string or an array of them.
type audience []string

func (a *audience) UnmarshalJSON(data []byte) error {
	var one string
	if err := json.Unmarshal(data, &one); err == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(a))
}

// authenticate returns the claims of a good token. Each error is a reason to
// reject the token; an app has no other trouble with one.
func (a *App) authenticate(ctx context.Context, token string) (claims, error) {
	if len(token) > tokenLimit {
		return claims{}, fmt.Errorf("token of more than %d octets", tokenLimit)
	}
	payload, err := a.payload(ctx, token)
	if err != nil {
		return claims{}, err
	}
	var got claims
	if err := json.Unmarshal(payload, &got); err != nil {
		return claims{}, fmt.Errorf("read claims: %w", err)
	}
	return got, a.check(got)
}

// payload returns what the token says once its signature has been dealt with.
func (a *App) payload(ctx context.Context, token string) ([]byte, error) {
	if a.policy.AcceptNone {
		if payload, ok := unsecured(token); ok {
			return payload, nil
		}
	}
	allowed := algorithms()
	if a.policy.HMACSecret != nil {
		allowed = append(allowed, jose.HS256)
	}
	jws, err := jose.ParseSignedCompact(token, allowed)
	if err != nil {
		return nil, fmt.Errorf("read token: %w", err)
	}
	// RFC 7515 section 4.1.11: none of the names in it is understood here.
	if _, critical := jws.Signatures[0].Protected.ExtraHeaders["crit"]; critical {
		return nil, errors.New("token has critical headers")
	}
	if !a.policy.CheckSignature {
		return jws.UnsafePayloadWithoutVerification(), nil
	}
	return a.verify(ctx, jws)
}

// verify tries the keys held and, where they fail, those of one newer set.
func (a *App) verify(ctx context.Context, jws *jose.JSONWebSignature) ([]byte, error) {
	kid := jws.Signatures[0].Protected.KeyID
	if a.misses.has(kid, a.now()) {
		return nil, fmt.Errorf("kid %q is remembered as unknown", kid)
	}
	arrival := a.keys.Fetches()
	set, err := a.keys.Current(ctx)
	if set == nil {
		// A request that arrived while a fetch was failing may try its own.
		if set = a.keys.Newer(ctx, nil, arrival); set == nil {
			return nil, fmt.Errorf("no key set: %w", errors.Join(err, ctx.Err()))
		}
	}
	for {
		payload, known, err := a.verifyWith(set.Keys, jws, kid)
		if err == nil {
			return payload, nil
		}
		next := a.keys.Newer(ctx, set, arrival)
		if next == nil {
			if !known && set.Fetch > arrival {
				a.misses.add(kid, a.now(), a.policy.RememberMisses)
			}
			return nil, err
		}
		set = next
	}
}

// verifyWith also reports whether there was any key to try.
func (a *App) verifyWith(keys []Key, jws *jose.JSONWebSignature, kid string) (payload []byte, known bool, err error) {
	chosen := a.policy.Choose(keys, kid)
	if len(chosen) == 0 {
		return nil, false, fmt.Errorf("kid %q is not in the key set", kid)
	}
	alg := jose.SignatureAlgorithm(jws.Signatures[0].Protected.Algorithm)
	for _, key := range chosen {
		var with any = key.Public
		if !key.signsFor(a.issuer) {
			continue
		}
		if alg == jose.HS256 { // parsed only where the policy admits it
			secret, err := a.policy.HMACSecret(key.Public)
			if err != nil {
				continue
			}
			with = secret
		} else if !key.fits(alg) {
			continue
		}
		if payload, err := jws.Verify(with); err == nil {
			return payload, true, nil
		}
	}
	return nil, true, fmt.Errorf("signature does not verify with kid %q", kid)
}

func (a *App) check(got claims) error {
	now := float64(a.now().UnixMilli()) / 1000
	switch {
	case got.Issuer != a.issuer:
		return fmt.Errorf("issuer is %q, not %q", got.Issuer, a.issuer)
	case a.policy.CheckAudience && !slices.Contains(got.Audience, a.audience):
		return fmt.Errorf("audience is %q, not %q", []string(got.Audience), a.audience)
	case a.policy.CheckExpiry && got.Expires == nil:
		return errors.New("token has no exp")
	case a.policy.CheckExpiry && now >= *got.Expires+leeway.Seconds():
		return errors.New("token has expired")
	case a.policy.CheckNotBefore && got.NotBefore != nil && now < *got.NotBefore-leeway.Seconds():
		return errors.New("token is not yet valid")
	case got.Nonce != nil || got.AccessHash != nil || got.CodeHash != nil:
		return errors.New("an ID token is no access token")
	}
	return nil
}

// unsecured returns the payload of a JWT whose alg is none.
func unsecured(token string) ([]byte, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || parts[2] != "" {
		return nil, false
	}
	var header struct {
		Alg string `json:"alg"`
	}
	protected, err := decode(parts[0])
	if err != nil || json.Unmarshal(protected, &header) != nil || header.Alg != "none" {
		return nil, false
	}
	payload, err := decode(parts[1])
	return payload, err == nil
}

// misses are the kids remembered as unknown, with the time of forgetting.
type misses struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func (m *misses) has(kid string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return now.Before(m.until[kid])
}

func (m *misses) add(kid string, now time.Time, keep time.Duration) {
	if keep == 0 || kid == "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for other, until := range m.until {
		if !now.Before(until) {
			delete(m.until, other)
		}
	}
	if m.until == nil {
		m.until = make(map[string]time.Time)
	}
	m.until[kid] = now.Add(keep)
}
