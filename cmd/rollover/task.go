package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rollover-harness/rollover/scenarios"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

// task is what is to be run: the target file with the flags in their places,
// and the scenarios that it chooses.
type task struct {
	file    spec.File
	name    string // of the file, or the flag that stands for it
	dir     string // at which relative paths of the file start
	chosen  []spec.Scenario
	sources map[string]string // by id: the file of a scenario that is not the catalogue's
}

// check refuses flags that would have no effect, and numbers that make no sense.
func (f runFlags) check(args []string) error {
	if f.url != "" && len(args) > 0 {
		return usage("either a target file or --url")
	}
	if f.url == "" {
		for _, flag := range []string{"audience", "as", "reply", "start", "accepted", "rejected"} {
			if f.given(flag) {
				return usage("--%s goes with --url (the target file has a member of that name)", flag)
			}
		}
	}
	if f.issuerAt != "container" && f.issuerAt != "host" {
		return usage("--issuer-at %q: container or host", f.issuerAt)
	}
	if f.issuerAt == "host" && f.given("issuer-image") {
		return usage("--issuer-image goes with --issuer-at container")
	}
	if f.patience <= 0 {
		return usage("--patience %s is not above zero", f.patience)
	}
	if f.parallel < 0 {
		return usage("--parallel %d is below zero", f.parallel)
	}
	return nil
}

// task reads the target file and puts the flags in the place of what it says.
func (f runFlags) task(args []string) (task, error) {
	t, err := f.target(args)
	if err != nil {
		return t, err
	}
	if f.given("issuer") && t.file.Target.URL == "" {
		return t, usage("--issuer is for an app that is running already (the issuer of %s gets a free port)", t.name)
	}
	for _, flag := range []string{"issuer-at", "issuer-image"} {
		if f.given(flag) && t.file.Target.Container == nil {
			return t, usage("--%s is for an app in a container", flag)
		}
	}
	if f.issuerProfile != "" {
		t.file.Issuer.Profile = f.issuerProfile
	}
	if f.promise != "" {
		if t.file.Promise, err = spec.PromiseByName(f.promise); err != nil {
			return t, usage("--promise: %w", err)
		}
	}
	base := t.dir
	if f.profile != "" || len(f.include) > 0 {
		t.file.Scenarios = spec.Selection{Profile: f.profile, Include: f.include, Exclude: t.file.Scenarios.Exclude}
		base = "" // paths of flags start where the command was called
	}
	t.file.Scenarios.Exclude = append(t.file.Scenarios.Exclude, f.exclude...)
	if errs := spec.ValidateFile(t.file); len(errs) > 0 {
		return t, f.origin(errs, t.name, base)
	}
	t.sources = map[string]string{}
	t.chosen, err = scenarios.Select(t.file.Scenarios, func(path string) ([]byte, error) {
		if !filepath.IsAbs(path) {
			path = filepath.Join(base, path)
		}
		data, err := os.ReadFile(path)
		if s, bad := spec.Decode(path, data); err == nil && bad == nil {
			t.sources[s.ID] = quote(path)
		}
		return data, err
	})
	return t, f.origin(err, t.name, base)
}

// target is the target file, or what the flags say of an app that runs already.
func (f runFlags) target(args []string) (task, error) {
	if f.url == "" {
		t := task{name: "rollover.yaml"}
		if len(args) == 1 {
			t.name = args[0]
		}
		t.dir = filepath.Dir(t.name)
		data, err := os.ReadFile(t.name)
		if err != nil {
			return t, usage("read target file: %w (name one: rollover run FILE, or an app that is running: --url)", err)
		}
		t.file, err = spec.DecodeFile(t.name, data)
		return t, err
	}
	t := task{name: "--url", dir: "."}
	at, err := url.Parse(f.url)
	if err != nil || at.Host == "" || (at.Scheme != "http" && at.Scheme != "https") {
		return t, usage("--url %q is not an http or https URL", f.url)
	}
	t.file = spec.File{APIVersion: spec.APIVersion, Target: spec.Target{
		Name: at.Host, URL: at.Scheme + "://" + at.Host, Audience: f.audience,
		Present: spec.Carry{As: f.as, Path: at.RequestURI(), Reply: f.reply, Start: f.start}, Accepted: f.accepted, Rejected: f.rejected,
	}}.WithDefaults()
	return t, nil
}

// origin makes errors without a position name the flag, or the file, that is
// wrong, and those of an included file where it is.
func (f runFlags) origin(err error, file, base string) error {
	var errs spec.Errors
	if !errors.As(err, &errs) {
		return err
	}
	for i := range errs {
		e := &errs[i]
		if e.Line > 0 {
			if base != "" && !filepath.IsAbs(e.File) {
				e.File = filepath.Join(base, e.File)
			}
			continue
		}
		flag := map[string]string{
			"issuer.profile": "issuer-profile", "scenarios.profile": "profile", "scenarios.include": "include", "scenarios.exclude": "exclude",
			"target.present.as": "as", "target.present.reply": "reply", "target.present.start": "start", "target.accepted": "accepted", "target.rejected": "rejected", "scenarios": "exclude",
		}[strings.TrimRight(e.Path, "[]0123456789")]
		if flag != "" && f.given(flag) {
			e.Path = "--" + flag
		} else {
			e.Path = file + ": " + e.Path
		}
	}
	return errs
}

// reproduce is the command line of this run, for a report: without what chose
// the scenarios, and that.
func (f runFlags) reproduce(args []string) (run, chosen string) {
	words := append([]string{"rollover", "run"}, args...)
	add := func(flag, value string) {
		if f.given(flag) {
			words = append(words, "--"+flag, value)
		}
	}
	add("url", f.url)
	add("issuer", f.issuer)
	add("issuer-at", f.issuerAt)
	add("issuer-image", f.issuerImage)
	add("audience", f.audience)
	add("as", f.as)
	add("reply", f.reply)
	add("start", f.start)
	add("accepted", list(f.accepted))
	add("rejected", list(f.rejected))
	add("issuer-profile", f.issuerProfile)
	add("promise", f.promise)
	add("patience", f.patience.String())
	words = append(words, "--seed", fmt.Sprint(f.seed))
	run = quote(words...)
	words = nil
	add("profile", f.profile)
	add("include", strings.Join(f.include, ","))
	add("exclude", strings.Join(f.exclude, ","))
	return run, quote(words...)
}

func list(numbers []int) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(numbers), "[]"), " ", ",")
}

// harmless is what a shell takes as it stands.
var harmless = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// quote writes words for a POSIX shell.
func quote(words ...string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		if !harmless.MatchString(word) {
			word = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
		quoted[i] = word
	}
	return strings.Join(quoted, " ")
}
