package fault

import (
	"reflect"
	"slices"
	"strings"
)

// signIn stands for every endpoint at which people sign in.
const signIn = "signIn"

// Documents lists what a rule's Document may name.
func Documents() []string {
	return []string{"discovery", "jwks", "federationMetadata", "samlMetadata", Federation, signIn}
}

// Federation stands for both metadata documents of the federation half: an app
// fetches one of them, and a scenario does not know which.
const Federation = "federation"

// Concerns reports whether a document is meant where a rule names word.
func Concerns(word, document string) bool {
	return word == document || word == Federation && (document == "federationMetadata" || document == "samlMetadata")
}

// Orders lists what a Reorder may name.
func Orders() []string { return []string{"reverse", "newest-first", "oldest-first"} }

// Kinds lists what an Extra may name.
func Kinds() []string {
	return []string{"unknown-kty", "post-quantum", "unknown-curve", "missing-member", "bad-base64", "null", "no-kid", "encryption", "symmetric"}
}

// Effect names what the rule does: the JSON member that is set.
func (r Rule) Effect() string {
	if set := r.effects(); len(set) == 1 {
		return set[0]
	}
	return ""
}

// effects are the JSON names of the pointer members that are set.
func (r Rule) effects() []string {
	var set []string
	v := reflect.ValueOf(r)
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Pointer && !f.IsNil() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			set = append(set, name)
		}
	}
	return set
}

// Validate checks that the rule says exactly one thing and says it well.
func (r Rule) Validate() error {
	switch set := r.effects(); {
	case len(set) == 0:
		return invalid("nothing goes wrong in it: give one of status, refuse, hang, delay, drip, truncate, contentType, html, body, cache, empty, stale, replicas, extra, reorder, metadata")
	case len(set) > 1:
		return invalid("%s in one fault: set one fault for each", strings.Join(set, " and "))
	}
	if r.Document != "" && !slices.Contains(Documents(), r.Document) {
		return invalid("unknown document %q (one of %s)", r.Document, strings.Join(Documents(), ", "))
	}
	if err := r.validateDocument(); err != nil {
		return err
	}
	if r.After < 0 || r.Count < 0 || r.For < 0 {
		return invalid("after, count and for are not negative")
	}
	switch {
	case r.Status != nil && (r.Status.Code < 300 || r.Status.Code > 599):
		return invalid("status code %d is not in 300 to 599", r.Status.Code)
	case r.Status != nil && r.Status.RetryAfter < 0:
		return invalid("retryAfter is not negative")
	case r.Delay != nil && r.Delay.By <= 0:
		return invalid("delay needs a duration above zero in by")
	case r.Drip != nil && (r.Drip.Bytes < 0 || r.Drip.Every < 0):
		return invalid("drip: bytes and every are not negative")
	case r.Truncate != nil && r.Truncate.After < 0:
		return invalid("truncate: after is not negative")
	case r.ContentType != nil && r.ContentType.Type == "":
		return invalid("contentType needs a type")
	case r.Cache != nil && *r.Cache == Cache{}:
		return invalid("cache needs control, expires or age")
	case r.Cache != nil && r.Cache.Age < 0:
		return invalid("cache: age is not negative")
	case r.Stale != nil && r.Stale.Generations < 0:
		return invalid("stale: generations is not negative")
	case r.Replicas != nil && len(r.Replicas.Keys) == 0:
		return invalid("replicas needs at least one list of keys")
	case r.Extra != nil && (r.Extra.Kind == "") == (r.Extra.JWK == ""):
		return invalid("extra needs either a kind or a jwk")
	case r.Extra != nil && r.Extra.Kind != "" && !slices.Contains(Kinds(), r.Extra.Kind):
		return invalid("unknown kind %q (one of %s)", r.Extra.Kind, strings.Join(Kinds(), ", "))
	case r.Reorder != nil && !slices.Contains(Orders(), r.Reorder.Order):
		return invalid("unknown order %q (one of %s)", r.Reorder.Order, strings.Join(Orders(), ", "))
	case r.Metadata != nil:
		return r.Metadata.validate()
	case r.Refuse != nil && (r.After > 0 || r.Count > 0) && r.Document == "":
		return invalid("a closed listener sees no requests to count: give refuse a for, or a document")
	}
	return nil
}

// validateDocument checks that the document has what the rule changes.
func (r Rule) validateDocument() error {
	federation := Concerns(r.Document, "federationMetadata") || Concerns(r.Document, "samlMetadata")
	switch {
	case r.Document == "":
	case r.Document == signIn && r.views():
		return invalid("%s changes documents, and signing in is none: name another document or leave it out", r.Effect())
	case !federation && r.Metadata != nil:
		return invalid("metadata bends federationMetadata and samlMetadata: name one of them, federation for both, or leave the document out")
	case r.Document == "discovery" && r.views() && r.Stale == nil:
		return invalid("%s changes keys, and the discovery document has none: name another document or leave it out", r.Effect())
	case federation && r.Extra != nil:
		return invalid("extra is an entry of a key set, and metadata has certificates: metadata with extraKey, encryptionKey or badCertificate is its like")
	}
	return nil
}
