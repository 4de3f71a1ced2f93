package federation_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/rollover-harness/rollover/mockidp/credential"
)

const (
	user     = credential.DefaultSubject
	attacker = credential.AttackerSubject
)

// deceit is how a forgery deceives: the reader that takes its bait, and whether a
// verifier that looks for the signed ID anywhere finds it good.
type deceit struct {
	reader func(*etree.Element) *etree.Element
	name   string // that the naive reader gets
	passes bool   // naiveVerify
	sound  []string
}

func deceits() map[credential.Forgery]deceit {
	return map[credential.Forgery]deceit{
		credential.TamperedPayload:     {firstChild, attacker, false, nil},
		credential.TamperedSig:         {firstChild, user, false, nil},
		credential.StrangerKey:         {firstChild, user, false, nil},
		credential.StrangerCertificate: {firstChild, user, false, nil},
		credential.Unsigned:            {firstChild, user, false, nil},
		credential.UnsignedAssertion:   {firstChild, attacker, true, nil},
		// A good signature over a name that is the attacker's as a whole.
		credential.CommentInName: {firstChild, user, true, []string{user + ".evil.test"}},
		credential.XSW1:          {firstChild, attacker, true, nil},
		credential.XSW2:          {firstChild, attacker, true, nil},
		credential.XSW3:          {firstChild, attacker, true, []string{user}}, // a sound app takes the second
		credential.XSW4:          {firstChild, attacker, true, nil},
		credential.XSW5:          {firstChild, attacker, true, nil},
		credential.XSW6:          {firstChild, attacker, true, nil},
		credential.XSW7:          {firstAnywhere, attacker, true, []string{user}},
		credential.XSW8:          {firstChild, attacker, true, nil},
	}
}

// messages are all that carries assertions, by a name for it.
func messages(t testing.TB, profile string, r credential.Request) map[string]string {
	t.Helper()
	m := minter(t, profile, credential.SAML{})
	texts := map[string]string{}
	add := func(name, text string, err error) {
		if errors.Is(err, credential.ErrRequest) && r.Forge != credential.Genuine {
			return // not every protocol has every forgery: TestForgeriesThatNeedMore says which
		}
		if err != nil {
			t.Fatalf("%s %s: %v", name, r.Forge, err)
		}
		texts[profile+" "+name] = text
	}
	for _, sign := range []string{"assertion", "response"} {
		r.SAML.Sign = sign
		text, _, err := m.Response(m.ring, r, now, "id", m.stranger, to)
		add("SAML, "+sign+" signed", text, err)
	}
	for _, version := range []string{"2.0", "1.1"} {
		r.SAML.Version = version
		text, _, err := m.WSFed(m.ring, r, now, "id", m.stranger, to)
		add("WS-Federation with SAML "+version, text, err)
	}
	r.Form = credential.SAML20
	token, err := m.Mint(m.ring, r, now, "id", m.stranger)
	add("assertion", token.Text, err)
	return texts
}

func TestForgeriesDeceiveNaiveReadersAlone(t *testing.T) {
	all := deceits()
	if len(all) != len(credential.SAMLForgeries()) {
		t.Fatalf("%d of %d forgeries", len(all), len(credential.SAMLForgeries()))
	}
	for forge, want := range all {
		for _, profile := range []string{"entra", "adfs"} {
			for name, text := range messages(t, profile, credential.Request{Forge: forge}) {
				t.Run(string(forge)+" "+name, func(t *testing.T) {
					trusted := certificate(t, minter(t, profile, credential.SAML{}).ring, "now")
					root := parse(t, text)
					assertion := root
					if root.Tag != "Assertion" {
						assertion = want.reader(root)
					}
					if got := naiveName(assertion); got != want.name {
						t.Errorf("the naive reader gets %q, want %q", got, want.name)
					}
					if got := naiveVerify(root, trusted); got != want.passes {
						t.Errorf("the naive verifier: %v, want %v", got, want.passes)
					}
					got := soundNames(t, text, trusted)
					slices.Sort(got)
					if got = slices.Compact(got); !slices.Equal(got, want.sound) {
						t.Errorf("a sound app reads %q, want %q", got, want.sound)
					}
				})
			}
		}
	}
}

func TestGenuineOnesAreBelieved(t *testing.T) {
	for _, profile := range []string{"entra", "adfs"} {
		for name, text := range messages(t, profile, credential.Request{}) {
			trusted := certificate(t, minter(t, profile, credential.SAML{}).ring, "now")
			names := soundNames(t, text, trusted)
			if len(names) < 2 || slices.ContainsFunc(names, func(n string) bool { return n != user }) {
				t.Errorf("%s: %q", name, names)
			}
			if other := certificate(t, minter(t, profile, credential.SAML{}).ring, "old"); soundNames(t, text, other) != nil {
				t.Errorf("%s: another key verifies it", name)
			}
		}
	}
}

// What the wrapped positions are, in the words of SAML Raider: where the evil
// assertion (or response) stands, and where what was signed.
func TestWrappingPositions(t *testing.T) {
	m := minter(t, "entra", credential.SAML{})
	for forge, want := range map[credential.Forgery]struct{ evil, signed string }{
		credential.XSW1: {"/Response/Assertion", "/Response/Signature/Response/Assertion"},
		credential.XSW2: {"/Response/Assertion", "/Response/Response/Assertion"},
		credential.XSW3: {"/Response/Assertion", "/Response/Assertion"},
		credential.XSW4: {"/Response/Assertion", "/Response/Assertion/Assertion"},
		credential.XSW5: {"/Response/Assertion", "/Response/Assertion"},
		credential.XSW6: {"/Response/Assertion", "/Response/Assertion/Signature/Assertion"},
		credential.XSW7: {"/Response/Extensions/Assertion", "/Response/Assertion"},
		credential.XSW8: {"/Response/Assertion", "/Response/Assertion/Signature/Object/Assertion"},
	} {
		text, _, err := m.Response(m.ring, credential.Request{Forge: forge}, now, "id", nil, to)
		if err != nil {
			t.Fatal(err)
		}
		at, ids := map[string]string{}, map[string]string{}
		for _, a := range parse(t, text).FindElements("//Assertion") {
			name := a.FindElement("./Subject/NameID").Text()
			at[name], ids[name] = a.GetPath(), a.SelectAttrValue("ID", "")
		}
		if at[attacker] != want.evil || at[user] != want.signed {
			t.Errorf("%s: evil at %s, signed at %s", forge, at[attacker], at[user])
		}
		same := forge == credential.XSW7 || forge == credential.XSW8
		if (ids[attacker] == ids[user]) != same {
			t.Errorf("%s: IDs %v", forge, ids)
		}
	}
}

// A forgery that the request's own subject would undo is none.
func TestForgeriesDifferFromWhatWasSigned(t *testing.T) {
	m := minter(t, "entra", credential.SAML{})
	for _, forge := range []credential.Forgery{credential.TamperedPayload, credential.XSW3} {
		text, _, err := m.Response(m.ring, credential.Request{Forge: forge, Subject: attacker}, now, "id", nil, to)
		if err != nil {
			t.Fatal(err)
		}
		if got := naiveName(firstChild(parse(t, text))); got != "other-"+attacker {
			t.Errorf("%s: %q", forge, got)
		}
	}
}

func TestForgeriesThatNeedMore(t *testing.T) {
	m := minter(t, "entra", credential.SAML{})
	ask := func(f credential.Forgery) (mint, wsfed, saml error) {
		_, mint = m.Mint(m.ring, credential.Request{Form: credential.SAML20, Forge: f}, now, "id", m.stranger)
		_, _, wsfed = m.WSFed(m.ring, credential.Request{Forge: f}, now, "id", m.stranger, to)
		_, _, saml = m.Response(m.ring, credential.Request{Forge: f}, now, "id", m.stranger, to)
		return mint, wsfed, saml
	}
	refused := func(err error, words string) bool {
		return errors.Is(err, credential.ErrRequest) && strings.Contains(err.Error(), words)
	}
	for _, f := range credential.SAMLForgeries() {
		mint, wsfed, saml := ask(f)
		wrapped := strings.HasPrefix(string(f), "xsw") || f == credential.UnsignedAssertion
		signed := f == credential.XSW1 || f == credential.XSW2 || f == credential.UnsignedAssertion
		if (mint != nil) != wrapped || mint != nil && !refused(mint, "needs a response around the assertion") {
			t.Errorf("%s: %v", f, mint)
		}
		if (wsfed != nil) != signed || wsfed != nil && !refused(wsfed, "sign in over SAML") {
			t.Errorf("%s over WS-Federation: %v", f, wsfed)
		}
		if saml != nil {
			t.Errorf("%s over SAML: %v", f, saml)
		}
	}
	for _, f := range []credential.Forgery{credential.AlgNone, credential.HMACPublicKey, credential.EmptySignature} {
		mint, wsfed, saml := ask(f)
		for _, err := range []error{mint, wsfed, saml} {
			if !refused(err, "no assertion is forged as") {
				t.Errorf("%s: %v", f, err)
			}
		}
	}
}
