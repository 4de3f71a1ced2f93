package pin

import (
	"regexp"
	"slices"
	"strings"

	"github.com/rollover-harness/rollover/scenarios/signers"
)

// accepts reports whether a valid issuer is that of an entity's tokens. Every
// character counts. Where the entity stands for all tenants of Entra ID, it is
// the issuer of one of them.
func accepts(issuer string, entity signers.Entity) bool {
	if !entity.Template() {
		return issuer == entity.ID
	}
	tenant := guid.FindString(issuer)
	return tenant != "" && issuer == entity.Of(tenant)
}

var guid = regexp.MustCompile(`(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// Trusts reports whether the registry takes tokens of an entity, whatever the key.
func (g Registry) Trusts(e signers.Entity) bool {
	return slices.ContainsFunc(g.Authorities, func(a Authority) bool {
		return slices.ContainsFunc(a.Issuers, func(t Text) bool { return accepts(t.Value, e) })
	})
}

// difference says why an issuer that looks like the served one is another, and
// at which character; empty where they have nothing to do with each other.
func difference(issuer string, entity signers.Entity) (what string, index int) {
	if entity.Template() && strings.EqualFold(issuer, entity.ID) {
		return "is the placeholder for every tenant, and tokens name the tenant", len([]rune(issuer[:strings.Index(issuer, "{")]))
	}
	served := entity.ID
	if entity.Template() {
		tenant := guid.FindString(issuer)
		if tenant == "" {
			return "", 0
		}
		served = entity.Of(tenant)
	}
	if !strings.EqualFold(bare(issuer), bare(served)) {
		if t := guid.FindString(served); t != "" && strings.EqualFold(guid.FindString(issuer), t) {
			return "names the same tenant, but not as its WS-Federation and SAML tokens do", 0
		}
		return "", 0
	}
	var all []string
	index = -1
	add := func(at int, text string) {
		all = append(all, text)
		if index < 0 || at < index {
			index = at
		}
	}
	if at := unseen(issuer); at >= 0 {
		add(at, "has "+character([]rune(issuer)[at])+" in it")
	}
	seen := visible(issuer)
	if at := firstDifference(strings.TrimRight(seen, "/"), strings.TrimRight(served, "/")); at >= 0 {
		text := "differs in upper and lower case"
		if strings.HasPrefix(served, "https:") != strings.HasPrefix(seen, "https:") {
			text = "begins with " + scheme(seen) + " and not with " + scheme(served)
		}
		add(at, text)
	}
	switch has, wants := slashes(seen), slashes(served); {
	case has < wants:
		add(len([]rune(issuer)), "ends without the slash")
	case has > wants:
		add(len([]rune(issuer))-1, "ends with a slash too many")
	}
	return strings.Join(all, " and "), max(index, 0)
}

// slashes is how many there are at the end.
func slashes(issuer string) int { return len(issuer) - len(strings.TrimRight(issuer, "/")) }

func scheme(address string) string {
	name, _, _ := strings.Cut(address, ":")
	return name
}

// bare is an issuer without what people overlook.
func bare(issuer string) string {
	issuer = strings.TrimRight(visible(issuer), "/")
	_, rest, found := strings.Cut(issuer, "://")
	if !found {
		return issuer
	}
	return rest
}

// firstDifference is the index of the first character that differs, -1 where none does.
func firstDifference(a, b string) int {
	x, y := []rune(a), []rune(b)
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return i
		}
	}
	if len(x) != len(y) {
		return min(len(x), len(y))
	}
	return -1
}
