package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/interlacemail/interlace/planner/load"
)

// completer lists what the shell may offer, from the facts.
type completer func(f *facts) []string

// completions registers what the shell may offer for arguments and flags, of the
// command and of those below it.
func (a *app) completions(parent *cobra.Command) {
	for _, c := range parent.Commands() {
		a.completions(c)
		drain := failureDomains
		if c.Name() == "users" {
			drain = stores
		}
		for name, values := range map[string]completer{
			"fail": failureDomains, "drain": drain, "keep": keepable,
			"store":  func(f *facts) []string { return texts(storeNames(f.Inventory)) },
			"server": func(f *facts) []string { return texts(serverNames(f.Inventory)) },
		} {
			if c.Flags().Lookup(name) != nil {
				complete(c, name, a.offer(values))
			}
		}
		switch c.CommandPath() {
		case "interlace show servers":
			c.ValidArgsFunction = a.offer(func(f *facts) []string { return texts(serverNames(f.Inventory)) })
		case "interlace show stores":
			c.ValidArgsFunction = a.offer(func(f *facts) []string { return texts(storeNames(f.Inventory)) })
		case "interlace show users":
			c.ValidArgsFunction = a.offer(func(f *facts) []string { return texts(userNames(f.Inventory)) })
		}
	}
	parent.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if choice, ok := f.Value.(*choiceFlag); ok {
			complete(parent, f.Name, oneOf(choice.choices))
		}
	})
}

func complete(c *cobra.Command, flag string, values cobra.CompletionFunc) {
	if err := c.RegisterFlagCompletionFunc(flag, values); err != nil {
		panic(err) // the flag exists and is registered once
	}
}

// oneOf offers words that are the same for every fleet.
func oneOf(words []string) cobra.CompletionFunc {
	return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
}

// offer reads the facts quietly and offers the names from them that begin as the
// word does that is being typed.
func (a *app) offer(values completer) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		a.flags.quiet = true
		if err := a.prepare(cmd, args); err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		f, err := a.facts(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		others := func(name string) bool { return !strings.HasPrefix(name, begun) }
		return slices.DeleteFunc(values(f), others), cobra.ShellCompDirectiveNoFileComp
	}
}

func failureDomains(f *facts) []string { return domainNames(load.New(f.Inventory)) }

func stores(f *facts) []string { return subjectsOf("store:", storeNames(f.Inventory)) }

func keepable(f *facts) []string {
	return append(subjectsOf("server:", serverNames(f.Inventory)), stores(f)...)
}

func subjectsOf[ID ~string](kind string, ids []ID) []string {
	list := texts(ids)
	for i := range list {
		list[i] = kind + list[i]
	}
	return list
}

func texts[ID ~string](ids []ID) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = string(id)
	}
	return list
}
