package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/interlacemail/interlace/cmd/interlace/report"
)

func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "Write the manual pages, made of the help texts, into a directory",
		Example: "  interlace man man1",
		Args:    oneWord,
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := args[0]
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return fmt.Errorf("write the manual: %w", err)
			}
			n, err := writeManual(cmd.Root(), dir)
			if err != nil {
				return fmt.Errorf("write the manual: %w", err)
			}
			return a.wrote("man", report.Facts{
				{Label: "wrote", Words: fmt.Sprintf("%d pages into %s", n, dir)},
				{Label: "first", Words: filepath.Join(dir, pageFile(cmd.Root()))},
			})
		},
	}
}

// writeManual writes the page of the command and of those below it, and returns
// how many.
func writeManual(c *cobra.Command, dir string) (int, error) {
	if err := os.WriteFile(filepath.Join(dir, pageFile(c)), []byte(manualPage(c)), 0o644); err != nil {
		return 0, err
	}
	pages := 1
	for _, below := range c.Commands() {
		if !hasPage(below) {
			continue
		}
		n, err := writeManual(below, dir)
		if err != nil {
			return 0, err
		}
		pages += n
	}
	return pages, nil
}

func pageName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// hasPage reports whether something is a command of ours, or a topic of the help.
func hasPage(c *cobra.Command) bool {
	return c.IsAvailableCommand() || c.IsAdditionalHelpTopicCommand()
}

// pageSection is that of commands, or of files, which topics are about.
func pageSection(c *cobra.Command) string {
	if c.IsAdditionalHelpTopicCommand() {
		return "5"
	}
	return "1"
}

func pageFile(c *cobra.Command) string { return pageName(c) + "." + pageSection(c) }

func pageReference(c *cobra.Command) string { return pageName(c) + "(" + pageSection(c) + ")" }

// manualPage is the help of a command as a manual page, with what holds for all
// commands. It has no date: the same program makes the same page every day.
func manualPage(c *cobra.Command) string {
	var p page
	p.request(".TH %s %s \"\" interlace interlace", strings.ToUpper(pageName(c)), pageSection(c))
	p.section("NAME")
	p.text(pageName(c) + " - " + c.Short)
	if c.IsAdditionalHelpTopicCommand() {
		p.section("DESCRIPTION")
		p.chapters(c.Long)
		p.related(c)
		return p.String()
	}
	p.section("SYNOPSIS")
	p.text(c.UseLine())
	p.section("DESCRIPTION")
	description := c.Long
	if description == "" {
		description = c.Short + "."
	}
	p.chapters(description)
	p.flags("OPTIONS", c.NonInheritedFlags())
	p.flags("OPTIONS OF ALL COMMANDS", c.InheritedFlags())
	if c.Example != "" {
		p.section("EXAMPLES")
		p.verbatim(c.Example)
	}
	p.section("EXIT STATUS")
	for _, status := range [][2]string{{"0", "all is fine"}, {"1", "it found something"}, {"2", "it could not do its work"}, {"3", "it found nothing, and could not look at everything"}, {"130", "it was interrupted"}} {
		p.item(status[0], status[1])
	}
	p.section("FILES")
	for _, file := range [][2]string{
		{places[0], "the configuration, if --config names no other; " + places[1] + " is the next"},
		{"interlace.db", "the database, if neither --db nor the configuration names another"},
	} {
		p.item(file[0], file[1])
	}
	p.related(c)
	return p.String()
}

// flags writes flags as the help has them: with the words for their values, and
// with defaults only where they say something.
func (p *page) flags(section string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	p.section(section)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		term := "--" + f.Name
		if f.Shorthand != "" {
			term = "-" + f.Shorthand + ", " + term
		}
		if value != "" {
			term += " " + value
		}
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" {
			usage += " (default " + f.DefValue + ")"
		}
		p.item(term, usage)
	})
}

// related names the pages of the commands above and below.
func (p *page) related(c *cobra.Command) {
	var names []string
	if c.HasParent() {
		names = append(names, pageReference(c.Parent()))
	}
	for _, below := range c.Commands() {
		if hasPage(below) {
			names = append(names, pageReference(below))
		}
	}
	if names != nil {
		p.section("SEE ALSO")
		p.request("%s", roff(strings.Join(names, ", ")))
	}
}
