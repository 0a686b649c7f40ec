package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/interlacemail/interlace/inventory"
)

// Groups of commands in the help.
const (
	groupInventory = "inventory"
	groupPlanner   = "planner"
	groupMonitor   = "monitor"
	groupService   = "service"
)

// root returns the whole command line.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "interlace",
		Short: "Decides where mail stores and their replicas live, and watches that these are true",
		Long: `interlace decides where the mail stores of a Cyrus IMAP fleet and their replicas
live, which users live on which store, and how to get there from where they are.

It reads the fleet from a file, from its database or from live Cyrus servers,
says which rules are broken, plans layouts, user moves and their order, and
computes what failures do. On each mail server it watches that replicas are up to
date, and tells when they are not. Plans are files; nothing here changes a mail
server but apply, which carries a plan out when it is told to, and watch, where it
was allowed to work off a sync log.`,
		Example: `  interlace demo fleet
  interlace check --fleet fleet/fleet.yaml
  interlace layout --fleet fleet/fleet.yaml --plan plan.json`,
		SilenceUsage:      true,
		SilenceErrors:     true,
		PersistentPreRunE: a.prepare,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
		Args: a.knownCommand,
	}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	plainHelp := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) { a.help(cmd, args, plainHelp) })
	root.SetFlagErrorFunc(unknownFlag)
	root.SetHelpCommandGroupID(groupService)
	root.SetCompletionCommandGroupID(groupService)
	root.AddGroup(
		&cobra.Group{ID: groupInventory, Title: "Inventory:"},
		&cobra.Group{ID: groupPlanner, Title: "Planner:"},
		&cobra.Group{ID: groupMonitor, Title: "Monitor:"},
		&cobra.Group{ID: groupService, Title: "Service:"},
	)
	a.globalFlags(root.PersistentFlags())
	for _, group := range []struct {
		id       string
		commands []*cobra.Command
	}{
		{groupInventory, []*cobra.Command{a.importCommand(), a.exportCommand(), a.discoverCommand(), a.showCommand(), a.checkCommand()}},
		{groupPlanner, []*cobra.Command{a.layoutCommand(), a.usersCommand(), a.movesCommand(), a.simulateCommand()}},
		{groupMonitor, []*cobra.Command{a.watchCommand(), a.lagCommand(), a.compareCommand(), a.applyCommand(), a.confirmCommand(), a.alertsCommand()}},
		{groupService, []*cobra.Command{a.demoCommand(), a.benchCommand(), a.configCommand(), a.dbCommand(), a.manCommand(), a.versionCommand()}},
	} {
		for _, c := range group.commands {
			c.GroupID = group.id
			root.AddCommand(c)
		}
	}
	root.AddCommand(fleetTopic())
	root.AddCommand(monitorTopics()...)
	root.InitDefaultCompletionCmd()
	a.strictCompletion(root)
	a.completions(root)
	allMistakes(root)
	return root
}

// strictCompletion lets the library's command refuse the name of no shell.
func (a *app) strictCompletion(root *cobra.Command) {
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Args = a.knownCommand
			c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
}

func (a *app) globalFlags(f *pflag.FlagSet) {
	a.flags.output = choiceOf("text", "text", "json", "csv")
	a.flags.color = choiceOf("auto", "auto", "always", "never")
	a.flags.seed = seedFlag().or(1)
	f.Var(pathFlag(&a.flags.config), "config", "configuration `file` (default ./interlace.yaml, then /etc/interlace/interlace.yaml)")
	f.Var(pathFlag(&a.flags.fleet), "fleet", "take the inventory from this fleet `file`, not from the database")
	f.Var(pathFlag(&a.flags.db), "db", "database `file`, from which the inventory is taken too")
	f.VarP(&a.flags.output, "output", "o", "`form` of the results: text, json or csv (in which ' stands before texts that a spreadsheet would take for formulas)")
	f.Var(&a.flags.color, "color", "`when` to colour text: auto, always or never")
	f.BoolVarP(&a.flags.quiet, "quiet", "q", false, "no progress, notes and hints beside the result")
	f.Var(&a.flags.seed, "seed", "`seed` of whatever is drawn at random")
}

// prepare reads the configuration.
func (a *app) prepare(cmd *cobra.Command, _ []string) error {
	return a.configure(cmd, func(context.Context) error { return nil })
}

// configure reads the configuration and refuses it with all its mistakes at once,
// among them those that a further look finds: at the files that it names and the
// command reads.
func (a *app) configure(cmd *cobra.Command, look func(context.Context) error) error {
	if cmd.Flags().Changed("fleet") && cmd.Flags().Changed("db") {
		return hint(errors.New("--fleet and --db both say where the facts are"), "name one of them")
	}
	c, err := readConfig(cmd.Context(), a.flags.config, cmd.Flags())
	a.config = c
	if err != nil {
		return err
	}
	c.enter(place{}, "", look(cmd.Context()))
	for i := range c.doubts {
		a.note("warning: %s", c.doubts[i].String())
	}
	if err := c.refuse(); err != nil {
		return err
	}
	for _, text := range c.misspelt() {
		a.note("warning: %s", text)
	}
	return nil
}

// knownCommand refuses words that name no command.
func (a *app) knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("there is no command %q", args[0])
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	if meant := inventory.Nearest(args[0], names); meant != "" {
		return hint(err, "did you mean %s %s?", cmd.CommandPath(), meant)
	}
	return hint(err, "%s help lists the commands", cmd.Root().Name())
}

// unknownFlag says what is wrong with a flag, or which one may have been meant.
func unknownFlag(cmd *cobra.Command, err error) error {
	var missing *pflag.NotExistError
	if errors.As(err, &missing) {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if meant := inventory.Nearest(missing.GetSpecifiedName(), names); meant != "" {
			return hint(err, "did you mean --%s?", meant)
		}
	}
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		err = fmt.Errorf("--%s: %s is neither true nor false", invalid.GetFlag().Name, inventory.Quoted(invalid.GetValue()))
	}
	return hint(err, "%s --help lists the flags", cmd.CommandPath())
}
