package oidc_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/oidc"
)

// OpenID Connect Core 1.0 appendices A.3 and A.4.
func TestHash(t *testing.T) {
	for text, want := range map[string]string{
		"jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y":                "77QmUPtjPfzWtF2AnpK9RQ",
		"Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk": "LDktKdoQak3Pk0cnXxCltA",
	} {
		if got := oidc.Hash("RS256", text); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	// The left half of SHA-512 is 32 bytes, 43 letters.
	if got := oidc.Hash("EdDSA", "x"); len(got) != 43 {
		t.Errorf("%s", got)
	}
}

func TestMintID(t *testing.T) {
	for profile, want := range map[string]string{
		"generic": `{"iss":"http://127.0.0.1:8400/default","sub":"ann@rollover.test","aud":"app","iat":IAT,"nbf":IAT,"exp":EXP,"jti":"id-1",` +
			`"name":"ann@rollover.test","preferred_username":"ann@rollover.test","email":"ann@rollover.test","nonce":"n"}`,
		"entra": `{"aud":"app","iss":"http://127.0.0.1:8400/11111111-2222-3333-4444-555555555555/v2.0","iat":IAT,"nbf":IAT,"exp":EXP,` +
			`"name":"ann@rollover.test","oid":"bbbbbbbb-cccc-dddd-eeee-ffffffffffff","preferred_username":"ann@rollover.test","sub":"ann@rollover.test",` +
			`"tid":"11111111-2222-3333-4444-555555555555","uti":"id-1","ver":"2.0","nonce":"n"}`,
	} {
		m, s := minter(t, profile)
		token, err := m.MintID(s, credential.Request{Audience: "app", Subject: "ann@rollover.test", Claims: map[string]any{"nonce": "n"}}, now, "id-1", nil)
		if err != nil {
			t.Fatal(err)
		}
		_, payload, _ := parts(t, token.Text)
		want = strings.ReplaceAll(strings.ReplaceAll(want, "IAT", stamp(now)), "EXP", stamp(now.Add(time.Hour)))
		if payload != want {
			t.Errorf("%s: %s\nwant %s", profile, payload, want)
		}
	}
}

func stamp(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }

// A preview is what a mint would say, without a text, and for SAML's forgeries too.
func TestPreview(t *testing.T) {
	m, s := minter(t, "generic")
	earlier := clock.Duration(-time.Minute)
	for _, r := range []credential.Request{
		{}, {Key: "old", Audience: "a", ExpiresIn: &earlier, Claims: map[string]any{"jti": nil}, Header: map[string]any{"kid": "x"}}, {Forge: credential.StrangerKey},
	} {
		if r.Key != "" {
			r.Key = s.Names()[0]
		}
		want, err := m.Mint(s, r, now, "", stranger(t))
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Preview(s, r, now)
		want.Text = ""
		if err != nil || got.Key != want.Key || got.KID != want.KID || got.Audience != want.Audience || len(got.Altered) != len(want.Altered) || got.Text != "" ||
			!got.IssuedAt.Equal(want.IssuedAt) || !got.NotBefore.Equal(want.NotBefore) || !got.ExpiresAt.Equal(want.ExpiresAt) {
			t.Errorf("%+v %v, want %+v", got, err, want)
		}
	}
	if got, err := m.Preview(s, credential.Request{Forge: credential.XSW1}, now); err != nil || got.Key == "" {
		t.Errorf("%+v %v", got, err)
	}
	for _, bad := range []credential.Request{{Key: "nobody"}, {Version: "v1"}, {Forge: "x"}} {
		if _, err := m.Preview(s, bad, now); !errors.Is(err, credential.ErrRequest) && !errors.Is(err, keyring.ErrUnknownKey) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
