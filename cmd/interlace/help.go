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

// help writes the help of a command as wide as the terminal is. The library does
// not ask what came of it.
func (a *app) help(cmd *cobra.Command, args []string, write func(*cobra.Command, []string)) {
	out := cmd.OutOrStdout()
	var text bytes.Buffer
	cmd.Root().SetOut(&text)
	write(cmd, args)
	cmd.Root().SetOut(out)
	if _, err := io.WriteString(out, report.Reflow(strings.TrimRight(text.String(), "\n")+"\n", a.style().Width)); err != nil {
		a.unhelpful = fmt.Errorf("write the help: %w", err)
	}
}
