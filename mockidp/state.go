package mockidp

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rollover-harness/rollover/mockidp/fault"
	"github.com/rollover-harness/rollover/mockidp/federation"
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
	truth    *rendering // what oidc makes of snapshot for the issuer's own tenant
	others   *sync.Map  // what is rendered when first asked for: view -> *later
}

// place is where an issuer is reached.
type place struct {
	profile  profile.Profile
	site     profile.Site
	aliases  []string          // further tenants, all of them views of this issuer
	metadata map[string]string // tenants by the paths of their federation documents, in lower case
	paths    []string          // of the issuer's own federation documents
	minters
	endpoints profile.Endpoints
	doors     map[string]*door
	doorPaths []string // of the issuer's own doors
}

// view tells apart what is rendered.
type view struct {
	tenant     string
	federation bool   // federation's documents: signing them is slow, so they wait until somebody asks
	lies       string // of fault.Plan.ViewKey
}

// later is a rendering that is made when it is first asked for.
type later struct {
	bend keyring.Bend
	make func() (*rendering, error)
}

// rendering is the documents of one snapshot, ready to be written.
type rendering struct {
	generation uint64
	byPath     map[string]*document // by address
	paths      []string
}

// document is a profile.Document with its head ready made, so that a request
// allocates neither.
type document struct {
	profile.Document
	view          view
	address       string
	generation    uint64
	contentType   []string
	contentLength []string
}

func render(p profile.Profile, site profile.Site, v view, s keyring.Snapshot) (*rendering, error) {
	site.Tenant = v.tenant
	documents := oidc.Documents
	if v.federation {
		documents = federation.Documents
	}
	rendered, err := documents(p, site, s)
	if err != nil {
		return nil, fmt.Errorf("render documents: %w", err)
	}
	r := &rendering{generation: s.Generation, byPath: make(map[string]*document, len(rendered))}
	for _, d := range rendered {
		address := d.Path
		if v.federation {
			address = metadataAddress(d.Path, d.Query)
		}
		r.paths = append(r.paths, d.Path)
		r.byPath[address] = &document{d, v, address, s.Generation, []string{d.ContentType}, []string{strconv.Itoa(len(d.Body))}}
	}
	return r, nil
}

// metadataAddress is what federation documents are found by: their paths are
// served in any letter case, and a variant has a name in the query.
func metadataAddress(path, query string) string {
	path = strings.ToLower(path)
	if query != "" {
		path += "?" + query
	}
	return path
}

// newState renders what changed against former, which may be nil.
func newState(at place, s keyring.Snapshot, past fault.Past, faults fault.Table) (*state, error) {
	truth, err := render(at.profile, at.site, view{tenant: at.site.Tenant}, s)
	if err != nil {
		return nil, err
	}
	truth.paths = append(truth.paths, at.paths...)
	return &state{place: at, snapshot: s, past: past, faults: faults, truth: truth, others: new(sync.Map)}, nil
}

// withFaults is the same truth under other faults.
func (st *state) withFaults(faults fault.Table) *state {
	next := *st
	next.faults, next.others = faults, new(sync.Map)
	return &next
}

// locate returns what is at an address: a true document, a sign-in endpoint, or nothing.
func (st *state) locate(at *url.URL) (*document, *door, error) {
	if d := st.truth.byPath[at.Path]; d != nil {
		return d, nil, nil
	}
	if in := st.place.door(at.Path); in != nil {
		return nil, in, nil
	}
	d, err := st.find(at)
	return d, nil, err
}

// find returns the true document at an address, or nil.
func (st *state) find(at *url.URL) (*document, error) {
	if d := st.truth.byPath[at.Path]; d != nil {
		return d, nil
	}
	if tenant, is := st.place.metadata[strings.ToLower(at.Path)]; is {
		r, err := st.render(view{tenant: tenant, federation: true}, st.snapshot)
		if err != nil {
			return nil, err
		}
		return r.variant(at), nil
	}
	tenant := tenantOf(at.Path)
	if slices.Contains(st.place.aliases, tenant) {
		r, err := st.render(view{tenant: tenant}, st.snapshot)
		if err != nil {
			return nil, err
		}
		return r.byPath[at.Path], nil
	}
	return nil, nil
}

// variant returns the federation document that a query asks for.
func (r *rendering) variant(at *url.URL) *document {
	if at.RawQuery != "" {
		for name := range at.Query() {
			if d := r.byPath[metadataAddress(at.Path, name)]; d != nil {
				return d
			}
		}
	}
	return r.byPath[metadataAddress(at.Path, "")]
}

// lie returns what plan makes of the document, or the document where plan does
// not lie about keys. now is the issuer's.
func (st *state) lie(d *document, plan fault.Plan, now func() time.Time) (*document, error) {
	key := plan.ViewKey()
	if key == "" {
		return d, nil
	}
	v := d.view
	v.lies = key
	s := plan.View(st.snapshot, st.past)
	s.Bend.At = now()
	r, err := st.render(v, s)
	if err != nil {
		return nil, err
	}
	return r.byPath[d.address], nil
}

// render renders s once, and anew when what it says of time has grown stale.
func (st *state) render(v view, s keyring.Snapshot) (*rendering, error) {
	known, found := st.others.Load(v)
	if found && !known.(*later).bend.Stale(s.Bend.At) {
		return known.(*later).make()
	}
	next := &later{s.Bend, sync.OnceValues(func() (*rendering, error) {
		return render(st.place.profile, st.place.site, v, s)
	})}
	if !found {
		first, _ := st.others.LoadOrStore(v, next)
		return first.(*later).make()
	}
	if !st.others.CompareAndSwap(v, known, next) {
		return st.render(v, s) // somebody else was faster
	}
	return next.make()
}

// kind is the timeline's word for what is at a path.
func kind(d *document, at *door) timeline.Document {
	switch {
	case d != nil:
		return timeline.Document(d.Kind)
	case at != nil:
		return timeline.SignIn
	}
	return timeline.Other
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
