package main

import (
	"bytes"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
)

// help writes the help of a command as wide as the terminal is.
func (a *app) help(cmd *cobra.Command, args []string, write func(*cobra.Command, []string)) {
	out := cmd.OutOrStdout()
	var text bytes.Buffer
	cmd.Root().SetOut(&text)
	write(cmd, args)
	cmd.Root().SetOut(out)
	_, _ = io.WriteString(out, report.Reflow(strings.TrimRight(text.String(), "\n")+"\n", a.style().Width)) // where help cannot be written, words about it cannot either
}
