package federated

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
)

const (
	fetchTimeout = 2 * time.Second
	bodyLimit    = 1 << 20 // octets, of metadata and of messages
)

// Role is a role that an entity plays in its metadata.
type Role string

// The roles that sign assertions: WS-Federation 1.2 section 3.1.2.1, SAML 2.0
// metadata section 2.4.3.
const (
	SecurityTokenService Role = "SecurityTokenServiceType"
	IdentityProvider     Role = "IDPSSODescriptor"
)

// metadata is what an app takes from an issuer's metadata.
type metadata struct {
	entityID      string
	certificates  []*x509.Certificate // in their order
	cacheDuration *time.Duration      // nil: not stated, or none that can be read
}

// readMetadata reads the metadata of an issuer. Whatever makes the document one
// to leave alone is an error.
func readMetadata(body []byte, entityID string, protocol Protocol, policy Policy, now time.Time) (metadata, error) {
	if mark := []byte("\ufeff"); policy.SkipMark {
		body = bytes.TrimPrefix(body, mark)
	} else if bytes.HasPrefix(body, mark) {
		return metadata{}, errors.New("it begins with what is no XML")
	}
	root, err := parse(body)
	if err != nil {
		return metadata{}, err
	}
	if !is(root, nsMetadata, "EntityDescriptor") && !is(root, nsMetadata, "EntitiesDescriptor") {
		return metadata{}, fmt.Errorf("root is %s", root.Tag)
	}
	if policy.CheckMetadataSignature {
		if repeated := repeatedID(root); repeated != "" {
			return metadata{}, fmt.Errorf("ID %q twice", repeated)
		}
		if root, err = verify(root, signers(root)); err != nil {
			return metadata{}, err
		}
	}
	if first := find(root, nsMetadata, "EntityDescriptor"); policy.AdoptEntityID && len(first) > 0 {
		entityID = first[0].SelectAttrValue("entityID", "")
	}
	entity, err := entityOf(root, entityID)
	if err != nil {
		return metadata{}, err
	}
	if policy.CheckValidity {
		for _, e := range []*etree.Element{root, entity} {
			if err := inForce(e, now); err != nil {
				return metadata{}, err
			}
		}
	}
	for _, role := range policy.Roles(protocol) {
		found := certificatesOf(rolesIn(entity, role))
		if len(found) > 0 {
			return metadata{entityID, found, cacheDuration(entity.SelectAttrValue("cacheDuration", ""))}, nil
		}
	}
	if policy.AcceptNoKeys {
		return metadata{entityID: entityID}, nil
	}
	return metadata{}, fmt.Errorf("no signing certificate of %v", policy.Roles(protocol))
}

// signers are the signing certificates of every role that signs assertions: one
// of them signs the metadata.
func signers(root *etree.Element) []*x509.Certificate {
	var found []*x509.Certificate
	for _, entity := range find(root, nsMetadata, "EntityDescriptor") {
		for _, role := range []Role{SecurityTokenService, IdentityProvider} {
			for _, one := range certificatesOf(rolesIn(entity, role)) {
				if !slices.ContainsFunc(found, one.Equal) {
					found = append(found, one)
				}
			}
		}
	}
	return found
}

// entityOf is the descriptor of the entity of that name.
func entityOf(root *etree.Element, entityID string) (*etree.Element, error) {
	var names []string
	for _, entity := range find(root, nsMetadata, "EntityDescriptor") {
		name := entity.SelectAttrValue("entityID", "")
		if name == entityID {
			return entity, nil
		}
		names = append(names, name)
	}
	return nil, fmt.Errorf("metadata is that of %q, not of %q", names, entityID)
}

// inForce holds a document to its validUntil (SAML 2.0 metadata section 2.3.2).
func inForce(e *etree.Element, now time.Time) error {
	text := e.SelectAttrValue("validUntil", "")
	if text == "" {
		return nil
	}
	until, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return fmt.Errorf("read validUntil: %w", err)
	}
	if !now.Before(until) {
		return fmt.Errorf("metadata was valid until %s", text)
	}
	return nil
}

// seconds is the one form of a duration (XML Schema part 2 section 3.2.6) that is
// read here.
var seconds = regexp.MustCompile(`^PT(\d+(?:\.\d+)?)S$`)

// cacheDuration reads a cacheDuration (SAML 2.0 metadata section 2.3.2).
func cacheDuration(text string) *time.Duration {
	match := seconds.FindStringSubmatch(text)
	if match == nil {
		return nil
	}
	length, err := time.ParseDuration(match[1] + "s")
	if err != nil {
		return nil
	}
	return &length
}

// rolesIn lists the descriptors of a role. The role of a RoleDescriptor is its
// xsi:type; the prefix is not looked up, for exclusive canonicalisation leaves
// out the declaration of one that only a value uses.
func rolesIn(entity *etree.Element, role Role) []*etree.Element {
	if role == IdentityProvider {
		return children(entity, nsMetadata, string(role))
	}
	return slices.DeleteFunc(children(entity, nsMetadata, "RoleDescriptor"), func(e *etree.Element) bool {
		for _, attribute := range e.Attr {
			if attribute.Key == "type" && attribute.NamespaceURI() == nsInstance {
				_, local, prefixed := strings.Cut(attribute.Value, ":")
				return !prefixed || local != string(role)
			}
		}
		return true
	})
}

// certificatesOf reads the certificates of roles that may sign. One that cannot
// be read is left out and takes none of the others with it.
func certificatesOf(roles []*etree.Element) []*x509.Certificate {
	var found []*x509.Certificate
	for _, role := range roles {
		for _, key := range children(role, nsMetadata, "KeyDescriptor") {
			if use := key.SelectAttrValue("use", "signing"); use != "signing" {
				continue
			}
			for _, text := range find(key, nsSignature, "X509Certificate") {
				if one, err := certificate(text); err == nil {
					found = append(found, one)
				}
			}
		}
	}
	return found
}

// fetch gets the body of a document. Anything but a whole answer with status
// 200 is an error.
func fetch(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", url, err)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", url, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch %s: status %d", url, response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, bodyLimit+1))
	if err == nil && len(body) > bodyLimit {
		err = errors.New("too long")
	}
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", url, err)
	}
	return body, nil
}
