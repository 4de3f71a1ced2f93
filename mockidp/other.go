package mockidp

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// preflight allows any page to read documents, and to fetch tokens (Fetch, section
// 3.2): single-page apps do that themselves.
func preflight(w http.ResponseWriter, at *door) {
	head := w.Header()
	head.Set("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
	head.Set("Access-Control-Allow-Headers", "*")
	if at != nil {
		head.Set("Access-Control-Allow-Methods", strings.Join(at.methods, ", ")+", OPTIONS")
		head.Set("Access-Control-Allow-Headers", "*, Authorization") // which the star does not cover (Fetch, section 4.8)
	}
	head.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}

// answerOther tells whoever opens the issuer's own address where its documents
// are, and everybody else what there is.
func (st *state) answerOther(w http.ResponseWriter, r *http.Request) {
	if path := strings.Trim(r.URL.Path, "/"); path == "" || path == st.place.site.Tenant {
		e := st.place.endpoints
		w.Header().Set("Content-Type", "application/json")
		writeJSON(w, map[string]any{
			"issuer": e.Issuer, "metadata": e.Metadata, "jwks": e.JWKS, "federationMetadata": e.FederationMetadata,
			"samlMetadata": e.SAMLMetadata, "entityID": e.EntityID, "wsfed": e.WSFed, "saml2": e.SAML2, "warning": Warning,
		})
		return
	}
	problem(w, http.StatusNotFound, "nothing is served here", r.URL.Path, st.serves())
}

// serves lists the paths that there are.
func (st *state) serves() []string {
	return append(slices.Clip(slices.Clone(st.truth.paths)), st.place.doorPaths...)
}

// problem answers with problem details (RFC 9457).
func problem(w http.ResponseWriter, status int, title, detail string, serves []string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	body := map[string]any{"status": status, "title": title, "detail": detail}
	if serves != nil {
		body["serves"] = serves
	}
	writeJSON(w, body)
}

func writeJSON(w http.ResponseWriter, body map[string]any) {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // a client that left is no error of ours
}
