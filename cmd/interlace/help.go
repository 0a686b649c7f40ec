package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory/files"
)

// fleetTopic is the help about fleet files, which is no command.
func fleetTopic() *cobra.Command {
	return &cobra.Command{Use: "fleet", Short: "How a fleet file describes servers, stores, users and rules", Long: files.Manual}
}

// helpWidth is how wide a help is where there is room: wider lines are hard to read,
// and the paragraphs of all helps are written for it.
const helpWidth = 86

// help writes the help of a command, no wider than the terminal is. The library does
// not ask what came of it.
func (a *app) help(cmd *cobra.Command, args []string, write func(*cobra.Command, []string)) {
	out := cmd.OutOrStdout()
	var text bytes.Buffer
	cmd.Root().SetOut(&text)
	write(cmd, args)
	cmd.Root().SetOut(out)
	if _, err := io.WriteString(out, report.Reflow(strings.TrimRight(text.String(), "\n")+"\n", min(a.style().Width, helpWidth))); err != nil {
		a.unhelpful = fmt.Errorf("write the help: %w", err)
	}
}
