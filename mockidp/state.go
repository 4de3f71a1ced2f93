package mockidp

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/keyring"
	"github.com/rollover-harness/rollover/mockidp/oidc"
	"github.com/rollover-harness/rollover/mockidp/profile"
	"github.com/rollover-harness/rollover/mockidp/timeline"
)

// pastKept is how many earlier generations a stale document can be of.
const pastKept = 64

// state is everything that a request depends on. It is immutable: a request
// loads it once and sees one generation, however long it takes.
type state struct {
	place    place
	snapshot keyring.Snapshot
	past     fault.Past
	faults   fault.Table
	truth    *rendering // of snapshot, for the issuer's own tenant
	others   *sync.Map  // what is rendered when first asked for: string -> func() (*rendering, error)
}

// place is where an issuer is reached.
type place struct {
	profile   profile.Profile
	site      profile.Site
	aliases   []string // further tenants, all of them views of this issuer
	minter    *oidc.Minter
	endpoints profile.Endpoints
}

// rendering is the documents of one snapshot, ready to be written.
type rendering struct {
	generation uint64
	byPath     map[string]*document
	paths      []string
}

// document is an profile.Document with its head ready made, so that a request
// allocates neither.
type document struct {
	profile.Document
	generation    uint64
	contentType   []string
	contentLength []string
}

func render(p profile.Profile, site profile.Site, s keyring.Snapshot) (*rendering, error) {
	documents, err := oidc.Documents(p, site, s)
	if err != nil {
		return nil, fmt.Errorf("render documents: %w", err)
	}
	r := &rendering{generation: s.Generation, byPath: make(map[string]*document, len(documents))}
	for _, d := range documents {
		r.paths = append(r.paths, d.Path)
		r.byPath[d.Path] = &document{d, s.Generation, []string{d.ContentType}, []string{strconv.Itoa(len(d.Body))}}
	}
	return r, nil
}

// newState renders what changed against former, which may be nil.
func newState(at place, s keyring.Snapshot, past fault.Past, faults fault.Table) (*state, error) {
	truth, err := render(at.profile, at.site, s)
	if err != nil {
		return nil, err
	}
	return &state{place: at, snapshot: s, past: past, faults: faults, truth: truth, others: new(sync.Map)}, nil
}

// withFaults is the same truth under other faults.
func (st *state) withFaults(faults fault.Table) *state {
	next := *st
	next.faults, next.others = faults, new(sync.Map)
	return &next
}

// find returns the true document at path, or nil.
func (st *state) find(path string) (*document, error) {
	if d := st.truth.byPath[path]; d != nil {
		return d, nil
	}
	tenant := tenantOf(path)
	for _, alias := range st.place.aliases {
		if alias == tenant {
			r, err := st.render(alias, "", st.snapshot)
			if err != nil {
				return nil, err
			}
			return r.byPath[path], nil
		}
	}
	return nil, nil
}

// lie returns what plan makes of the document, or the document where plan does
// not lie about keys.
func (st *state) lie(d *document, plan fault.Plan) (*document, error) {
	key := plan.ViewKey()
	if key == "" {
		return d, nil
	}
	tenant := st.place.site.Tenant
	if t := tenantOf(d.Path); st.truth.byPath[d.Path] == nil {
		tenant = t
	}
	r, err := st.render(tenant, key, plan.View(st.snapshot, st.past))
	if err != nil {
		return nil, err
	}
	return r.byPath[d.Path], nil
}

// render renders s for a tenant once; view tells apart what was made of the snapshot.
func (st *state) render(tenant, view string, s keyring.Snapshot) (*rendering, error) {
	once, _ := st.others.LoadOrStore(tenant+"\n"+view, sync.OnceValues(func() (*rendering, error) {
		site := st.place.site
		site.Tenant = tenant
		return render(st.place.profile, site, s)
	}))
	return once.(func() (*rendering, error))()
}

// kind is the timeline's word for what is at a path.
func (d *document) kind() timeline.Document {
	if d == nil {
		return timeline.Other
	}
	return timeline.Document(d.Kind)
}

// tenantOf is the path segment that tells issuers apart: the first one, or for
// well-known addresses the one after the suffix (RFC 8414 section 3.1).
func tenantOf(path string) string {
	rest, wellKnown := strings.CutPrefix(path, "/.well-known/")
	if wellKnown {
		_, rest, _ = strings.Cut(rest, "/")
	} else {
		rest = strings.TrimPrefix(rest, "/")
	}
	segment, _, _ := strings.Cut(rest, "/")
	return segment
}
