package federated

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/beevik/etree"
)

// leeway is how far the issuer's clock may be off.
const leeway = time.Minute

const (
	statusSuccess = "urn:oasis:names:tc:SAML:2.0:status:Success"
	methodBearer  = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
)

// request is what the app sent the browser to the issuer with.
type request struct {
	id    string // ID of the AuthnRequest, wctx in WS-Federation
	reply string // address of the app that the answer must come to
}

// checkResponse checks what SAML 2.0 profiles section 4.1.4.3 asks of a Response.
func (a *App) checkResponse(response *etree.Element, sent request) error {
	status, err := only(response, nsProtocol, "Status")
	if err != nil {
		return err
	}
	code, err := only(status, nsProtocol, "StatusCode")
	if err != nil {
		return err
	}
	if value := code.SelectAttrValue("Value", ""); value != statusSuccess {
		return fmt.Errorf("status of the Response is %s", value)
	}
	if to := response.SelectAttrValue("Destination", sent.reply); to != sent.reply {
		return fmt.Errorf("Response is for %s", to)
	}
	if id := response.SelectAttrValue("InResponseTo", ""); id != sent.id {
		return fmt.Errorf("Response answers request %q, sent was %q", id, sent.id)
	}
	for _, issuer := range children(response, nsAssertion, "Issuer") {
		if name := wholeText(issuer); name != a.issuer() {
			return fmt.Errorf("Response is of %q", name)
		}
	}
	return nil
}

// checkAssertion checks an assertion that somebody vouched for, and returns the
// name in it (SAML 2.0 core sections 2.3 to 2.5).
func (a *App) checkAssertion(assertion *etree.Element, sent request) (string, error) {
	if version := assertion.SelectAttrValue("Version", ""); version != "2.0" {
		return "", fmt.Errorf("assertion is of version %q", version)
	}
	issuer, err := only(assertion, nsAssertion, "Issuer")
	if err != nil {
		return "", err
	}
	if name := wholeText(issuer); name != a.issuer() {
		return "", fmt.Errorf("assertion is of %q, trusted is %q", name, a.issuer())
	}
	conditions, err := only(assertion, nsAssertion, "Conditions")
	if err != nil {
		return "", err
	}
	if err := a.checkConditions(conditions); err != nil {
		return "", err
	}
	subject, err := only(assertion, nsAssertion, "Subject")
	if err != nil {
		return "", err
	}
	if err := a.checkSubject(subject, sent); err != nil {
		return "", err
	}
	nameID, err := only(subject, nsAssertion, "NameID")
	if err != nil {
		return "", err
	}
	name := wholeText(nameID)
	if name == "" {
		return "", errors.New("assertion names nobody")
	}
	return name, nil
}

func (a *App) checkConditions(conditions *etree.Element) error {
	if err := a.checkTimes(conditions, true); err != nil {
		return err
	}
	if !a.policy.CheckAudience {
		return nil
	}
	// Each restriction must hold by itself (SAML 2.0 core section 2.5.1.4).
	restrictions := children(conditions, nsAssertion, "AudienceRestriction")
	if len(restrictions) == 0 {
		return errors.New("assertion is for no audience")
	}
	for _, restriction := range restrictions {
		var audiences []string
		for _, audience := range children(restriction, nsAssertion, "Audience") {
			audiences = append(audiences, wholeText(audience))
		}
		if !slices.Contains(audiences, a.realm) {
			return fmt.Errorf("assertion is for %q", audiences)
		}
	}
	return nil
}

// checkSubject wants one confirmation as bearer that holds. In SAML 2.0 it names
// the app's address and request (SAML 2.0 profiles section 4.1.4.2); in
// WS-Federation nothing of the kind is sent, and what is must fit all the same.
func (a *App) checkSubject(subject *etree.Element, sent request) error {
	err := errors.New("assertion's subject is not confirmed as bearer")
	for _, confirmation := range children(subject, nsAssertion, "SubjectConfirmation") {
		if confirmation.SelectAttrValue("Method", "") != methodBearer {
			continue
		}
		if err = a.checkConfirmation(confirmation, sent); err == nil {
			return nil
		}
	}
	return err
}

func (a *App) checkConfirmation(confirmation *etree.Element, sent request) error {
	data := children(confirmation, nsAssertion, "SubjectConfirmationData")
	if len(data) == 0 && a.protocol == WSFederation {
		return nil
	}
	if len(data) != 1 {
		return fmt.Errorf("%d of SubjectConfirmationData", len(data))
	}
	if a.protocol == SAML {
		if to := data[0].SelectAttrValue("Recipient", ""); to != sent.reply {
			return fmt.Errorf("assertion is for %q, not for %s", to, sent.reply)
		}
		if id := data[0].SelectAttrValue("InResponseTo", ""); id != sent.id {
			return fmt.Errorf("assertion answers request %q, sent was %q", id, sent.id)
		}
	}
	return a.checkTimes(data[0], a.protocol == SAML)
}

// checkTimes holds an element to its NotBefore and NotOnOrAfter; the latter has
// to be there where it ends.
func (a *App) checkTimes(e *etree.Element, ends bool) error {
	if !a.policy.CheckTimes {
		return nil
	}
	from, until := e.SelectAttrValue("NotBefore", ""), e.SelectAttrValue("NotOnOrAfter", "")
	if until == "" && ends {
		return fmt.Errorf("%s has no NotOnOrAfter", e.Tag)
	}
	now := a.now()
	if at, err := timeOf(from); err != nil || now.Add(leeway).Before(at) {
		return fmt.Errorf("%s is valid from %q only", e.Tag, from)
	}
	if at, err := timeOf(until); err != nil || until != "" && !now.Add(-leeway).Before(at) {
		return fmt.Errorf("%s was valid until %q", e.Tag, until)
	}
	return nil
}

// timeOf reads a time, the zero one where none is given.
func timeOf(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339Nano, text)
}
