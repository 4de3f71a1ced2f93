package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/rollover-harness/rollover/mockidp/command"
	"github.com/rollover-harness/rollover/mockidp/control"
	"github.com/rollover-harness/rollover/mockidp/credential"
)

// mapping is a verb whose argument is written as in a scenario file.
func (r *remote) mapping(verb, short, example string) *cobra.Command {
	return &cobra.Command{
		Use: verb + " MAPPING", Short: short, Example: "  rollover ctl " + verb + " " + example, Args: cobra.ExactArgs(1),
		RunE: r.with(func(ctx context.Context, issuer *control.Remote, args []string) error {
			text, err := toJSON(args[0])
			if err != nil {
				return err
			}
			if verb == "fault" {
				text = fmt.Appendf(nil, `{"fault": %s}`, text)
			}
			commands, err := command.Decode(text)
			if err != nil {
				return usage("%w", err)
			}
			return r.apply(ctx, issuer, commands...)
		}),
	}
}

func (r *remote) mint() *cobra.Command {
	var asJSON bool
	var form string
	c := &cobra.Command{
		Use: "mint [MAPPING]", Short: "Mints a token and prints it", Args: cobra.MaximumNArgs(1),
		Example: "  rollover ctl mint\n  rollover ctl mint '{key: old, expiresIn: -5m}'\n  rollover ctl mint --form saml20\n" +
			"  rollover ctl mint --form session '{key: old, forge: xsw3}'   # for a browser's cookie rollover_session\n  curl -H \"Authorization: Bearer $(rollover ctl mint)\" http://127.0.0.1:5000/api",
		RunE: r.with(func(ctx context.Context, issuer *control.Remote, args []string) error {
			var request credential.Request
			if len(args) == 1 {
				text, err := toJSON(args[0])
				if err != nil {
					return err
				}
				decoder := json.NewDecoder(strings.NewReader(string(text)))
				decoder.DisallowUnknownFields()
				if err := decoder.Decode(&request); err != nil {
					return usage("mint: %w", err)
				}
			}
			if form != "" {
				request.Form = credential.Form(form)
			}
			made, err := issuer.Mint(ctx, request)
			if err != nil {
				return err
			}
			if asJSON {
				return r.sh.printJSON(made)
			}
			_, err = fmt.Fprintln(r.sh.stdout, made.Token)
			return err
		}),
	}
	c.Flags().BoolVar(&asJSON, "json", false, "the whole answer: token, kid and generation")
	c.Flags().StringVar(&form, "form", "", "jwt (default), saml11, saml20, or session: a name that signs a browser in")
	return c
}

// toJSON turns a YAML or JSON mapping of the command line into JSON.
func toJSON(text string) ([]byte, error) {
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		return nil, usage("%q is not a YAML or JSON mapping: %w", text, err)
	}
	data, err := json.Marshal(value)
	if err != nil {
		return nil, usage("%q is not a YAML or JSON mapping: %w", text, err)
	}
	return data, nil
}
