package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// noWords takes no words behind the command.
func noWords(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return misused(cmd, "it takes no %q", args[0])
}

// oneWord takes the one word that the usage of the command names.
func oneWord(cmd *cobra.Command, args []string) error {
	if len(args) <= 1 {
		return someWords(cmd, args)
	}
	return misused(cmd, "%q is one word too many", args[1])
}

// someWords takes one word or more, none of them empty.
func someWords(cmd *cobra.Command, args []string) error {
	_, word, _ := strings.Cut(cmd.Use, " ")
	word = strings.TrimSuffix(word, "…")
	switch {
	case len(args) == 0:
		return misused(cmd, "%s is missing", word)
	case slices.Contains(args, ""):
		return misused(cmd, "%s is empty", word)
	}
	return nil
}

// misused is an error about the words behind a command.
func misused(cmd *cobra.Command, format string, args ...any) error {
	return hint(fmt.Errorf("%s: %s", cmd.CommandPath(), fmt.Sprintf(format, args...)), "usage: %s", cmd.UseLine())
}
