package federated

import (
	"context"
	"crypto/sha1" // what people pin
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/beevik/etree"
)

// authenticate returns the name of the user whom a good message signs in. Each
// error is a reason to refuse it.
func (a *App) authenticate(ctx context.Context, text string, sent request) (string, error) {
	m, err := readMessage(a.protocol, text)
	if a.policy.Pick != nil {
		return a.authenticateApart(ctx, m.root, sent, err)
	}
	if err == nil {
		err = m.unambiguous()
	}
	if err != nil {
		return "", err
	}
	response, assertion, err := a.vouched(ctx, m)
	if err != nil {
		return "", err
	}
	if response != nil {
		if err := a.checkResponse(response, sent); err != nil {
			return "", err
		}
	}
	name, err := a.checkAssertion(assertion, sent)
	if err == nil && a.policy.CutName {
		for _, nameID := range find(m.assertion, nsAssertion, "NameID") {
			return textBeforeComment(nameID), nil
		}
	}
	return name, err
}

// vouched returns the assertion as its signature covers it, or as that of the
// response around it does. The response is the signed one where it is signed.
// Every signature that is there must verify, and there must be one.
func (a *App) vouched(ctx context.Context, m message) (response, assertion *etree.Element, err error) {
	response, assertion = m.response, m.assertion
	signed := false
	if m.response != nil && a.wanted(m.response) {
		response, err = a.verify(ctx, m.response)
		switch {
		case errors.Is(err, errUnsigned):
			response = m.response
		case err != nil:
			return nil, nil, err
		default:
			signed = true
			if assertion, err = assertionOf(response); err != nil {
				return nil, nil, err
			}
		}
	}
	if a.wanted(m.assertion) {
		verified, err := a.verify(ctx, m.assertion)
		switch {
		case errors.Is(err, errUnsigned) && signed:
		case err != nil:
			return nil, nil, err
		default:
			assertion = verified
		}
	}
	return response, assertion, nil
}

// wanted reports whether the policy wants the element verified.
func (a *App) wanted(e *etree.Element) bool {
	switch a.policy.Signature {
	case Never:
		return false
	case WhereThereIs:
		return len(children(e, nsSignature, "Signature")) > 0
	default:
		return true
	}
}

// verify verifies an element with the certificates held and, where they fail,
// with those of one newer set.
func (a *App) verify(ctx context.Context, e *etree.Element) (*etree.Element, error) {
	signatures := children(e, nsSignature, "Signature")
	if len(signatures) == 0 {
		return nil, fmt.Errorf("%s is %w", e.Tag, errUnsigned)
	}
	if a.policy.Pinned || a.policy.TrustKeyInfo {
		brought, err := embedded(signatures[0])
		switch {
		case err != nil:
			return nil, err
		case a.policy.Pinned:
			return a.verifyPinned(e, brought)
		case brought != nil:
			return verify(e, []*x509.Certificate{brought})
		}
	}
	return a.withKeys(ctx, func(trusted []*x509.Certificate) (*etree.Element, error) { return verify(e, trusted) })
}

// verifyPinned is what a list of thumbprints makes of a signature: the
// certificate that it brings must be on it.
func (a *App) verifyPinned(e *etree.Element, brought *x509.Certificate) (*etree.Element, error) {
	if brought == nil {
		return nil, errors.New("no certificate in KeyInfo to compare with the pinned thumbprint")
	}
	if got := thumbprint(brought); !strings.EqualFold(got, a.thumbprint) {
		return nil, fmt.Errorf("invalid thumbprint (configured: %s, calculated: %s)", a.thumbprint, got)
	}
	return verify(e, []*x509.Certificate{brought})
}

// thumbprint is the SHA-1 of a certificate as administrators write it.
func thumbprint(c *x509.Certificate) string { return fmt.Sprintf("%X", sha1.Sum(c.Raw)) }

// withKeys calls try with the certificates held and, where it fails, with those
// of newer sets as long as there are any.
func (a *App) withKeys(ctx context.Context, try func([]*x509.Certificate) (*etree.Element, error)) (*etree.Element, error) {
	arrival := a.keys.Fetches()
	set, err := a.keys.Current(ctx)
	if set == nil {
		// A request that arrived while a fetch was failing may try its own.
		if set = a.keys.Newer(ctx, nil, arrival); set == nil {
			return nil, fmt.Errorf("no metadata: %w", errors.Join(err, ctx.Err()))
		}
	}
	for {
		verified, err := try(a.policy.Choose(set.Keys))
		if err == nil {
			return verified, nil
		}
		next := a.keys.Newer(ctx, set, arrival)
		if next == nil {
			return nil, err
		}
		set = next
	}
}
