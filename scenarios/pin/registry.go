package pin

import (
	"fmt"
	"strings"

	"github.com/rollover-harness/rollover/scenarios/internal/markup"
)

// registry reads an issuerNameRegistry as WIF loads it.
func (r *configReader) registry(e *markup.Element, at context) Registry {
	g := Registry{Of: at.of, settings: at.settings, file: r.file}
	g.Line, g.Column = r.file.Position(e)
	g.keysLine, g.keysColumn = g.Line, g.Column
	if kind := e.Attr("type"); kind != nil {
		g.Type = strings.Join(strings.Fields(kind.Value), " ")
	}
	class, _, _ := strings.Cut(g.Type, ",")
	switch class = class[strings.LastIndex(class, ".")+1:]; {
	case class == "": // WIF's default
		g.Kind = ConfigurationBased
	case class == string(Validating), class == string(ConfigurationBased):
		g.Kind = Kind(class)
	case child(e, "authority") != nil: // Dynamics 365 has one of its own in that form
		g.Kind = Validating
	case child(e, "trustedIssuers") != nil:
		g.Kind = ConfigurationBased
	}
	switch g.Kind {
	case Validating:
		g.validating(e)
	case ConfigurationBased:
		g.configurationBased(e)
	case Foreign:
	}
	return g
}

// fault adds a finding at an element.
func (g *Registry) fault(e *markup.Element, code, cause, hint string) {
	line, column := g.file.Position(e)
	g.Faults = append(g.Faults, Finding{Line: line, Column: column, Level: Now, Code: code, Cause: cause, Hint: hint})
}

// faultAt adds a finding at a value.
func (g *Registry) faultAt(t Text, index int, code, cause, hint string) {
	line, column := g.file.ValuePosition(t.attr, index)
	g.Faults = append(g.Faults, Finding{Line: line, Column: column, Level: Now, Code: code, Cause: cause, Hint: hint})
}

const pasteHint = "rollover thumbprint --web-config prints the whole element"

// validating loads what ValidatingIssuerNameRegistry.LoadCustomConfiguration
// does, with the errors that it throws when the app starts.
func (g *Registry) validating(e *markup.Element) {
	g.text(e)
	names := map[string]bool{}
	for _, c := range e.Children {
		if c.Local != "authority" {
			g.fault(c, "WIF10112", fmt.Sprintf("%s inside a registry of the type %s, which takes nothing but authority", c.Local, Validating), pasteHint)
			continue
		}
		a := Authority{}
		a.line, a.column = g.file.Position(c)
		switch name := c.Attr("name"); {
		case name == nil:
			g.fault(c, "WIF10111", "an authority without a name", anyName)
		case strings.TrimSpace(name.Value) == "":
			g.fault(c, "WIF10101", "an authority with an empty name", anyName)
		case names[name.Value]:
			g.fault(c, "WIF10103", fmt.Sprintf("a second authority named %q", name.Value), "put the keys and the issuers of both into one")
		default:
			a.Name = name.Value
		}
		names[a.Name] = true
		g.authority(c, &a)
		g.Authorities = append(g.Authorities, a)
	}
}

const anyName = "any name will do; the issuer is the usual one"

// authority loads the keys and the issuers of one.
func (g *Registry) authority(e *markup.Element, a *Authority) {
	g.text(e)
	keys, issuers := child(e, "keys"), child(e, "validIssuers")
	for _, c := range e.Children {
		if c.Local != "keys" && c.Local != "validIssuers" {
			g.fault(c, "WIF10102", fmt.Sprintf("%s inside an authority, which takes keys and validIssuers", c.Local), "")
		}
	}
	if keys == nil || issuers == nil {
		g.fault(e, "WIF10104", "an authority needs both keys and validIssuers", pasteHint)
	}
	if keys != nil {
		g.keysLine, g.keysColumn = g.file.Position(keys)
		a.Keys = g.list(keys, "thumbprint", "symmetricKey")
		if len(a.Keys) == 0 && child(keys, "add") == nil {
			g.fault(keys, "WIF10115", "an authority without a key", pasteHint)
		}
		g.duplicates(a.Keys, "thumbprint", normal)
	}
	if issuers != nil {
		a.Issuers = g.list(issuers, "name", "")
		if len(a.Issuers) == 0 && child(issuers, "add") == nil {
			g.fault(issuers, "WIF10114", "an authority without a valid issuer", pasteHint)
		}
		g.duplicates(a.Issuers, "issuer", func(value string) string { return value })
	}
}

// text finds text where only elements are due.
func (g *Registry) text(e *markup.Element) {
	if found := strings.Join(strings.Fields(e.Text), " "); found != "" {
		g.fault(e, "WIF10106", fmt.Sprintf("text inside %s, which takes elements: %q", e.Local, found), "remove it: the app does not start")
	}
}

// list reads the values of <add NAME="..."/>; or names what may stand instead.
func (g *Registry) list(e *markup.Element, name, or string) []Text {
	g.text(e)
	var values []Text
	for _, c := range e.Children {
		value := c.Attr(name)
		switch {
		case c.Local != "add":
			g.fault(c, "WIF10107", fmt.Sprintf("%s inside %s, which takes nothing but add", c.Local, e.Local), "")
		case value == nil && or != "" && c.Attr(or) != nil:
		case value == nil && or != "":
			g.fault(c, "WIF10108", fmt.Sprintf("a key without a %s", name), "")
		case value == nil:
			g.fault(c, "WIF10111", fmt.Sprintf("an entry of %s without a %s", e.Local, name), "")
		case strings.TrimSpace(value.Value) == "":
			g.faultAt(Text{value.Value, value}, 0, "WIF10109", fmt.Sprintf("an empty %s", name), "")
		default:
			values = append(values, Text{value.Value, value})
		}
	}
	return values
}

// duplicates finds values that stand twice; same says when two are the same.
func (g *Registry) duplicates(values []Text, what string, same func(string) string) {
	first := map[string]Text{}
	for _, v := range values {
		former, twice := first[same(v.Value)]
		if !twice {
			first[same(v.Value)] = v
			continue
		}
		line, _ := g.file.ValuePosition(former.attr, 0)
		g.faultAt(v, 0, "WIF10110", fmt.Sprintf("the %s of line %d again%s", what, line, otherwise(former.Value, v.Value)), "remove one of them: the app does not start")
	}
}

func otherwise(a, b string) string {
	switch {
	case a == b:
		return ""
	case strings.EqualFold(a, b):
		return ", in other letters, which makes no difference to WIF"
	}
	return ", with other spaces, which makes no difference to WIF"
}

// configurationBased loads what
// ConfigurationBasedIssuerNameRegistry.LoadCustomConfiguration does.
func (g *Registry) configurationBased(e *markup.Element) {
	if len(e.Children) == 0 {
		return // it loads, and trusts nobody
	}
	list := e.Children[0]
	switch {
	case list.Local == "authority":
		g.fault(list, "ID7002", fmt.Sprintf("authority inside a registry of the type %s, which takes nothing but trustedIssuers", ConfigurationBased), "set the type to that of "+string(Validating)+": "+pasteHint)
		return
	case list.Local != "trustedIssuers":
		g.fault(list, "ID7002", list.Local+" where trustedIssuers is due", "")
		return
	case len(e.Children) > 1:
		g.fault(e.Children[1], "ID7019", "more than one element inside the registry", "it takes one trustedIssuers")
	}
	g.keysLine, g.keysColumn = g.file.Position(list)
	var keys []Text
	for _, c := range list.Children {
		value := c.Attr("thumbprint")
		switch {
		case c.Local == "clear":
			keys = nil
		case c.Local != "add" && c.Local != "remove":
			g.fault(c, "ID7002", fmt.Sprintf("%s inside trustedIssuers", c.Local), "it takes add, remove and clear")
		case value == nil:
			g.fault(c, "ID7010", c.Local+" without a thumbprint", "")
		case c.Local == "remove":
			keys = without(keys, value.Value)
		case len(c.Attrs) > 2:
			g.fault(c, "ID7010", "more attributes than thumbprint and name", "remove them: the app does not start")
		default:
			keys = g.added(keys, Text{value.Value, value})
		}
	}
	line, column := g.file.Position(list)
	g.Authorities = []Authority{{Keys: keys, line: line, column: column}}
}

func without(keys []Text, value string) []Text {
	var rest []Text
	for _, k := range keys {
		if normal(k.Value) != normal(value) {
			rest = append(rest, k)
		}
	}
	return rest
}

func (g *Registry) added(keys []Text, t Text) []Text {
	for _, k := range keys {
		if normal(k.Value) == normal(t.Value) {
			line, _ := g.file.ValuePosition(k.attr, 0)
			g.faultAt(t, 0, "ArgumentException", fmt.Sprintf("the thumbprint of line %d again%s", line, otherwise(k.Value, t.Value)), "remove one of them: the app does not start")
			return keys
		}
	}
	return append(keys, t)
}
