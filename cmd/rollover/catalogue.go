package main

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rollover-harness/rollover/scenarios"
	"github.com/rollover-harness/rollover/scenarios/spec"
)

func (sh *shell) list() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "list",
		Short:   "Lists the catalogue of scenarios",
		Example: "  rollover list\n  rollover list --json | jq -r '.[].id'",
		RunE: func(*cobra.Command, []string) error {
			all, err := scenarios.All()
			if err != nil {
				return harness("%w", err)
			}
			if asJSON {
				type row struct {
					ID      string   `json:"id"`
					Name    string   `json:"name"`
					Title   string   `json:"title"`
					Profile string   `json:"profile"`
					Needs   []string `json:"needs"`
				}
				rows := make([]row, 0, len(all))
				for _, s := range all {
					rows = append(rows, row{s.ID, s.Name, s.Title, s.Profile, append([]string{}, s.Needs...)})
				}
				return sh.printJSON(rows)
			}
			table := tabwriter.NewWriter(sh.stdout, 0, 0, 2, ' ', 0)
			for _, s := range all {
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", s.ID, s.Profile, s.Name, s.Title)
			}
			return table.Flush()
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

func (sh *shell) show() *cobra.Command {
	return &cobra.Command{
		Use:     "show ID",
		Short:   "Prints a scenario of the catalogue",
		Example: "  rollover show A5\n  rollover show A5 > mine.yaml   # a start for one of your own",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			source, err := scenarios.Source(args[0])
			if err != nil {
				return usageOf(err)
			}
			_, err = sh.stdout.Write(source)
			return err
		},
	}
}

func (sh *shell) lint() *cobra.Command {
	return &cobra.Command{
		Use:     "lint FILE...",
		Short:   "Checks scenario files and target files strictly",
		Long:    "Checks scenario files and target files strictly. Errors are FILE:LINE:COLUMN: cause (hint); exit code 2.",
		Example: "  rollover lint rollover.yaml scenarios/*.yaml",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			bad := 0
			for _, name := range args {
				data, err := os.ReadFile(name)
				if err == nil {
					err = lintOne(name, data)
				}
				if err != nil {
					sh.report(usageOf(err))
					bad++
				}
			}
			if bad > 0 {
				return &exit{code: codeUsage}
			}
			fmt.Fprintln(sh.stderr, "valid:", strings.Join(args, " "))
			return nil
		},
	}
}

func lintOne(name string, data []byte) error {
	var err error
	if spec.IsTargetFile(data) {
		_, err = spec.DecodeFile(name, data)
	} else {
		_, err = spec.Decode(name, data)
	}
	return err
}

func (sh *shell) schema() *cobra.Command {
	kinds := []string{"scenario", "target"}
	return &cobra.Command{
		Use:       "schema [scenario|target]",
		Short:     "Prints the JSON Schema of scenario files or of target files",
		Example:   "  rollover schema > scenario.schema.json\n  rollover schema target > rollover.schema.json",
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		ValidArgs: kinds,
		RunE: func(_ *cobra.Command, args []string) error {
			generate := spec.ScenarioSchema
			if strings.Join(args, "") == "target" {
				generate = spec.FileSchema
			}
			schema, err := generate()
			if err != nil {
				return harness("%w", err)
			}
			_, err = sh.stdout.Write(schema)
			return err
		},
	}
}
