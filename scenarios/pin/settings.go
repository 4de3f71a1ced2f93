package pin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollover-harness/rollover/scenarios/internal/markup"
	"github.com/rollover-harness/rollover/scenarios/signers"
)

// beside looks at the settings that decide with a registry: a certificate that
// it knows is refused before it is asked where they say so.
func (c *checker) beside() {
	if !c.registry.settings.known {
		return
	}
	c.validation()
	c.audience()
}

// at is the place of an attribute, or of its element where it is left out, or
// of the registry where that is left out too.
func (c *checker) at(e *markup.Element, a *markup.Attr) Finding {
	f := Finding{Line: c.registry.Line, Column: c.registry.Column}
	switch {
	case a != nil:
		f.Line, f.Column = c.registry.file.ValuePosition(a, 0)
	case e != nil:
		f.Line, f.Column = c.registry.file.Position(e)
	}
	return f
}

// validation looks at certificateValidation. None is what Microsoft's templates
// have: the thumbprints decide alone, and dates do not matter.
func (c *checker) validation() {
	e := c.registry.settings.validation
	mode, told := "PeerOrChainTrust", "certificateValidationMode is left out, so it is PeerOrChainTrust"
	var a *markup.Attr
	if e != nil {
		a = e.Attr("certificateValidationMode")
	}
	if a != nil {
		mode, told = a.Value, "certificateValidationMode is "+a.Value
	}
	f := c.at(e, a)
	if !slices.Contains([]string{"None", "PeerTrust", "ChainTrust", "PeerOrChainTrust", "Custom"}, mode) {
		f.Level, f.Code = Now, "ConfigurationErrorsException"
		f.Cause, f.Hint = fmt.Sprintf("unknown certificateValidationMode %q", mode), "None, PeerTrust, ChainTrust, PeerOrChainTrust or Custom; case counts"
		c.found(f)
		return
	}
	if mode == "None" || mode == "Custom" {
		return
	}
	self := 0
	for _, s := range c.served {
		if c.ended(s) && s.SHA1.Hex() == c.signer {
			ended := f
			ended.Level, ended.Code = Now, "ID4257"
			ended.Cause = fmt.Sprintf("%s: %s, which %s, ended on %s", told, short(c.signer), c.signs(), day(s.NotAfter))
			ended.Hint = "the issuer has to roll; None leaves the decision to the thumbprints"
			c.found(ended)
		}
		if s.SelfSigned() {
			self++
		}
	}
	if self == 0 {
		return
	}
	f.Level, f.Code = Warning, "ID4257"
	f.Cause = fmt.Sprintf("%s, and %d of %d served certificates %s self-signed: WIF refuses each that is not in the store of the machine", told, self, len(c.served), map[bool]string{true: "is", false: "are"}[self == 1])
	f.Hint = "None, as in Microsoft's templates, leaves the decision to the thumbprints; else every new certificate goes into Trusted People before it signs"
	c.found(f)
}

// audience looks at audienceUris.
func (c *checker) audience() {
	e, realm := c.registry.settings.audience, c.registry.settings.realm
	if e != nil {
		if mode := e.Attr("mode"); mode != nil {
			switch mode.Value {
			case "Never":
				return
			case "Always", "BearerKeyOnly":
			default:
				f := c.at(e, mode)
				f.Level, f.Code = Now, "ConfigurationErrorsException"
				f.Cause, f.Hint = fmt.Sprintf("unknown mode %q of audienceUris", mode.Value), "Always, BearerKeyOnly or Never; case counts"
				c.found(f)
				return
			}
		}
	}
	values := audiences(e)
	if len(values) == 0 {
		f := c.at(e, nil)
		f.Level, f.Code = Now, "ID1032"
		f.Cause, f.Hint = "no audienceUris: WIF refuses every token before it looks at the key", "add the realm of the app"
		c.found(f)
		return
	}
	fits := false
	for _, v := range values {
		i := unseen(v.Value)
		if i >= 0 && []rune(v.Value)[i] == ' ' {
			i = -1 // .NET's Uri trims spaces
		}
		if i >= 0 {
			f := c.at(e, v)
			f.Line, f.Column = c.registry.file.ValuePosition(v, i)
			f.Level, f.Code = Later, "ID1038"
			f.Cause, f.Hint = "the audience has "+character([]rune(v.Value)[i])+" in it", "it equals no audience of a token: type it anew"
			c.found(f)
		}
		fits = fits || realm != nil && sameURI(v.Value, realm.Value)
	}
	if realm == nil || fits {
		return
	}
	line, _ := c.registry.file.ValuePosition(realm, 0)
	f := c.at(e, values[0])
	f.Level, f.Code = Warning, "ID1038"
	f.Cause = fmt.Sprintf("the realm that the app asks tokens for, %s (line %d), is not among audienceUris", realm.Value, line)
	if d, _ := difference(values[0].Value, signers.Entity{ID: realm.Value}); d != "" {
		f.Cause += fmt.Sprintf(": %q %s", values[0].Value, d)
	}
	f.Hint = "an issuer that puts the realm into its tokens is refused"
	c.found(f)
}

// audiences are the values of audienceUris as .NET's collection has them.
func audiences(e *markup.Element) []*markup.Attr {
	if e == nil {
		return nil
	}
	var values []*markup.Attr
	for _, c := range e.Children {
		v := c.Attr("value")
		switch {
		case c.Local == "clear":
			values = nil
		case v == nil:
		case c.Local == "add":
			values = append(values, v)
		case c.Local == "remove":
			values = slices.DeleteFunc(values, func(former *markup.Attr) bool { return former.Value == v.Value })
		}
	}
	return values
}

// sameURI compares as .NET's Uri does: scheme and host in any case, and the
// root has a slash whether it is written or not.
func sameURI(a, b string) bool {
	split := func(s string) (origin, path string) {
		s = strings.TrimSpace(s)
		head, rest, found := strings.Cut(s, "://")
		if !found {
			return "", s
		}
		host, path, _ := strings.Cut(rest, "/")
		return strings.ToLower(head + "://" + host), "/" + path
	}
	ao, ap := split(a)
	bo, bp := split(b)
	return ao == bo && ap == bp
}
