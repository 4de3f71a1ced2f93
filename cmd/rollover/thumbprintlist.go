package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/rollover-harness/rollover/scenarios/signers"
)

// list prints the certificates of a document: a row for each, then its forms.
func (t *thumbprints) list(d signers.Document, got obtained) error {
	certificates := d.Certificates
	if !t.all {
		certificates = d.Signing()
	}
	slices.SortStableFunc(certificates, func(a, b signers.Certificate) int {
		if c := a.NotBefore.Compare(b.NotBefore); c != 0 {
			return c
		}
		return strings.Compare(a.SHA1.Hex(), b.SHA1.Hex())
	})
	left := len(d.Certificates) - len(certificates)
	if len(certificates)+len(d.Bare) == 0 {
		if left > 0 {
			return got.bad(fmt.Errorf("%s: %w (%s that encrypt: --all lists them)", got.name, errNothing, count(left, "certificate")))
		}
		return got.bad(fmt.Errorf("%s: %w", got.name, errNothing))
	}
	if t.asJSON {
		return t.sh.printJSON(listed(d, certificates, got))
	}
	if left > 0 {
		fmt.Fprintf(t.sh.stderr, "%s that only encrypt left out: --all lists them\n", count(left, "certificate"))
	}
	var text strings.Builder
	rows(&text, d, certificates)
	for _, c := range certificates {
		forms(&text, d, c)
	}
	bare(&text, d.Bare)
	if _, err := io.WriteString(t.sh.stdout, text.String()); err != nil {
		return harness("print thumbprints: %w", err)
	}
	return nil
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// rows writes one for each certificate.
func rows(w io.Writer, d signers.Document, certificates []signers.Certificate) {
	for _, e := range d.Entities {
		if len(d.Entities) > 1 && len(d.Issuers()) > 0 && e.TokenRole() == "" {
			continue // the apps of an aggregate
		}
		fmt.Fprintf(w, "%s of %s, %s\n", d.Kind, printable(e.ID), signature(e))
	}
	if len(certificates) == 0 {
		return
	}
	last := "ROLES"
	switch d.Kind {
	case signers.KeySet:
		last = "KID"
	case signers.Certificates:
		last = "SUBJECT"
	case signers.FederationMetadata, signers.SAMLMetadata:
	}
	if len(d.Entities) > 0 {
		fmt.Fprintln(w)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "SHA-1\tNOT BEFORE\tNOT AFTER\tSTATE\tUSE\t%s\n", last)
	for _, c := range certificates {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", c.SHA1.Hex(), date(c.NotBefore), date(c.NotAfter), state(d, c, time.Now()), strings.Join(uses(c), "+"), whose(d.Kind, c))
	}
	_ = table.Flush() // what is below it takes everything
}

func signature(e signers.Entity) string {
	switch {
	case !e.Signed:
		return "not signed"
	case e.SignedBy == "":
		return "signed; by which certificate it does not say"
	}
	return "signed by " + e.SignedBy
}

func date(at time.Time) string { return at.UTC().Format(time.DateOnly) }

// state says what a certificate does, or why it should not.
func state(d signers.Document, c signers.Certificate, now time.Time) string {
	var all []string
	if slices.ContainsFunc(d.Entities, func(e signers.Entity) bool { return e.SignedBy == c.SHA1.Hex() }) {
		all = append(all, "signs metadata")
	}
	switch {
	case now.After(c.NotAfter):
		all = append(all, "ended")
	case now.Before(c.NotBefore):
		all = append(all, "not begun")
	case len(all) == 0:
		return "valid"
	}
	return strings.Join(all, ", ")
}

// uses are what a certificate is published for; without a use it is for both.
func uses(c signers.Certificate) []string {
	return distinct(c, func(p signers.Place) string {
		if p.Use == "" {
			return "any"
		}
		return p.Use
	})
}

// whose is where a certificate stands, or whom it is about.
func whose(kind signers.Kind, c signers.Certificate) string {
	switch kind {
	case signers.KeySet:
		return strings.Join(distinct(c, func(p signers.Place) string { return p.KeyID }), ", ")
	case signers.Certificates:
		return printable(c.Subject)
	case signers.FederationMetadata, signers.SAMLMetadata:
	}
	return strings.Join(roles(c), ", ")
}

func roles(c signers.Certificate) []string {
	return distinct(c, func(p signers.Place) string { return string(p.Role) })
}

// distinct are the words of a certificate's places, each once, in order.
func distinct(c signers.Certificate, word func(signers.Place) string) []string {
	all := []string{}
	for _, p := range c.Places {
		if w := printable(word(p)); w != "" && !slices.Contains(all, w) {
			all = append(all, w)
		}
	}
	return all
}

// forms writes a certificate's thumbprints as people meet them.
func forms(w io.Writer, d signers.Document, c signers.Certificate) {
	fmt.Fprintf(w, "\n%s\n", c.SHA1.Hex())
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "  %-16s %s\n", name, value)
		}
	}
	line("subject", printable(c.Subject))
	if !c.SelfSigned() {
		line("issuer", printable(c.Issuer))
	}
	line("valid", c.NotBefore.UTC().Format(time.RFC3339)+" to "+c.NotAfter.UTC().Format(time.RFC3339))
	if len(d.Entities) > 1 {
		line("of", strings.Join(distinct(c, func(p signers.Place) string { return p.Entity }), ", "))
	}
	line("SHA-1, Windows", c.SHA1.Spaced())
	line("SHA-1, openssl", c.SHA1.Colons())
	line("x5t, kid", c.SHA1.Base64URL())
	line("SHA-256", c.SHA256.Hex())
	line("x5t#S256", c.SHA256.Base64URL())
}

// bare lists keys without a certificate.
func bare(w io.Writer, keys []signers.Bare) {
	if len(keys) == 0 {
		return
	}
	if w, is := w.(*strings.Builder); is && w.Len() > 0 {
		w.WriteString("\n")
	}
	fmt.Fprintf(w, "%s without a certificate, so without a thumbprint:\n", count(len(keys), "key"))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	dash := func(text string) string {
		if text == "" {
			return "-"
		}
		return printable(text)
	}
	for _, k := range keys {
		what := dash(k.Type)
		if k.Role != "" {
			what = string(k.Role)
		}
		fmt.Fprintf(table, "  kid %s\t%s\t%s\t%s\n", dash(k.KeyID), what, dash(k.Alg), dash(k.Use))
	}
	_ = table.Flush()
}
