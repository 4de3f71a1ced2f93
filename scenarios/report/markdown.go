package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/rollover-harness/rollover/scenarios/oracle"
)

// Markdown writes the report for pages and pull requests, in GitHub's dialect.
func Markdown(w io.Writer, r Run) error {
	setting, err := r.setting()
	if err != nil {
		return fmt.Errorf("write Markdown report: %w", err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Rollover report: %s\n\n", escape(r.Target.Name))
	fmt.Fprintf(&b, "**%s** in %.1f s\n\n", r.Summary(), r.Seconds)
	fmt.Fprintf(&b, "%s; started %s\n", escape(setting), r.StartedAt.UTC().Format("2006-01-02 15:04:05 UTC"))
	verdicts := r.ordered()
	if len(verdicts) > 0 {
		b.WriteString("\n| id | scenario | outcome | grade | rejected good | accepted bad | recovery s | lag s | fetches jwks |\n")
		b.WriteString("|---|---|---|---|--:|--:|--:|--:|--:|\n")
	}
	for _, v := range verdicts {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(markdownRow(v), " | "))
	}
	for _, v := range verdicts {
		if telling(v) {
			r.markdownTell(&b, v)
		}
	}
	markdownUnjudged(&b, verdicts)
	if r.Reproduce != "" {
		fmt.Fprintf(&b, "\n## Reproduce\n\n```sh\n%s\n```\n", clean(r.Reproduce+" "+r.Chosen))
	}
	return send(w, "Markdown report", b.String())
}

func markdownRow(v oracle.Verdict) []string {
	outcome := string(v.Outcome)
	if v.Outcome == oracle.Fail {
		outcome = "**fail**"
	}
	row := []string{escape(v.ID), escape(v.Name), outcome}
	if v.Outcome == oracle.NotApplicable && v.Seconds == 0 {
		return append(row, "-", "-", "-", "-", "-", "-") // nothing was presented, so nothing was counted
	}
	m := v.Measures
	return append(row, orDash(string(v.Grade)), strconv.Itoa(m.RejectedGood), strconv.Itoa(m.AcceptedBad),
		exact(m.RecoverySeconds), exact(m.RevocationLagSeconds), strconv.Itoa(m.Fetches.JWKS))
}

// markdownTell writes findings, diagnosis and the way to see it again.
func (r Run) markdownTell(b *strings.Builder, v oracle.Verdict) {
	fmt.Fprintf(b, "\n## %s %s: %s\n", escape(v.ID), escape(v.Name), v.Outcome)
	if v.Title != "" {
		fmt.Fprintf(b, "\n%s\n", escape(v.Title))
	}
	if because := r.Because[v.ID]; because != "" {
		fmt.Fprintf(b, "\nWhy it is asked: %s\n", escape(because))
	}
	b.WriteString("\n")
	for _, f := range v.Findings {
		fmt.Fprintf(b, "- **%s** %s: %s%s\n", f.Outcome, escape(f.Rule), escape(f.Text), cited(v.ID, f.Evidence))
	}
	for _, d := range v.Diagnosis {
		fmt.Fprintf(b, "\nLikely cause: %s%s\n", escape(cause(d)), cited(v.ID, d.Evidence))
		if d.Fix != "" {
			fmt.Fprintf(b, "\nFix: %s\n", escape(d.Fix))
		}
	}
	if again := r.again(v.ID); again != "" {
		fmt.Fprintf(b, "\n```sh\n%s\n```\n", clean(again))
	}
}

// markdownUnjudged lists what was not judged where nothing else is told.
func markdownUnjudged(b *strings.Builder, verdicts []oracle.Verdict) {
	heading := "\n## Not judged\n\n"
	for _, v := range verdicts {
		reasons := unjudged(v)
		if telling(v) || len(reasons) == 0 {
			continue
		}
		whole := "one rule; the others passed"
		switch {
		case v.Outcome == oracle.NotApplicable:
			whole = "the whole scenario"
		case len(reasons) > 1:
			whole = fmt.Sprintf("%d rules; the others passed", len(reasons))
		}
		fmt.Fprintf(b, "%s- %s %s (%s): %s\n", heading, escape(v.ID), escape(v.Name), whole, escape(strings.Join(reasons, "; ")))
		heading = ""
	}
}

func cited(id string, evidence []uint64) string {
	if len(evidence) == 0 {
		return ""
	}
	return " (evidence: " + escape(entries(id, evidence)) + ")"
}

// escape keeps what an app wrote from being read as markup (CommonMark
// section 2.4), tables included.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, "`", "\\`", `*`, `\*`, `_`, `\_`, `[`, `\[`, `]`, `\]`, `<`, `\<`, `>`, `\>`,
		`&`, `\&`, `|`, `\|`, `~`, `\~`).Replace(clean(text))
}

// exact writes seconds in full, and a dash where they are not known.
func exact(seconds *float64) string {
	if seconds == nil {
		return "-"
	}
	return strconv.FormatFloat(*seconds, 'f', -1, 64)
}
