package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/sharing"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/rules"
)

func (a *app) checkCommand() *cobra.Command {
	var after []string
	c := &cobra.Command{
		Use:   "check",
		Short: "List the rules that the current state breaks",
		Long: `List the placement rules that the current state of the fleet breaks, where, and
by how much. With --after it is warned of users whom a plan moves to where a
copy of them is kept after an earlier move, which interlace apply refuses. The
exit status is 1 if any rule is broken.`,
		Example: `  interlace check
  interlace check --fleet fleet/fleet.yaml -o csv`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.check(cmd, after)
		},
	}
	c.Flags().StringArrayVar(&after, "after", nil, "take the plan in this `file` as carried out (may be repeated)")
	return c
}

// checked is the answer of check as JSON.
type checked struct {
	Violations  []planner.Violation `json:"violations"`
	Warnings    []planner.Warning   `json:"warnings"`
	Fingerprint string              `json:"fingerprint"`
	After       []string            `json:"after"`
}

func (a *app) check(cmd *cobra.Command, after []string) error {
	f, err := a.facts(cmd.Context())
	if err != nil {
		return err
	}
	target, ids, err := a.after(cmd.Context(), f, after)
	if err != nil {
		return err
	}
	opts := rules.Options{}
	if len(ids) > 0 {
		opts.From = f.Inventory
	}
	violations, warnings, err := rules.Check(cmd.Context(), target.Inventory, target.groups, opts)
	if err != nil {
		return err
	}
	if len(ids) > 0 {
		warnings = append(a.keptCopies(cmd.Context()).refused(f.Inventory, target.Inventory), warnings...)
	}
	if offline := target.Offline(); len(offline) > 0 {
		warnings = slices.Insert(warnings, 0, planner.Warning{Text: report.OfflineText(offline)})
	}
	warnings = slices.Concat(doubts(f), outages(target.Inventory), warnings)
	answer := checked{Violations: violations, Warnings: warnings, After: ids}
	reference := planner.NewReference(target.Inventory, target.groups, nil)
	answer.Fingerprint = reference.Fingerprint
	err = a.print(result{
		screen: report.Check(target.Inventory, reference, violations, warnings, repairs(target.Inventory, violations, after)),
		table:  report.Violations(violations),
		json:   object(answer),
	})
	if err == nil && len(violations) > 0 {
		err = errFound
	}
	return err
}

// repairs are the commands whose plans may repair violations. A layout is planned
// from the present state only, so none follows other plans; where there are no users,
// none can be moved.
func repairs(inv *inventory.Inventory, violations []planner.Violation, after []string) []string {
	var next []string
	if broken, _ := rules.Split(planner.KindLayout, violations); len(broken) > 0 && len(after) == 0 {
		next = append(next, "interlace layout --plan plan.json")
	}
	if broken, _ := rules.Split(planner.KindUsers, violations); len(broken) > 0 && len(inv.Users) > 0 {
		command := "interlace users"
		for _, path := range after {
			command += " --after " + path
		}
		next = append(next, command+" --plan users.json")
	}
	return next
}

// doubts are warnings about the facts: names in shares that nobody has.
func doubts(f *facts) []planner.Warning {
	unknown := sharing.Unknowns(f.Inventory)
	if len(unknown) == 0 {
		return nil
	}
	text := unknown[0].String()
	if len(unknown) > 1 {
		text = fmt.Sprintf("%s names in shares are not in the fleet and tie nobody, such as %s", inventory.CountText(len(unknown)), inventory.Printable(unknown[0].Name))
	}
	return []planner.Warning{{Text: text}}
}
