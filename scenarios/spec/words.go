package spec

import (
	"fmt"
	"reflect"
	"regexp"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// words lists what a member may say, where that is a closed set; nil where it
// is not. Checks and schema are made from it. The words of a Span or an Amount
// stand beside durations and numbers.
func words(t reflect.Type, name string) []string {
	switch name {
	case "apiVersion":
		return []string{APIVersion}
	case "alg":
		return []string{"RS256", "PS256", "ES256", "EdDSA"}
	case "document":
		if typeIs[Fetches](t) {
			return []string{"discovery", "jwks", "federationMetadata", "samlMetadata", fault.Federation}
		}
		return fault.Documents()
	}
	switch {
	case typeIs[Scenario](t):
		return map[string][]string{"profile": Profiles(), "needs": Needs()}[name]
	case typeIs[Key](t):
		return map[string][]string{"state": texts(keyring.Generated, keyring.Published, keyring.Active, keyring.Retired)}[name]
	case typeIs[Present](t):
		return map[string][]string{
			"forge": texts(credential.Forgeries()...), "version": {"v1", "v2"},
			"within": {"promise.recovery", "promise.revocationLag", Patience},
		}[name]
	case typeIs[credential.SAML](t):
		return map[string][]string{
			"version": {"2.0", "1.1"}, "trust": {"2005", "1.3"}, "sign": {"assertion", "response", "both"}, "algorithm": {"rsa-sha256", "rsa-sha1"},
		}[name]
	case typeIs[Wait](t):
		return map[string][]string{"for": {"promise.announcement", "promise.outage", Patience}}[name]
	case typeIs[Accepts](t):
		return map[string][]string{"within": {"promise.recovery"}, "through": {"promise.outage"}, "rejections": {"allowed"}}[name]
	case typeIs[Rejects](t):
		return map[string][]string{"forge": texts(credential.Forgeries()...), "within": {"promise.revocationLag"}}[name]
	case typeIs[Fetches](t):
		return map[string][]string{"atMost": {AmountWord}}[name]
	case typeIs[fault.Extra](t):
		return map[string][]string{"kind": fault.Kinds()}[name]
	case typeIs[fault.Reorder](t):
		return map[string][]string{"order": fault.Orders()}[name]
	case typeIs[Target](t):
		return map[string][]string{"clock": {"libfaketime"}}[name]
	case typeIs[Carry](t):
		return map[string][]string{"as": {"bearer", "oidc-login", "wsfed-login", "saml-login"}, "start": {"app", "issuer"}}[name]
	case typeIs[FileIssuer](t):
		return map[string][]string{"profile": {"generic", "entra", "adfs"}}[name]
	case typeIs[Selection](t):
		return map[string][]string{"profile": Profiles()}[name]
	}
	return nil
}

func texts[S ~string](list ...S) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}

// mayBeEmpty reports whether a member may be the empty text: a body of no
// bytes with status 200 is a fault that happens.
func mayBeEmpty(t reflect.Type, name string) bool {
	return typeIs[fault.Body](t) && name == "text"
}

// forms is the form that a member has, nil where there is none.
func forms(t reflect.Type, name string) *regexp.Regexp {
	if !typeIs[Scenario](t) {
		return nil
	}
	return map[string]*regexp.Regexp{"id": idForm, "name": nameForm}[name]
}

// checkWords walks a value and finds words outside their closed set and
// required members that are empty. given reports whether the value came with
// that path; nil: everything was given. It is the same walk for a decoded file
// and for data built in Go.
func checkWords(v reflect.Value, path string, given func(string) bool) Errors {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return checkWords(v.Elem(), path, given)
	case reflect.Slice:
		var errs Errors
		for i := range v.Len() {
			errs = append(errs, checkWords(v.Index(i), fmt.Sprintf("%s[%d]", path, i), given)...)
		}
		return errs
	case reflect.Struct:
		switch one := v.Interface().(type) {
		case Step:
			if one.Do != nil {
				return checkWords(reflect.ValueOf(one.Do), join(path, one.Do.Verb()), given)
			}
		case Expect:
			if one.Rule != nil {
				return checkWords(reflect.ValueOf(one.Rule), join(path, one.Rule.Rule()), given)
			}
		}
		var errs Errors
		for _, m := range members(v.Type()) {
			field, at := v.FieldByIndex(m.field.Index), join(path, m.name)
			owner := v.FieldByIndex(m.field.Index[:len(m.field.Index)-1]).Type()
			errs = append(errs, checkMember(field, owner, m, at, given)...)
			errs = append(errs, checkWords(field, at, given)...)
		}
		return errs
	}
	return nil
}

// checkMember checks one key of a mapping.
func checkMember(v reflect.Value, owner reflect.Type, m member, path string, given func(string) bool) Errors {
	empty := v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0
	switch k := v.Kind(); {
	case k == reflect.Int, k == reflect.Int64, typeIs[Amount](v.Type()):
		empty = false // zero is a number like any other
	case k == reflect.Struct && !readsText(v.Type()):
		empty = false // its own members say what they miss
	}
	if empty {
		// In a file the decoder has said what is missing; "" is what is left.
		if mayBeEmpty(owner, m.name) {
			return nil
		}
		emptied := given != nil && given(path) && (!m.optional || v.Kind() == reflect.String)
		if emptied || given == nil && !m.optional {
			return Errors{{Path: path, Cause: label(path) + " is empty", Hint: m.doc}}
		}
		return nil
	}
	allowed := words(owner, m.name)
	if allowed == nil {
		return nil
	}
	var errs Errors
	wrong := func(word, path string) {
		for _, a := range allowed {
			if a == word {
				return
			}
		}
		cause, hint := unknownWord(m.name, word, allowed)
		errs = append(errs, Error{Path: path, Cause: cause, Hint: hint})
	}
	switch value := v.Interface().(type) {
	case Span:
		if value.Word != "" {
			wrong(value.Word, path)
		}
	case Amount:
		if value.Word != "" {
			wrong(value.Word, path)
		}
	case []string:
		for i, word := range value {
			wrong(word, fmt.Sprintf("%s[%d]", path, i))
		}
	default:
		wrong(v.String(), path)
	}
	return errs
}
