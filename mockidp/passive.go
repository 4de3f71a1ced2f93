package mockidp

import (
	"cmp"
	"net/http"

	"github.com/rollover-harness/rollover/mockidp/credential"
	"github.com/rollover-harness/rollover/mockidp/federation"
	"github.com/rollover-harness/rollover/mockidp/signin"
)

// passive is the endpoint of WS-Federation, of SAML 2.0, or of both, as AD FS has
// it: the parameters tell them apart.
func (v *visit) passive() error {
	if err := v.readForm(); err != nil {
		return err
	}
	if v.at.saml2 && (!v.at.wsfed || v.form.Has("SAMLRequest") || !v.form.Has("wa") && signin.UnsolicitedFor(v.form) != "") {
		return v.saml()
	}
	asked, err := signin.ReadWSFed(v.form, v.registered())
	if err != nil {
		return err
	}
	switch asked.Action {
	case signin.SignOut:
		return v.signOut(asked.Reply)
	case signin.SignOutCleanup:
		return v.signOutQuietly()
	}
	s, err := v.session()
	if err != nil {
		return err
	}
	var result string
	err = v.sign(s.request, func(g signing) error {
		var token credential.Token
		to := federation.Recipient{Realm: asked.Realm, Destination: asked.Reply}
		result, token, err = v.at.assertions.WSFed(g.state.snapshot, s.request, g.now, v.issuer.tokenID(), g.stranger, to)
		if err == nil {
			g.record(s, token, g.assertionForm(s.request))
		}
		return err
	})
	if err != nil {
		return err
	}
	v.rememberApp(asked.Reply)
	return v.post(asked.Reply, asked.Fields(result))
}

// assertionForm is how the assertion of a WS-Federation sign-in is written.
func (g signing) assertionForm(r credential.Request) credential.Form {
	choice := r.SAML.Over(g.visit.issuer.config.SAML)
	if cmp.Or(choice.Version, g.state.place.profile.Federation.SAML.Version) == "1.1" {
		return credential.SAML11
	}
	return credential.SAML20
}

// saml answers a service provider by the POST binding (SAML 2.0 profiles sections
// 4.1 and 4.4), whichever way it asked.
func (v *visit) saml() error {
	registered := signin.Registered{Reply: v.registered(), Logout: v.issuer.config.Logout}
	asked, err := signin.ReadSAML(v.form, v.r.Method == http.MethodGet, registered)
	if err != nil {
		return err
	}
	to := federation.Recipient{Realm: asked.Issuer, Destination: asked.Reply, InResponseTo: asked.ID}
	if asked.Logout {
		return v.samlLogout(asked, to)
	}
	s, err := v.session()
	if err != nil {
		return err
	}
	var response string
	err = v.sign(s.request, func(g signing) error {
		var token credential.Token
		response, token, err = v.at.assertions.Response(g.state.snapshot, s.request, g.now, v.issuer.tokenID(), g.stranger, to)
		if err == nil {
			g.record(s, token, credential.SAML20)
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.post(asked.Reply, asked.Fields(response))
}

func (v *visit) samlLogout(asked signin.SAML, to federation.Recipient) error {
	var response string
	err := v.sign(credential.Request{}, func(g signing) (err error) {
		response, err = v.at.assertions.LogoutResponse(g.state.snapshot, g.now, v.issuer.tokenID(), to)
		return err
	})
	if err != nil {
		return err
	}
	v.forgetSession()
	return v.post(asked.Reply, asked.Fields(response))
}
