package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/files"
	"github.com/interlacemail/interlace/monitor/logs"
)

// TestEveryKeyHasHelp checks that every key of the configuration says what it means,
// and that its example, as the help has it, sets it.
func TestEveryKeyHasHelp(t *testing.T) {
	manual := configManual()
	keys := newConfig().keys
	for i := range keys {
		k := &keys[i]
		if len(k.about) < 10 || k.example == "" {
			t.Errorf("%s has no help", k.path)
			continue
		}
		if !strings.Contains(manual, "\n  "+k.path) || !strings.Contains(manual, "Example: "+k.line()+"\n") && !strings.HasSuffix(manual, k.line()) {
			t.Errorf("the help does not explain %s", k.path)
		}
		c := newConfig()
		c.parse("interlace.yaml", []byte(k.line()+"\n"))
		c.enter(place{}, "", c.checkOrder())
		if c.mistakes != nil || c.find(k.path).origin != "interlace.yaml:1" {
			t.Errorf("%s: %v", k.line(), c.refuse())
		}
	}
}

// shownBlock returns the block of a help that begins with a line, not indented.
func shownBlock(t *testing.T, manual, first string) string {
	t.Helper()
	_, rest, found := strings.Cut(manual, "\n  "+first)
	if !found {
		t.Fatalf("no help shows %s", first)
	}
	block, _, _ := strings.Cut(first+rest, "\n\n")
	return strings.ReplaceAll(block, "\n  ", "\n") + "\n"
}

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestHelpShowsWhatIsRead checks that the files in the help can be read as they stand.
func TestHelpShowsWhatIsRead(t *testing.T) {
	dir, readme := t.TempDir(), readme(t)
	for name, config := range map[string]string{
		"README": shownBlock(t, readme, "  # /etc/interlace/interlace.yaml"),
		"config": shownBlock(t, configManual(), "db: "), "monitor": shownBlock(t, monitorManual, "db: "),
		"alerts": shownBlock(t, alertsManual, "mail:"), "query": shownBlock(t, recoveryManual, "routing_query: "),
		"runner": shownBlock(t, recoveryManual, "runner: "), "restart": shownBlock(t, recoveryManual, "sync_restart: "),
		"access": shownBlock(t, configManual(), "imap: {servers"),
	} {
		c := newConfig()
		c.parse(name, []byte(config))
		c.enter(place{}, "", errors.Join(c.checkTelling(), c.checkOrder()))
		if err := c.refuse(); err != nil {
			t.Errorf("%s: %v", name, c.mistakes)
		}
	}

	fleet := filepath.Join(dir, "fleet.yaml")
	write(t, fleet, shownBlock(t, monitorManual, "format: 1"))
	if _, _, err := files.Read(t.Context(), fleet); err != nil {
		t.Error(err)
	}

	routes := filepath.Join(dir, "routing")
	write(t, routes, shownBlock(t, recoveryManual, "anna,"))
	if found, err := readRoutes(t.Context(), routes, []inventory.UserID{"carla"}); err != nil || found["carla"] != "10.0.0.7:143" {
		t.Errorf("%v, %v", found, err)
	}

	t.Chdir(dir)
	if out, err := exec.Command("sh", "-c", shownBlock(t, logsManual, "printf ")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	table, err := os.ReadFile("patterns.tsv")
	if err != nil {
		t.Fatal(err)
	}
	if own, err := logs.ReadPatterns("patterns.tsv", string(table)); err != nil || len(own) != 1 || own[0].Meaning != "the hook works" {
		t.Errorf("%v, %v", own, err)
	}
}

// inHelp is a command line of ours in a help: on a line of its own, or in quotes.
var inHelp = regexp.MustCompile(`(?m)^ +(?:.*sudo -u cyrus )?interlace ([^#\n]+)|"interlace\s([^"]+)"`)

// TestHelpNamesCommands checks that there are the commands and flags that helps name.
func TestHelpNamesCommands(t *testing.T) {
	named := 0
	for _, manual := range []string{configManual(), alertsManual, monitorManual, logsManual, recoveryManual, readme(t)} {
		for _, m := range inHelp.FindAllStringSubmatch(manual, -1) {
			root := (&app{}).root()
			words := strings.Fields(strings.ReplaceAll(m[1]+m[2], `"`, ""))
			if words[0] == "help" {
				words = words[1:]
			}
			command, rest, err := root.Find(words)
			if err != nil || command == root {
				t.Errorf("%s: %v", m[0], err)
				continue
			}
			if err := command.ParseFlags(rest); err != nil {
				t.Errorf("%s: %v", m[0], err)
			}
			named++
		}
	}
	if named < 10 {
		t.Errorf("only %d commands are named", named)
	}
}

// TestHelpWidth checks that every help is as wide as all others, and that none of its
// commands and examples is folded, where nobody could paste it.
func TestHelpWidth(t *testing.T) {
	var texts []string
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		texts = append(texts, c.Long, c.Example)
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk((&app{}).root())
	if len(texts) < 40 {
		t.Fatalf("only %d texts", len(texts))
	}
	for _, text := range texts {
		for line := range strings.Lines(text) {
			if line = strings.TrimSuffix(line, "\n"); utf8.RuneCountInString(line) > helpWidth {
				t.Errorf("%d wide: %s", utf8.RuneCountInString(line), line)
			}
		}
	}
}
