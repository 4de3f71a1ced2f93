package federated

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// promises are what the sound app keeps, each on a fresh app. They say whether
// it was kept.
func promises() map[string]func(b *bench) bool {
	refuses := func(r credential.Request) func(*bench) bool {
		return func(b *bench) bool { return b.signsIn(r) == "" }
	}
	off := func(d time.Duration) *clock.Duration { return (*clock.Duration)(&d) }
	all := map[string]func(b *bench) bool{
		"good sign-in": func(b *bench) bool { return b.by("old") },
		"new certificate at once": func(b *bench) bool {
			b.by("old")
			b.publishes("new")
			b.does(keyring.Activate{Key: "new"})
			return b.by("new")
		},
		"two certificates": func(b *bench) bool {
			b.publishes("new")
			return b.by("old") && b.by("new") && b.by("old")
		},
		"removed certificate refused four seconds later": func(b *bench) bool {
			b.by("old")
			b.does(keyring.Rotate{Name: "new", Abrupt: true, Material: b.material()})
			b.advance(4 * time.Second)
			return !b.by("old")
		},
		"new certificate in the metadata alone": func(b *bench) bool {
			before := b.jwks()
			b.keySet = func() []byte { return before }
			b.publishes("new")
			return b.by("old") && b.by("new")
		},
		"page instead of metadata ignored": func(b *bench) bool {
			b.by("old")
			b.serves([]byte("<html><body>sign in</body></html>"))
			b.advance(4 * time.Second)
			return b.by("old")
		},
		"outage survived": func(b *bench) bool {
			b.by("old")
			b.isDown()
			b.advance(10 * time.Minute)
			return b.by("old")
		},
		"issuer down at first": func(b *bench) bool {
			b.isDown()
			b.by("old")
			b.servesRing()
			b.advance(2 * time.Second)
			return b.by("old")
		},
		"expired metadata ignored": func(b *bench) bool {
			b.by("old")
			b.serves(b.bent("old", func(root *etree.Element) {
				root.CreateAttr("validUntil", time.Now().Add(-time.Hour).UTC().Format(time.RFC3339))
			}))
			b.advance(4 * time.Second)
			return b.by("old")
		},
		"expired metadata does not bring a removed certificate back": func(b *bench) bool {
			replayed := b.bent("old", func(root *etree.Element) {
				root.CreateAttr("validUntil", time.Now().Add(-time.Hour).UTC().Format(time.RFC3339))
			})
			b.does(keyring.Rotate{Name: "new", Abrupt: true, Material: b.material()})
			b.signsIn(credential.Request{})
			b.serves(replayed)
			b.advance(4 * time.Second)
			return !b.by("old")
		},
		"metadata read behind a byte-order mark": func(b *bench) bool {
			b.serves(append([]byte("\xef\xbb\xbf"), b.metadata()...))
			return b.by("old")
		},
		"another entity's metadata ignored": func(b *bench) bool {
			b.by("old")
			b.serves(b.bent("old", func(root *etree.Element) { root.CreateAttr("entityID", "https://sts.windows.net/somebody-else/") }))
			b.advance(4 * time.Second)
			return b.by("old")
		},
		"fetches bounded": func(b *bench) bool {
			b.serves(b.bent("old", func(root *etree.Element) { root.CreateAttr("cacheDuration", "PT0S") }))
			for range 10 {
				b.by("old")
			}
			return b.fetches() < 3
		},
		"tampered metadata ignored": func(b *bench) bool {
			b.by("old")
			old, _ := b.ring.Key("old")
			b.serves(bytes.ReplaceAll(b.metadata(), base64Of(old.Certificate.Raw), base64Of(b.stranger.Certificate.Raw)))
			b.advance(4 * time.Second)
			return b.by("old") && b.signsIn(credential.Request{Forge: credential.StrangerCertificate}) == ""
		},
		"metadata without the token service's role": func(b *bench) bool {
			b.by("old")
			b.serves(b.bent("old", func(root *etree.Element) {
				for _, role := range root.SelectElements("RoleDescriptor") {
					root.RemoveChild(role)
				}
			}))
			b.advance(4 * time.Second)
			return b.by("old")
		},
		"no certificate in KeyInfo": func(b *bench) bool {
			return b.signsIn(credential.Request{SAML: credential.SAML{KeyInfo: "absent"}}) == user
		},
		"a stranger's certificate":           refuses(credential.Request{Forge: credential.StrangerCertificate}),
		"a stranger's key":                   refuses(credential.Request{Forge: credential.StrangerKey}),
		"tampered name":                      refuses(credential.Request{Forge: credential.TamperedPayload}),
		"tampered signature":                 refuses(credential.Request{Forge: credential.TamperedSig}),
		"unsigned":                           refuses(credential.Request{Forge: credential.Unsigned}),
		"name with a comment is no victim's": func(b *bench) bool { return b.signsIn(credential.Request{Forge: credential.CommentInName}) != user },
		"another audience":                   refuses(credential.Request{Audience: "urn:somebody:else"}),
		"expired":                            refuses(credential.Request{ExpiresIn: off(-time.Hour)}),
		"not yet valid":                      refuses(credential.Request{NotBefore: off(time.Hour)}),
	}
	for _, wrapping := range wrappings() {
		all["wrapped: "+string(wrapping)] = func(b *bench) bool { return b.signsIn(credential.Request{Forge: wrapping}) != attacker }
	}
	return all
}

// wrappings are those that both protocols have.
func wrappings() []credential.Forgery {
	return []credential.Forgery{credential.XSW3, credential.XSW4, credential.XSW5, credential.XSW6, credential.XSW7, credential.XSW8}
}

// broken says which promises each defect breaks; it keeps all the others.
func broken() map[string][]string {
	rolls := []string{"new certificate at once", "two certificates", "new certificate in the metadata alone"}
	var wrapped, outer []string
	for _, wrapping := range wrappings() {
		wrapped = append(wrapped, "wrapped: "+string(wrapping))
		if wrapping != credential.XSW7 { // stands in Extensions
			outer = append(outer, "wrapped: "+string(wrapping))
		}
	}
	return map[string][]string{
		"":                              {},
		"pinned-thumbprint":             append([]string{"expired metadata does not bring a removed certificate back", "removed certificate refused four seconds later", "no certificate in KeyInfo"}, rolls...),
		"never-refreshes":               append([]string{"removed certificate refused four seconds later", "issuer down at first"}, "new certificate at once"),
		"first-certificate-only":        rolls,
		"last-certificate-only":         {"two certificates", "new certificate in the metadata alone"},
		"ignores-valid-until":           {"expired metadata does not bring a removed certificate back"},
		"obeys-cache-duration":          {"fetches bounded"},
		"stumbles-over-byte-order-mark": {"metadata read behind a byte-order mark"},
		"adopts-entity-id":              {"another entity's metadata ignored"},
		"wiped-by-broken-metadata":      {"another entity's metadata ignored", "page instead of metadata ignored", "expired metadata ignored", "tampered metadata ignored"},
		"unchecked-metadata-signature":  {"tampered metadata ignored"},
		"wrong-role":                    {"metadata without the token service's role"},
		"trusts-keyinfo":                {"expired metadata does not bring a removed certificate back", "removed certificate refused four seconds later", "a stranger's certificate", "tampered metadata ignored"},
		"ignores-signature": {
			"expired metadata does not bring a removed certificate back",
			"removed certificate refused four seconds later", "tampered metadata ignored", "a stranger's certificate", "a stranger's key",
			"tampered name", "tampered signature", "unsigned",
		},
		"reads-key-set":         {"new certificate in the metadata alone"},
		"accepts-unsigned":      {"unsigned"},
		"reads-first-assertion": wrapped,
		"reads-outer-assertion": outer,
		"cuts-name-at-comment":  {"name with a comment is no victim's"},
		"ignores-audience":      {"another audience"},
		"ignores-times":         {"expired", "not yet valid"},
	}
}

func TestEachDefectBreaksItsPromisesAndNoOthers(t *testing.T) {
	expected := broken()
	for _, defect := range append(Names(), "") {
		breaks, listed := expected[defect]
		if !listed {
			t.Errorf("no expectation for %q", defect)
		}
		protocols := []Protocol{SAML}
		if slices.Contains([]string{"", "pinned-thumbprint", "wrong-role", "reads-first-assertion", "reads-outer-assertion"}, defect) { // they read what the protocols have apart
			protocols = append(protocols, WSFederation)
		}
		for _, protocol := range protocols {
			for promise, kept := range promises() {
				t.Run(defect+"/"+string(protocol)+"/"+promise, func(t *testing.T) {
					t.Parallel()
					bubble(t, protocol, defect, func(b *bench) {
						if got, want := kept(b), !slices.Contains(breaks, promise); got != want {
							t.Errorf("kept is %t, want %t (%s)", got, want, b.reason)
						}
					})
				})
			}
		}
	}
}

func TestDefectsAreNamedAndExplained(t *testing.T) {
	if got, want := len(Names()), len(broken())-1; got != want {
		t.Errorf("%d names, want %d", got, want)
	}
	for _, defect := range Defects() {
		if defect.Name == "" || defect.Imitates == "" {
			t.Errorf("defect %q imitates %q", defect.Name, defect.Imitates)
		}
	}
	for name, breaks := range broken() {
		for _, promise := range breaks {
			if promises()[promise] == nil {
				t.Errorf("%q breaks an unknown promise %q", name, promise)
			}
		}
	}
}
