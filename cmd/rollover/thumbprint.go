package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollover-harness/rollover/scenarios/pin"
	"github.com/rollover-harness/rollover/scenarios/signers"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// thumbprints is the command rollover thumbprint.
type thumbprints struct {
	sh        *shell
	obtainer  obtainer
	check     string
	webConfig bool
	asJSON    bool
	all       bool
	entity    string
	tenants   []string
}

func (sh *shell) thumbprint() *cobra.Command {
	t := &thumbprints{sh: sh, obtainer: obtainer{sh: sh}}
	c := &cobra.Command{
		Use:   "thumbprint URL|FILE",
		Short: "Prints the thumbprints of signing certificates, and checks those that a web.config pins",
		Long: "Reads federation metadata, SAML metadata, a JSON Web Key Set or certificates (PEM, DER, base64), and\n" +
			"prints the thumbprint of every signing certificate in the forms that WIF, K2, the Entra portal,\n" +
			"Windows, openssl and key sets have. - is standard input.\n\n" +
			"  Entra ID   https://login.microsoftonline.com/TENANT/federationmetadata/2007-06/federationmetadata.xml\n" +
			"             with ?appid=APP for an enterprise application with a certificate of its own\n" +
			"  AD FS      https://HOST/FederationMetadata/2007-06/FederationMetadata.xml\n\n" +
			"--check compares what an app pins (web.config, app.config, wif.config) with what is served, by the\n" +
			"rules of ValidatingIssuerNameRegistry and ConfigurationBasedIssuerNameRegistry, and says what fails,\n" +
			"when, with which code, and where in the file the reason is.\n\n" +
			"Exit codes: 0 done, or it fits; 1 it does not fit; 2 usage, or a file that cannot be used; 3 not\n" +
			"everything could be read or compared; 4 the document cannot be had.",
		Example: "  rollover thumbprint https://login.microsoftonline.com/contoso.com/federationmetadata/2007-06/federationmetadata.xml\n" +
			"  rollover thumbprint signing.cer --json | jq -r '.certificates[].sha1'\n" +
			"  rollover thumbprint --web-config metadata.xml\n" +
			"  rollover thumbprint --check web.config https://fs.contoso.com/FederationMetadata/2007-06/FederationMetadata.xml",
		Args: cobra.ExactArgs(1),
		RunE: interruptible(func(ctx context.Context, args []string) error { return t.run(ctx, args[0]) }),
	}
	flags := c.Flags()
	flags.StringVar(&t.check, "check", "", "compare the registry of `WEB.CONFIG` with the document")
	flags.BoolVar(&t.webConfig, "web-config", false, "print the issuerNameRegistry element for ValidatingIssuerNameRegistry")
	flags.StringArrayVar(&t.tenants, "tenant", nil, "with --web-config and the metadata of all tenants: `ID` of a tenant to trust, may be repeated")
	flags.StringVar(&t.entity, "entity", "", "`ENTITYID` to look at, where the metadata has several")
	flags.BoolVar(&t.all, "all", false, "list certificates that only encrypt too")
	flags.BoolVar(&t.asJSON, "json", false, "as JSON")
	t.obtainer.register(flags)
	return c
}

// usable refuses flags that would have no effect.
func (t *thumbprints) usable() error {
	switch {
	case t.check != "" && t.webConfig:
		return usage("either --check or --web-config")
	case t.webConfig && t.asJSON:
		return usage("--web-config prints XML: --json does not go with it")
	case len(t.tenants) > 0 && !t.webConfig:
		return usage("--tenant goes with --web-config")
	case t.all && (t.check != "" || t.webConfig):
		return usage("--all is for the list: only certificates that sign are pinned")
	}
	for _, tenant := range t.tenants {
		if !pin.IsTenant(tenant) {
			return usage("--tenant %q is not the id of a tenant (a GUID: the portal's overview of Entra ID shows it)", tenant)
		}
	}
	return nil
}

func (t *thumbprints) run(ctx context.Context, what string) error {
	if err := t.usable(); err != nil {
		return err
	}
	var config pin.Config
	if t.check != "" {
		var err error
		if config, err = t.config(); err != nil {
			return err
		}
	}
	got, err := t.obtainer.obtain(ctx, what)
	if err != nil {
		return err
	}
	document, err := signers.Read(got.name, got.data)
	if err != nil {
		return got.bad(err)
	}
	for _, p := range slices.Concat(document.Problems, document.Oddities) {
		fmt.Fprintln(t.sh.stderr, "warning:", printable(p.Error()))
	}
	if t.entity != "" {
		if document, err = t.only(document); err != nil {
			return err
		}
	}
	switch {
	case t.check != "":
		err = t.compare(config, document, got)
	case t.webConfig:
		err = t.element(document, got)
	default:
		err = t.list(document, got)
	}
	if err == nil && len(document.Problems) > 0 {
		return &exit{code: codeInconclusive}
	}
	return err
}

// config reads the file of --check.
func (t *thumbprints) config() (pin.Config, error) {
	if strings.Contains(t.check, "://") {
		return pin.Config{}, usage("--check takes the file of the app, %q is an address (the metadata comes behind it)", t.check)
	}
	local := obtainer{sh: t.sh, given: func(string) bool { return false }}
	file, err := local.obtain(context.Background(), t.check)
	if err != nil {
		return pin.Config{}, usage("--check: %w", err)
	}
	return pin.Read(file.name, file.data)
}

// only keeps one entity of metadata.
func (t *thumbprints) only(d signers.Document) (signers.Document, error) {
	var names []string
	for _, e := range d.Entities {
		names = append(names, e.ID)
		if e.ID == t.entity {
			d.Entities = []signers.Entity{e}
			mine := func(p signers.Place) bool { return p.Entity == e.ID }
			var kept []signers.Certificate
			for _, c := range d.Certificates {
				c.Places = slices.DeleteFunc(slices.Clone(c.Places), func(p signers.Place) bool { return !mine(p) })
				if len(c.Places) > 0 {
					kept = append(kept, c)
				}
			}
			d.Certificates = kept
			d.Bare = slices.DeleteFunc(slices.Clone(d.Bare), func(b signers.Bare) bool { return !mine(b.Place) })
			return d, nil
		}
	}
	if len(names) == 0 {
		return d, usage("--entity is for metadata (this is a %s)", d.Kind)
	}
	return d, usage("--entity: no entity %q (%s)", t.entity, printable(spec.DidYouMean(t.entity, names)))
}

// issuer is the entity that signs tokens; it is zero where the document has no
// entities. accepted tells which one an app trusts, where there are several.
func (t *thumbprints) issuer(d signers.Document, accepted func(signers.Entity) bool) (signers.Entity, error) {
	issuers := d.Issuers()
	if len(issuers) > 1 {
		if trusted := slices.DeleteFunc(slices.Clone(issuers), func(e signers.Entity) bool { return !accepted(e) }); len(trusted) > 0 {
			issuers = trusted
		}
	}
	switch {
	case len(d.Entities) == 0, len(issuers) == 1:
		return append(issuers, signers.Entity{})[0], nil
	case len(issuers) == 0:
		var roles []string
		for _, r := range d.Entities[0].Roles {
			roles = append(roles, string(r))
		}
		return signers.Entity{}, fmt.Errorf("no role that signs tokens (it has %s; %s or %s is due: is it the metadata of an app?)",
			strings.Join(append(roles, "none")[:max(1, len(roles))], ", "), signers.TokenService, signers.IdentityRole)
	}
	names := make([]string, 0, len(issuers))
	for _, e := range issuers[:min(len(issuers), 5)] {
		names = append(names, printable(e.ID))
	}
	return signers.Entity{}, fmt.Errorf("%d entities sign tokens: name one with --entity, such as %s", len(issuers), strings.Join(names, ", "))
}

func (t *thumbprints) element(d signers.Document, got obtained) error {
	issuer, err := t.issuer(d, func(signers.Entity) bool { return false })
	if err != nil {
		return got.bad(err)
	}
	if len(t.tenants) > 0 && !issuer.Template() {
		return usage("--tenant is for the metadata of all tenants (this is that of %s)", printable(issuer.ID))
	}
	text, err := pin.Element(pin.Served{Document: d, Entity: issuer, Now: time.Now()}, got.name, t.tenants)
	if err != nil {
		return got.bad(err)
	}
	if issuer.Template() && len(t.tenants) == 0 {
		fmt.Fprintf(t.sh.stderr, "warning: this is the metadata of every tenant: its issuer %s matches no token; name your tenants with --tenant ID\n", printable(issuer.ID))
	}
	if issuer.TokenRole() != signers.TokenService {
		fmt.Fprintf(t.sh.stderr, "warning: the metadata has no role %s: the keys are those of %s\n", signers.TokenService, issuer.TokenRole())
	}
	if _, err := t.sh.stdout.Write(text); err != nil {
		return harness("print issuerNameRegistry: %w", err)
	}
	return nil
}

var errNothing = errors.New("no signing certificate in it")
