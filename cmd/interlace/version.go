package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/planner"
)

// version is what the program says of itself.
type version struct {
	Version    string `json:"version"`
	Commit     string `json:"commit"`
	Modified   bool   `json:"modified"`
	Go         string `json:"go"`
	Platform   string `json:"platform"`
	PlanFormat int    `json:"plan_format"`
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of the program",
		Example: "  interlace version",
		Args:    noWords,
		RunE: func(*cobra.Command, []string) error {
			v := buildVersion()
			table := report.Facts{
				{Label: "interlace", Words: v.Version},
				{Label: "commit", Words: v.Commit},
				{Label: "go", Words: v.Go + " " + v.Platform},
				{Label: "plan format", Words: fmt.Sprint(v.PlanFormat)},
			}
			return a.print(result{
				screen: &report.Screen{Blocks: []report.Block{table}},
				table:  report.Labelled(table),
				json:   func(w io.Writer) error { return object(v)(w) },
			})
		},
	}
}

// buildVersion reads what the build recorded.
func buildVersion() version {
	v := version{Version: "(devel)", Commit: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, PlanFormat: planner.Format}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Version = info.Main.Version
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}
