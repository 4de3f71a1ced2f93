package pin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollover-harness/rollover/scenarios/internal/markup"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// MaxBytes is how large a configuration file may be.
const MaxBytes = 4 << 20

// Read reads web.config, app.config, wif.config or a part of one, for WIF 4.5
// (system.identityModel) or WIF 3.5 (microsoft.identityModel). A file that
// cannot be read, or has no issuerNameRegistry, is a spec.Errors.
func Read(name string, data []byte) (Config, error) {
	if len(data) > MaxBytes {
		return Config{}, spec.Errors{{File: name, Line: 1, Column: 1, Cause: fmt.Sprintf("the file has %d bytes", len(data)), Hint: fmt.Sprintf("at most %d", MaxBytes)}}
	}
	file, err := markup.Parse(name, data)
	if err != nil {
		return Config{}, err
	}
	r := configReader{file: file}
	r.realms()
	r.element(file.Root, context{})
	if len(r.registries) == 0 {
		return Config{}, spec.Errors{r.nothing(name)}
	}
	return Config{Name: name, Registries: r.registries}, nil
}

type configReader struct {
	file       *markup.Document
	realm      *markup.Attr // of wsFederation, where there is one
	registries []Registry
}

// context is what holds where an element stands.
type context struct {
	of       string
	settings settings
}

// settings are the elements beside a registry that decide with it.
type settings struct {
	known                bool // whether it stands in a configuration: a part of a file says nothing of them
	validation, audience *markup.Element
	realm                *markup.Attr
}

// beside takes the settings that stand directly inside an element. Each
// replaces that of the element round it as a whole.
func (s settings) beside(e *markup.Element) settings {
	for _, c := range e.Children {
		switch c.Local {
		case "certificateValidation":
			s.validation = c
		case "audienceUris":
			s.audience = c
		}
	}
	return s
}

// element looks for registries in and below an element.
func (r *configReader) element(e *markup.Element, at context) {
	switch e.Local {
	case "issuerNameRegistry":
		r.registries = append(r.registries, r.registry(e, at))
		return
	case "location":
		if path := e.Attr("path"); path != nil {
			at.of = "location " + path.Value
		}
	case "identityConfiguration", "service": // the latter is that of WIF 3.5
		r.configuration(e, context{of: label(e, at.of), settings: settings{known: true, realm: r.realm}.beside(e)})
		return
	case "securityTokenHandlers":
		if named := label(e, at.of); named != at.of {
			at = context{of: named, settings: settings{known: true, realm: r.realm}}
		}
	case "securityTokenHandlerConfiguration":
		at.settings = at.settings.beside(e)
	}
	r.below(e, at)
}

// configuration reads the registries of a configuration. What its default
// handlers have of their own replaces what stands directly inside.
func (r *configReader) configuration(e *markup.Element, at context) {
	handlers := defaultHandlers(e)
	if handlers == nil {
		r.below(e, at)
		return
	}
	at.settings = at.settings.beside(handlers)
	inner, outer := child(handlers, "issuerNameRegistry"), child(e, "issuerNameRegistry")
	if inner == nil || outer == nil {
		r.below(e, at)
		return
	}
	g := r.registry(inner, at)
	line, column := r.file.Position(outer)
	g.Faults = append(g.Faults, Finding{Line: line, Column: column, Level: Warning, Cause: fmt.Sprintf("not in effect: the registry of the handlers, line %d, replaces it", g.Line), Hint: "remove one of them"})
	r.registries = append(r.registries, g)
	for _, c := range e.Children {
		if c != outer && !slices.Contains(c.Children, handlers) {
			r.element(c, at)
		}
	}
}

func (r *configReader) below(e *markup.Element, at context) {
	for _, c := range e.Children {
		r.element(c, at)
	}
}

// defaultHandlers is the securityTokenHandlerConfiguration of the handlers
// without a name, nil where there is none.
func defaultHandlers(e *markup.Element) *markup.Element {
	for _, c := range e.Children {
		if c.Local == "securityTokenHandlers" && label(c, "") == "" {
			if inner := child(c, "securityTokenHandlerConfiguration"); inner != nil {
				return inner
			}
		}
	}
	return nil
}

func child(e *markup.Element, local string) *markup.Element {
	for _, c := range e.Children {
		if c.Local == local {
			return c
		}
	}
	return nil
}

// label names a configuration or a set of handlers.
func label(e *markup.Element, outer string) string {
	name := e.Attr("name")
	if name == nil || name.Value == "" {
		return outer
	}
	return strings.TrimPrefix(outer+"/"+name.Value, "/")
}

// realms finds the realm that the app asks tokens for, where there is one alone.
func (r *configReader) realms() {
	var all []*markup.Attr
	r.file.Root.Walk(func(e *markup.Element) {
		if realm := e.Attr("realm"); realm != nil && e.Local == "wsFederation" {
			all = append(all, realm)
		}
	})
	if len(all) == 1 {
		r.realm = all[0]
	}
}

// nothing says why a file has no registry.
func (r *configReader) nothing(name string) spec.Error {
	found := spec.Error{File: name, Line: 1, Column: 1, Cause: "no issuerNameRegistry", Hint: "without one WIF trusts nobody and says ID4175; is it the web.config of the app?"}
	if strings.HasPrefix(r.file.Root.Local, "Entit") && strings.HasSuffix(r.file.Root.Local, "Descriptor") {
		found.Cause, found.Hint = "this is metadata, not the configuration of an app", "the app's file comes first: --check web.config METADATA"
		return found
	}
	r.file.Root.Walk(func(e *markup.Element) {
		source := e.Attr("configSource")
		protected := e.Attr("configProtectionProvider")
		switch {
		case strings.EqualFold(e.Local, "issuerNameRegistry"):
			found.Line, found.Column = r.file.Position(e)
			found.Cause, found.Hint = fmt.Sprintf("%s where issuerNameRegistry is due", e.Local), "case counts"
		case source != nil && strings.Contains(strings.ToLower(e.Local), "identitymodel"):
			found.Line, found.Column = r.file.Position(e)
			found.Hint = fmt.Sprintf("%s is in a file of its own: check %s", e.Local, source.Value)
		case protected != nil && strings.Contains(strings.ToLower(e.Local), "identitymodel"):
			found.Line, found.Column = r.file.Position(e)
			found.Cause, found.Hint = e.Local+" is encrypted", "decrypt a copy: aspnet_regiis -pdf system.identityModel FOLDER"
		}
	})
	return found
}
