package federated

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/rollover-harness/rollover/mockidp/clock"
	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/federation"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/profile"
)

func both(t *testing.T, test func(b *bench)) {
	for _, protocol := range []Protocol{WSFederation, SAML} {
		t.Run(string(protocol), func(t *testing.T) { bubble(t, protocol, "", test) })
	}
}

func TestMetadataIsReadWhenItIsNeeded(t *testing.T) {
	both(t, func(b *bench) {
		health := httptest.NewRecorder()
		b.app.ServeHTTP(health, httptest.NewRequest(http.MethodGet, "http://"+testHost+"/healthz", nil))
		b.asks()
		if health.Code != http.StatusOK || b.fetches() != 0 {
			b.Errorf("healthz: status %d; %d fetches before the first message", health.Code, b.fetches())
		}
		b.wants("first", "old", true, 1)
		b.wants("known", "old", true, 0)
		b.advance(1999 * time.Millisecond)
		b.wants("known, young", "old", true, 0)
		b.advance(time.Millisecond)
		b.wants("known, aged", "old", true, 1)
		b.publishes("new")
		b.wants("new", "new", true, 1)
		b.wants("old beside it", "old", true, 0)
		b.does(keyring.Generate{Name: "hidden", Material: b.material()})
		b.wants("unpublished, in the second of the last look", "hidden", false, 0)
		b.advance(time.Second)
		b.wants("unpublished", "hidden", false, 1)
		b.wants("unpublished again", "hidden", false, 0)
	})
}

func TestOutageIsSurvivedForAnHour(t *testing.T) {
	both(t, func(b *bench) {
		b.wants("first", "old", true, 1)
		b.isDown()
		b.advance(time.Hour)
		b.wants("an hour later", "old", true, 1)
		b.advance(time.Second)
		b.wants("after it", "old", false, 1)
		b.servesRing()
		b.advance(time.Second)
		b.wants("back", "old", true, 1)
	})
}

func TestNamesAreShownWhole(t *testing.T) {
	both(t, func(b *bench) {
		for want, r := range map[string]credential.Request{
			user: {}, "o'neil & <sons>": {Subject: "o'neil & <sons>"}, user + ".evil.test": {Forge: credential.CommentInName},
		} {
			if got := b.signsIn(r); got != want {
				b.Errorf("shown is %q, want %q", got, want)
			}
		}
	})
}

func TestTimesAndTheirLeeway(t *testing.T) {
	off := func(d time.Duration) *clock.Duration { return (*clock.Duration)(&d) }
	both(t, func(b *bench) {
		for name, c := range map[string]struct {
			r    credential.Request
			want string
		}{
			"expired in leeway": {credential.Request{ExpiresIn: off(-59 * time.Second)}, user},
			"expired":           {credential.Request{ExpiresIn: off(-time.Minute)}, ""},
			"ahead in leeway":   {credential.Request{NotBefore: off(time.Minute)}, user},
			"ahead":             {credential.Request{NotBefore: off(time.Minute + time.Second)}, ""},
		} {
			if got := b.signsIn(c.r); got != c.want {
				b.Errorf("%s: shown is %q, want %q (%s)", name, got, c.want, b.reason)
			}
		}
	})
}

func TestWhateverIsSignedInAResponse(t *testing.T) {
	for _, sign := range []string{"assertion", "response", "both"} {
		bubble(t, SAML, "", func(b *bench) {
			if got := b.signsIn(credential.Request{SAML: credential.SAML{Sign: sign}}); got != user {
				t.Errorf("%s signed: shown is %q (%s)", sign, got, b.reason)
			}
			for _, forge := range []credential.Forgery{credential.TamperedPayload, credential.TamperedSig, credential.StrangerKey, credential.StrangerCertificate} {
				if got := b.signsIn(credential.Request{Forge: forge, SAML: credential.SAML{Sign: sign}}); got != "" {
					t.Errorf("%s signed, %s: shown is %q", sign, forge, got)
				}
			}
		})
	}
}

// Two good signatures and a bad one: every signature that is there must hold.
func TestOneBadSignatureSpoilsTheMessage(t *testing.T) {
	bubble(t, SAML, "", func(b *bench) {
		for n, path := range []string{"/Response/Signature/SignatureValue", "/Response/Assertion/Signature/SignatureValue"} {
			sent, cookies := b.asks()
			doc := etree.NewDocument()
			if err := doc.ReadFromString(b.message(credential.Request{SAML: credential.SAML{Sign: "both"}}, sent)); err != nil {
				t.Fatal(err)
			}
			value := doc.FindElement(path)
			value.SetText("AAAA" + value.Text()[4:])
			text, err := doc.WriteToString()
			if err != nil {
				t.Fatal(err)
			}
			if got := b.sends(text, sent, cookies); got != "" {
				t.Errorf("signature %d is bad: shown is %q", n, got)
			}
		}
	})
}

func TestWrappedResponses(t *testing.T) {
	for defect, want := range map[string]map[credential.Forgery]string{
		"": {credential.XSW1: "", credential.XSW2: "", credential.UnsignedAssertion: ""},
		// The signed response stands before the evil one's assertion.
		"reads-first-assertion": {credential.XSW1: user, credential.XSW2: user, credential.UnsignedAssertion: attacker},
		"reads-outer-assertion": {credential.XSW1: attacker, credential.XSW2: attacker, credential.UnsignedAssertion: attacker},
	} {
		bubble(t, SAML, defect, func(b *bench) {
			for forge, want := range want {
				if got := b.signsIn(credential.Request{Forge: forge}); got != want {
					t.Errorf("%s, %s: shown is %q, want %q (%s)", defect, forge, got, want, b.reason)
				}
			}
		})
	}
}

func TestWrappedAssertionsAreRefused(t *testing.T) {
	both(t, func(b *bench) {
		for _, forge := range wrappings() {
			if got := b.signsIn(credential.Request{Forge: forge}); got != "" {
				b.Errorf("%s: shown is %q", forge, got)
			}
		}
	})
}

func TestOtherShapes(t *testing.T) {
	bubble(t, WSFederation, "", func(b *bench) {
		if got := b.signsIn(credential.Request{SAML: credential.SAML{Trust: "1.3"}}); got != user {
			t.Errorf("WS-Trust 1.3: shown is %q (%s)", got, b.reason)
		}
		if got := b.signsIn(credential.Request{SAML: credential.SAML{Version: "1.1"}}); got != "" {
			t.Errorf("SAML 1.1, which it does not read: shown is %q", got)
		}
		if got := b.signsIn(credential.Request{SAML: credential.SAML{Algorithm: "rsa-sha1"}}); got != "" {
			t.Errorf("SHA-1: shown is %q", got)
		}
	})
}

// AD FS prefixes its signatures, has keys for encryption and an issuer of http.
func TestADFS(t *testing.T) {
	both(t, func(b *bench) {
		shape, err := profile.ByName("adfs")
		if err != nil {
			b.Fatal(err)
		}
		b.shape = shape
		b.site = profile.Site{Base: "https://fs.test", Tenant: shape.Tenant("default"), Audience: testRealm}
		b.minter = federation.NewMinter(shape, b.site, credential.SAML{Version: "2.0"})
		at := shape.Endpoints(b.site)
		b.config.EntityID, b.config.SignIn = *at.EntityID, *at.WSFed
		if b.config.Protocol == SAML {
			b.config.SignIn = *at.SAML2
		}
		b.begin()
		b.wants("first", "old", true, 1)
		b.publishes("new")
		b.wants("new", "new", true, 1)
	})
}

func TestMetadataThatIsLeftAlone(t *testing.T) {
	stranger := func(b *bench) []byte { return base64Of(b.stranger.Certificate.Raw) }
	own := func(b *bench) []byte {
		old, _ := b.ring.Key("old")
		return base64Of(old.Certificate.Raw)
	}
	for name, c := range map[string]struct {
		make func(b *bench) []byte
		why  string
	}{
		"unsigned": {func(b *bench) []byte { return b.bent("", func(*etree.Element) {}) }, "not signed"},
		"another signature": {func(b *bench) []byte {
			return bytes.Replace(b.metadata(), []byte("<SignatureValue>"), []byte("<SignatureValue>AAAA"), 1)
		}, "trusted certificates verifies it"},
		"signed by a key that is not published": {func(b *bench) []byte {
			b.does(keyring.Generate{Name: "hidden", Material: b.material()})
			return b.bent("hidden", func(*etree.Element) {})
		}, "trusted certificates verifies it"},
		"a certificate put in": {func(b *bench) []byte { return bytes.ReplaceAll(b.metadata(), own(b), stranger(b)) }, "trusted certificates verifies it"},
		"a signed entity beside an unsigned one": {func(b *bench) []byte {
			signed := string(bytes.TrimPrefix(b.metadata(), []byte(`<?xml version="1.0" encoding="utf-8"?>`)))
			evil := strings.ReplaceAll(strings.Replace(signed, `ID="`, `ID="x`, 1), string(own(b)), string(stranger(b)))
			return []byte(`<EntitiesDescriptor xmlns="` + nsMetadata + `">` + evil + signed + `</EntitiesDescriptor>`)
		}, "not signed"},
		"ID twice": {func(b *bench) []byte {
			return b.bent("old", func(root *etree.Element) {
				root.CreateElement("Extensions").CreateAttr("ID", root.SelectAttrValue("ID", ""))
			})
		}, "twice"},
		"DTD": {func(b *bench) []byte {
			return append([]byte(`<!DOCTYPE x [<!ENTITY e "x">]>`), b.bent("old", func(*etree.Element) {})...)
		}, "DTD"},
		"validUntil is no time": {func(b *bench) []byte {
			return b.bent("old", func(root *etree.Element) { root.CreateAttr("validUntil", "soon") })
		}, "validUntil"},
		"a page":        {func(*bench) []byte { return []byte("<html></html>") }, "root is html"},
		"nothing":       {func(*bench) []byte { return nil }, "no element"},
		"two megabytes": {func(*bench) []byte { return bytes.Repeat([]byte(" "), 2<<20) }, "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, SAML, "", func(b *bench) {
				b.wants("first", "old", true, 1)
				b.serves(c.make(b))
				b.advance(3 * time.Second)
				b.wants("with what it knew", "old", true, 1)
				if !strings.HasPrefix(b.reason, "refresh keys: ") || !strings.Contains(b.reason, c.why) {
					t.Errorf("logged %q, want %q in it", b.reason, c.why)
				}
				if got := b.signsIn(credential.Request{Forge: credential.StrangerCertificate}); got != "" {
					t.Errorf("a stranger is %q", got)
				}
			})
		})
	}
}

func TestMetadataThatIsRead(t *testing.T) {
	for name, make := range map[string]func(b *bench) []byte{
		"still valid": func(b *bench) []byte {
			return b.bent("old", func(root *etree.Element) {
				root.CreateAttr("validUntil", time.Now().Add(time.Second).UTC().Format(time.RFC3339))
			})
		},
		"a certificate that cannot be read": func(b *bench) []byte {
			return b.bent("old", func(root *etree.Element) {
				for _, role := range root.SelectElements("IDPSSODescriptor") {
					bad := role.SelectElement("KeyDescriptor").Copy()
					bad.FindElement(".//X509Certificate").SetText("not base64!")
					role.InsertChildAt(0, bad)
				}
			})
		},
		"use left out": func(b *bench) []byte {
			return b.bent("old", func(root *etree.Element) {
				for _, key := range root.FindElements("//KeyDescriptor") {
					key.RemoveAttr("use")
				}
			})
		},
		"within others": func(b *bench) []byte {
			entity := etree.NewDocument()
			if err := entity.ReadFromBytes(b.bent("", func(*etree.Element) {})); err != nil {
				b.Fatal(err)
			}
			old, _ := b.ring.Key("old")
			return b.bent("", func(root *etree.Element) {
				root.Tag = "EntitiesDescriptor"
				root.RemoveAttr("entityID")
				root.Child = nil
				entity.Root().RemoveAttr("ID")
				root.AddChild(entity.Root())
				b.sign(root, old.Material)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, SAML, "", func(b *bench) {
				b.serves(make(b))
				b.wants("first", "old", true, 1)
			})
		})
	}
}

// A key for encryption signs nothing.
func TestEncryptionKeysAreNotTrusted(t *testing.T) {
	bubble(t, SAML, "", func(b *bench) {
		b.publishes("new")
		next, _ := b.ring.Key("new")
		b.serves(b.bent("old", func(root *etree.Element) {
			for _, text := range root.FindElements("//X509Certificate") {
				if text.Text() == string(base64Of(next.Certificate.Raw)) {
					text.Parent().Parent().Parent().CreateAttr("use", "encryption")
				}
			}
		}))
		b.wants("signing", "old", true, 1)
		b.wants("encryption", "new", false, 1)
	})
}

func TestMessagesOfAnotherRequest(t *testing.T) {
	both(t, func(b *bench) {
		sent, cookies := b.asks()
		other, _ := b.asks()
		good := func(r request) string { return b.message(credential.Request{}, r) }
		field, state := "wresult", "wctx"
		if b.config.Protocol == SAML {
			field, state = "SAMLResponse", "RelayState"
		}
		encoded := func(text string) string {
			if b.config.Protocol == SAML {
				return string(base64Of([]byte(text)))
			}
			return text
		}
		for name, form := range map[string]url.Values{
			"nothing":            {},
			"no message":         {state: {sent.id}},
			"state left out":     {field: {encoded(good(sent))}},
			"another's state":    {field: {encoded(good(sent))}, state: {other.id}},
			"no base64, no XML":  {field: {"%%%"}, state: {sent.id}},
			"no message of ours": {field: {encoded("<x/>")}, state: {sent.id}},
		} {
			if got := b.posts(form, cookies); got != "" {
				b.Errorf("%s: shown is %q", name, got)
			}
		}
		if got := b.sends(good(sent), sent, nil); got != "" {
			b.Errorf("another browser: shown is %q", got)
		}
		if b.config.Protocol == SAML {
			if got := b.sends(good(other), sent, cookies); got != "" {
				b.Errorf("answer to another request: shown is %q", got)
			}
			elsewhere := request{id: sent.id, reply: "http://other.test/signin"}
			if got := b.sends(good(elsewhere), sent, cookies); got != "" {
				b.Errorf("answer to another address: shown is %q", got)
			}
		}
		if got := b.sends(good(sent), sent, cookies); got != user {
			b.Errorf("the right one: shown is %q (%s)", got, b.reason)
		}
	})
}

func TestSessionsAreThisInstances(t *testing.T) {
	bubble(t, SAML, "", func(b *bench) {
		mine := b.app.cookie(user)
		b.begin()
		for name, cookie := range map[string]*http.Cookie{
			"another instance's": mine, "none": {Name: sessionCookie}, "no MAC": {Name: sessionCookie, Value: encode([]byte(user))},
			"no base64": {Name: sessionCookie, Value: "!." + encode(b.app.mac(""))},
		} {
			get := httptest.NewRequest(http.MethodGet, "http://"+testHost+"/", nil)
			get.AddCookie(cookie)
			if got, signedIn := b.app.session(get); signedIn {
				t.Errorf("%s: signed in as %q", name, got)
			}
		}
	})
}

// G9: how a list is written that somebody pinned is the app's own affair. This
// one knows no letter case and takes everything else as it stands.
func TestFormsOfAPinnedThumbprint(t *testing.T) {
	for name, c := range map[string]struct {
		write func(hex string) string
		want  bool
	}{
		"upper case":         {func(hex string) string { return hex }, true},
		"lower case":         {strings.ToLower, true},
		"U+200E before it":   {func(hex string) string { return "\u200e" + hex }, false},
		"spaces":             {func(hex string) string { return hex[:2] + " " + hex[2:] }, false},
		"colons":             {func(hex string) string { return hex[:2] + ":" + hex[2:] }, false},
		"a line break after": {func(hex string) string { return hex + "\n" }, false},
		"empty":              {func(string) string { return "" }, false},
	} {
		bubble(t, WSFederation, "pinned-thumbprint", func(b *bench) {
			b.config.Thumbprint = c.write(b.config.Thumbprint)
			b.begin()
			b.wants(name, "old", c.want, 0)
			if !c.want && !strings.Contains(b.reason, "invalid thumbprint") {
				t.Errorf("%s: logged %q", name, b.reason)
			}
		})
	}
}

func TestConfigErrors(t *testing.T) {
	sound := Config{Protocol: SAML, EntityID: "e", SignIn: "s", Metadata: "m", Realm: "r"}
	for name, c := range map[string]struct {
		want   string
		change func(*Config)
	}{
		"no entity ID":     {"all needed", func(c *Config) { c.EntityID = "" }},
		"no sign-in":       {"all needed", func(c *Config) { c.SignIn = "" }},
		"no metadata":      {"all needed", func(c *Config) { c.Metadata = "" }},
		"no realm":         {"all needed", func(c *Config) { c.Realm = "" }},
		"unknown protocol": {`unknown protocol "oidc" (wsfed or saml)`, func(c *Config) { c.Protocol = "oidc" }},
		"unknown defect":   {`unknown defect "pinned" (one of pinned-thumbprint, `, func(c *Config) { c.Defect = "pinned" }},
	} {
		config := sound
		c.change(&config)
		if _, err := New(config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q in it", name, err, c.want)
		}
	}
	if _, err := New(sound); err != nil {
		t.Error(err)
	}
}
