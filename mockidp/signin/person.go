package signin

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// Person are the claims about a person that a JWT has. The name is the subject, as
// in ID tokens, and so is the email where the token has none. Nil where it is no
// JWT or has no subject. Nothing is verified.
func Person(token string) map[string]any {
	claims := payload(token)
	subject, _ := claims["sub"].(string)
	if subject == "" {
		return nil
	}
	person := map[string]any{"sub": subject, "name": subject, "email": subject}
	for _, name := range []string{"email", "preferred_username", "upn", "unique_name", "oid", "given_name", "family_name"} {
		if value, has := claims[name]; has {
			person[name] = value
		}
	}
	return person
}

// payload reads the claims of a JWT in compact form; nil where it is none.
func payload(token string) map[string]any {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims map[string]any
	if err != nil || json.Unmarshal(text, &claims) != nil {
		return nil
	}
	return claims
}
