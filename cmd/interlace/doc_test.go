package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// TestReadme runs what the README shows and compares what it prints.
func TestReadme(t *testing.T) {
	path, err := filepath.Abs("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	t.Setenv("COLUMNS", "100")
	t.Setenv("INTERLACE_FLEET", "")
	ran := 0
	got := shown.ReplaceAllStringFunc(string(text), func(block string) string {
		m := shown.FindStringSubmatch(block)
		if name, value, ok := strings.Cut(strings.TrimPrefix(m[1], "export "), "="); ok && strings.HasPrefix(m[1], "export ") {
			t.Setenv(name, value)
			return block
		}
		ran++
		_, stdout, stderr := interlace(t.Context(), strings.Fields(m[1])[1:]...)
		if stderr != "" {
			t.Errorf("%s says: %s", m[1], stderr)
		}
		return "    $ " + m[1] + "\n" + indented(stdout)
	})
	if ran == 0 {
		t.Error("the README shows no command")
	}
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != string(text) {
		t.Errorf("the README differs from what the commands print; make golden writes it anew. Printed:\n%s", got)
	}
}

// shown matches a command in a block of the README, and what it prints: all
// that is indented up to the next command or the end of the block.
var shown = regexp.MustCompile(`(?m)^    \$ (export .*|interlace .*)\n((?:\n?    [^$\n].*\n)*)`)

func indented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimRight(text, "\n") + "\n") {
		if line != "\n" {
			b.WriteString("    ")
		}
		b.WriteString(line)
	}
	return b.String()
}

// TestExamples runs the examples in the help of every command.
func TestExamples(t *testing.T) {
	t.Parallel()
	e := &examples{T: t, dir: t.TempDir(), env: append(os.Environ(), "INTERLACE_ALERTS_WEBHOOK="+newPoster(t).URL)}
	db := filepath.Join(e.dir, "interlace.db")
	if err := fill(db); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"interlace demo fleet", "interlace import fleet/fleet.yaml",
		"interlace layout --plan plan.json", "interlace users --after plan.json --plan users.json",
	} {
		e.run(line)
	}
	recordLooks(t, db)
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Name() == "completion" || c.Name() == "help" || c.IsAdditionalHelpTopicCommand() {
			return
		}
		if c.Example == "" {
			t.Errorf("%s has no example", c.CommandPath())
		}
		if !slices.Contains([]string{"apply", "compare", "confirm", "discover", "watch"}, c.Name()) { // look at live servers
			for line := range strings.Lines(c.Example) {
				e.run(strings.TrimSpace(line))
			}
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk((&app{}).root())
}

// examples run in a directory of their own, beside other tests.
type examples struct {
	*testing.T
	dir string
	env []string
}

var (
	day  = regexp.MustCompile(`\d{4}-\d\d-\d\d`)
	word = regexp.MustCompile(`(?:'[^']*'|\S)+`) // of a command line, with its quotes
)

// run runs a command line, on the present day where it names one.
func (e *examples) run(line string) {
	e.Helper()
	var args []string
	for _, word := range word.FindAllString(day.ReplaceAllString(line, time.Now().UTC().Format(time.DateOnly)), -1)[1:] {
		args = append(args, strings.ReplaceAll(word, "'", ""))
	}
	if args[0] == "demo" {
		if err := os.RemoveAll(filepath.Join(e.dir, args[1])); err != nil {
			e.Fatal(err)
		}
	}
	c := exec.CommandContext(e.Context(), "interlace", args...) // testscript has put it on the path
	var stderr strings.Builder
	c.Dir, c.Env, c.Stderr = e.dir, e.env, &stderr
	err := c.Run()
	if failed := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &failed) || failed.ExitCode() != exitFound) {
		e.Errorf("%s: %v: %s", line, err, &stderr)
	}
}
