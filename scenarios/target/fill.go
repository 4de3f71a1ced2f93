package target

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// PortPlaceholder stands for the port that the app has to listen on.
const PortPlaceholder = "${port}"

// placeholder finds what looks like one.
var placeholder = regexp.MustCompile(`\$\{[^}]*\}`)

// Own is what an app has to know of itself.
type Own struct {
	Port int    // that it has to listen on
	URL  string // at which it is reached, without a path
}

// Fill replaces each ${name} in text by what an app has to know of its issuer
// and of itself. An unknown name is an error, so that a misspelt one is
// not passed on to the app; $name without braces is left to the app's shell.
func (e Environment) Fill(text string, own Own) (string, error) {
	var unknown []string
	filled := placeholder.ReplaceAllStringFunc(text, func(match string) string {
		switch match {
		case "${issuer}":
			return e.Issuer
		case "${metadata}":
			return e.Metadata
		case "${jwks}":
			return e.JWKS
		case "${federationMetadata}":
			return e.FederationMetadata
		case "${samlMetadata}":
			return e.SAMLMetadata
		case "${entityID}":
			return e.EntityID
		case "${wsfed}":
			return e.WSFed
		case "${saml2}":
			return e.SAML2
		case "${thumbprint}":
			return first(e.Thumbprints)
		case "${thumbprints}":
			return strings.Join(e.Thumbprints, ",")
		case "${certificate}":
			return first(e.Certificates)
		case "${certificates}":
			return strings.Join(e.Certificates, ",")
		case "${audience}":
			return e.Audience
		case "${ca}":
			return e.CA
		case "${url}":
			return own.URL
		case PortPlaceholder:
			return strconv.Itoa(own.Port)
		}
		unknown = append(unknown, match)
		return match
	})
	if len(unknown) > 0 {
		return "", fmt.Errorf("fill in %q: unknown placeholder %s (issuer, metadata, jwks, federationMetadata, samlMetadata, entityID, wsfed, saml2, thumbprint, thumbprints, certificate, certificates, audience, port, url or ca)",
			text, strings.Join(unknown, ", "))
	}
	return filled, nil
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
