package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rollover-harness/rollover/scenarios/oracle"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// The shape of the JSON report, apiVersion rollover/v1. Members are added in
// later versions, never changed.
type (
	jsonReport struct {
		APIVersion string         `json:"apiVersion"`
		Kind       string         `json:"kind"`
		Tool       jsonTool       `json:"tool"`
		Seed       uint64         `json:"seed"`
		StartedAt  time.Time      `json:"startedAt"`
		Seconds    float64        `json:"seconds"`
		Target     jsonTarget     `json:"target"`
		Issuer     jsonIssuer     `json:"issuer"`
		Promise    jsonPromise    `json:"promise"`
		Summary    jsonSummary    `json:"summary"`
		Scenarios  []jsonScenario `json:"scenarios"`
	}
	jsonTool struct {
		Version string `json:"version"`
	}
	jsonTarget struct {
		Name string `json:"name"`
		Kind string `json:"kind"`
	}
	jsonIssuer struct {
		Profile string `json:"profile"`
	}
	// jsonPromise has the members beside the name, which is null where the
	// promise has none.
	jsonPromise struct {
		Name *string `json:"name"`
		spec.Promise
	}
	jsonSummary struct {
		Pass          int `json:"pass"`
		Fail          int `json:"fail"`
		Inconclusive  int `json:"inconclusive"`
		NotApplicable int `json:"notApplicable"`
	}
	jsonScenario struct {
		ID        string          `json:"id"`
		Name      string          `json:"name"`
		Title     string          `json:"title"`
		Profile   string          `json:"profile"`
		Outcome   oracle.Outcome  `json:"outcome"`
		Grade     *oracle.Grade   `json:"grade"`
		Measures  jsonMeasures    `json:"measures"`
		Findings  []jsonFinding   `json:"findings"`
		Diagnosis []jsonDiagnosis `json:"diagnosis"`
		Seconds   float64         `json:"seconds"`
		Timeline  string          `json:"timeline"`
		Error     string          `json:"error,omitempty"`
	}
	jsonMeasures struct {
		RejectedGood         int         `json:"rejectedGood"`
		AcceptedBad          int         `json:"acceptedBad"`
		ServerErrors         int         `json:"serverErrors"`
		RecoverySeconds      *float64    `json:"recoverySeconds"`
		RevocationLagSeconds *float64    `json:"revocationLagSeconds"`
		Fetches              jsonFetches `json:"fetches"`
		PeakFetchesPerMinute int         `json:"peakFetchesPerMinute"`
	}
	jsonFetches struct {
		Discovery          int `json:"discovery"`
		JWKS               int `json:"jwks"`
		FederationMetadata int `json:"federationMetadata"`
		SAMLMetadata       int `json:"samlMetadata"`
	}
	jsonFinding struct {
		Rule     string         `json:"rule"`
		Outcome  oracle.Outcome `json:"outcome"`
		Text     string         `json:"text"`
		Evidence []uint64       `json:"evidence"`
	}
	jsonDiagnosis struct {
		Code     string   `json:"code"`
		Cause    string   `json:"cause"`
		Fix      string   `json:"fix"`
		Evidence []uint64 `json:"evidence"`
	}
)

// JSON writes the report for scripts. Null says that something is unknown or
// does not exist: "grade" where no new key was presented, "recoverySeconds"
// where the app did not come back, "revocationLagSeconds" where none was
// measured, "name" of a promise that was spelled out. Lists are never null,
// a diagnosis without a framework's code has the code "", and "error" is there
// only where the harness failed. Texts are as the app wrote them.
func JSON(w io.Writer, r Run) error {
	s := r.Summary()
	out := jsonReport{
		APIVersion: spec.APIVersion, Kind: "Report", Tool: jsonTool{r.Tool}, Seed: r.Seed,
		StartedAt: r.StartedAt.UTC(), Seconds: r.Seconds, Target: jsonTarget(r.Target), Issuer: jsonIssuer{r.Profile},
		Promise: jsonPromise{Promise: r.Promise}, Summary: jsonSummary(s), Scenarios: []jsonScenario{},
	}
	if r.Promise.Name != "" {
		out.Promise.Name = &r.Promise.Name
	}
	for _, v := range r.ordered() {
		out.Scenarios = append(out.Scenarios, jsonOf(v))
	}
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // texts quote headers and logs, and people read the file
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(out); err != nil {
		return fmt.Errorf("encode JSON report: %w", err)
	}
	return send(w, "JSON report", text.String())
}

func jsonOf(v oracle.Verdict) jsonScenario {
	s := jsonScenario{
		ID: v.ID, Name: v.Name, Title: v.Title, Profile: v.Profile, Outcome: v.Outcome,
		Measures: jsonMeasures{
			v.Measures.RejectedGood, v.Measures.AcceptedBad, v.Measures.ServerErrors,
			v.Measures.RecoverySeconds, v.Measures.RevocationLagSeconds,
			jsonFetches(v.Measures.Fetches), v.Measures.PeakFetchesPerMinute,
		},
		Findings: []jsonFinding{}, Diagnosis: []jsonDiagnosis{},
		Seconds: v.Seconds, Timeline: timelineOf(v.ID), Error: v.Error,
	}
	if v.Grade != oracle.Ungraded {
		s.Grade = &v.Grade
	}
	for _, f := range v.Findings {
		s.Findings = append(s.Findings, jsonFinding{f.Rule, f.Outcome, f.Text, listed(f.Evidence)})
	}
	for _, d := range v.Diagnosis {
		s.Diagnosis = append(s.Diagnosis, jsonDiagnosis{d.Code, d.Cause, d.Fix, listed(d.Evidence)})
	}
	return s
}

// listed is the list itself, or an empty one in the place of nil.
func listed(evidence []uint64) []uint64 {
	if evidence == nil {
		return []uint64{}
	}
	return evidence
}
