package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/rollover-harness/rollover/scenarios/pin"
	"github.com/rollover-harness/rollover/scenarios/signers"
)

// compare prints what a check came to.
func (t *thumbprints) compare(config pin.Config, d signers.Document, got obtained) error {
	issuer, err := t.issuer(d, func(e signers.Entity) bool {
		return slices.ContainsFunc(config.Registries, func(g pin.Registry) bool { return g.Trusts(e) })
	})
	if err != nil {
		return got.bad(err)
	}
	served := pin.Served{Document: d, Entity: issuer, Now: time.Now()}
	reports := make([]pin.Report, len(config.Registries))
	var text strings.Builder
	for i, g := range config.Registries {
		reports[i] = g.Check(served)
		if i > 0 {
			text.WriteString("\n")
		}
		told(&text, config, g, reports[i])
	}
	if t.asJSON {
		err = t.sh.printJSON(checked(config, reports, issuer, got))
	} else {
		_, err = io.WriteString(t.sh.stdout, text.String())
	}
	if err != nil {
		return harness("print check: %w", err)
	}
	return outcome(reports)
}

// outcome is the exit code of the worst report.
func outcome(reports []pin.Report) error {
	code := 0
	for _, r := range reports {
		switch r.Outcome {
		case pin.FailsNow, pin.WillFail:
			return &exit{code: codeFailed}
		case pin.Unknown:
			code = codeInconclusive
		case pin.Fits:
		}
	}
	if code != 0 {
		return &exit{code: code}
	}
	return nil
}

// told writes the findings, every certificate, and the conclusion.
func told(w io.Writer, config pin.Config, g pin.Registry, r pin.Report) {
	for _, f := range r.Findings {
		fmt.Fprintln(w, printable(f.Format(config.Name)))
	}
	if len(r.Findings) > 0 {
		fmt.Fprintln(w)
	}
	if len(r.Rows) > 0 {
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "SHA-1\tPINNED\tSERVED\tTOKENS\tNOT AFTER")
		for _, row := range r.Rows {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", row.Thumbprint, lines(row.PinnedAt), yes(row.Served, row.Signs), tokens(row), end(row.NotAfter))
		}
		_ = table.Flush() // what is below it takes everything
		fmt.Fprintln(w)
	}
	name := config.Name
	if len(config.Registries) > 1 {
		name = fmt.Sprintf("%s:%d", name, g.Line)
		if g.Of != "" {
			name += " (" + printable(g.Of) + ")"
		}
	}
	fmt.Fprintf(w, "%s %s\n", name, printable(r.Summary))
}

func lines(at []int) string {
	if len(at) == 0 {
		return "no"
	}
	all := make([]string, len(at))
	for i, n := range at {
		all[i] = fmt.Sprint(n)
	}
	return "line " + strings.Join(all, ", ")
}

func yes(served, signs bool) string {
	switch {
	case signs:
		return "yes, signs"
	case served:
		return "yes"
	}
	return "no"
}

func tokens(row pin.Row) string {
	if row.Accepted {
		return "accepted"
	}
	return "refused"
}

func end(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return date(at)
}

// jsonCheck is the check for machines.
type jsonCheck struct {
	Outcome    pin.Outcome    `json:"outcome"` // of the worst registry
	Config     string         `json:"config"`
	Source     string         `json:"source"`
	EntityID   string         `json:"entityID,omitempty"`
	Registries []jsonRegistry `json:"registries"`
}

type jsonRegistry struct {
	Line         int           `json:"line"`
	Type         string        `json:"type"`
	Of           string        `json:"of,omitempty"`
	Outcome      pin.Outcome   `json:"outcome"`
	Summary      string        `json:"summary"`
	Findings     []pin.Finding `json:"findings"`
	Certificates []pin.Row     `json:"certificates"`
}

func checked(config pin.Config, reports []pin.Report, issuer signers.Entity, got obtained) jsonCheck {
	c := jsonCheck{Config: config.Name, Source: got.name, EntityID: issuer.ID}
	order := []pin.Outcome{pin.FailsNow, pin.WillFail, pin.Unknown, pin.Fits}
	worst := len(order) - 1
	for i, g := range config.Registries {
		r := reports[i]
		worst = min(worst, slices.Index(order, r.Outcome))
		c.Registries = append(c.Registries, jsonRegistry{
			Line: g.Line, Type: g.Type, Of: g.Of, Outcome: r.Outcome, Summary: r.Summary,
			Findings: append([]pin.Finding{}, r.Findings...), Certificates: append([]pin.Row{}, r.Rows...),
		})
	}
	c.Outcome = order[worst]
	return c
}
