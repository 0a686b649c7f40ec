package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/planner/load"
)

// completer lists what the shell may offer, from the facts.
type completer func(f *facts) []string

// completions registers what the shell may offer for arguments and flags.
func (a *app) completions(root *cobra.Command) {
	for _, c := range root.Commands() {
		a.completions(c)
		drain := failureDomains
		if c.Name() == "users" {
			drain = stores
		}
		for name, values := range map[string]completer{"fail": failureDomains, "drain": drain, "keep": keepable} {
			if c.Flags().Lookup(name) != nil {
				a.complete(c, name, values)
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
	if root.HasParent() {
		return
	}
	fixed := map[string][]string{"output": {"text", "json", "csv"}, "color": {"auto", "always", "never"}}
	for name, values := range fixed {
		if err := root.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
			panic(err) // the flag exists and is registered once
		}
	}
}

func (a *app) complete(c *cobra.Command, flag string, values completer) {
	if err := c.RegisterFlagCompletionFunc(flag, a.offer(values)); err != nil {
		panic(err) // the flag exists and is registered once
	}
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
