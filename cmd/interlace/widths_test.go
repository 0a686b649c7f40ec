package main

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
)

// No screen is wider than the terminal, but for a single word that is. What is planned and
// measured for it does not depend on the width: it is done once, in the narrowest terminal, and
// the screen is written for the others too.
func TestScreensFit(t *testing.T) {
	t.Chdir(t.TempDir())
	widths := []int{20, 40, 60, 80, 100, 200}
	recordLooks(t, "a.db")
	for _, args := range screens() {
		t.Setenv("COLUMNS", strconv.Itoa(widths[0]))
		words := strings.Join(args, " ")
		var out, stderr bytes.Buffer
		var seen []*report.Screen
		a := &app{stdin: strings.NewReader(""), stdout: &out, stderr: &stderr, now: time.Now, sees: func(s *report.Screen) { seen = append(seen, s) }}
		if status := a.run(t.Context(), args); status != exitFine && status != exitFound || out.Len() == 0 {
			t.Fatalf("%s: status %d, %s", words, status, &stderr)
		}
		fits(t, words+" beside its result", stderr.String(), widths[0])
		for _, width := range widths {
			text := inTerminal(t, seen, width)
			if width == widths[0] && text != out.String() {
				t.Errorf("%s writes %s, and its screens are %s", words, &out, text)
			}
			fits(t, words, text, width)
			fits(t, words+" beside its result", toldIn(t, stderr.String(), width), width)
		}
	}
	for _, width := range widths {
		t.Setenv("COLUMNS", strconv.Itoa(width))
		for _, args := range helps() {
			status, stdout, stderr := interlace(t.Context(), args...)
			if status != exitFine || stdout == "" || stderr != "" {
				t.Fatalf("%s: status %d, %s", strings.Join(args, " "), status, stderr)
			}
			fits(t, strings.Join(args, " "), stdout, width)
		}
		fits(t, "discover", inTerminal(t, []*report.Screen{report.Discovered(discovery)}, width), width)
	}
}

// inTerminal are screens as they stand in a terminal.
func inTerminal(t *testing.T, screens []*report.Screen, width int) string {
	t.Helper()
	var text strings.Builder
	for _, s := range screens {
		if err := s.Text(&text, report.Style{Width: width}); err != nil {
			t.Fatal(err)
		}
	}
	return text.String()
}

// toldIn is what the program tells with these words in a terminal.
func toldIn(t *testing.T, words string, width int) string {
	t.Helper()
	t.Setenv("COLUMNS", strconv.Itoa(width))
	var stderr strings.Builder
	(&app{stderr: &stderr}).tellLine(strings.Join(strings.Fields(words), " "))
	return stderr.String()
}

// So are alerts, but for commands: those are pasted, and stay whole.
func TestAlertsFit(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := fill("interlace.db"); err != nil {
		t.Fatal(err)
	}
	succeed(t, "alerts", "silence", "--for", "1h", "--comment", "the disks of this server are replaced, one after the other", "server=imap2", "store!=s*")
	succeed(t, "alerts", "acknowledge", "1", "2", "3", "--by", "anna", "--comment", "somebody is on the way to the data centre with a disk")
	whole := "    " + string(toldOf[0].Command) + "\n"
	for _, width := range []int{30, 40, 60, 80, 100, 200} {
		t.Setenv("COLUMNS", strconv.Itoa(width))
		_, stdout, _ := interlace(t.Context(), "alerts", "--all")
		if !strings.Contains(stdout, whole) {
			t.Errorf("%d columns: the command is not whole:\n%s", width, stdout)
		}
		fits(t, "alerts", strings.ReplaceAll(stdout, whole, ""), width)
		for _, args := range [][]string{{"silence"}, {"silence", "--for", "1h", "--comment", "x", "server=*"}, {"silence", "--end", strconv.Itoa(width)}, {"acknowledge", "1", "2", "3"}, {"test"}} {
			_, stdout, stderr := interlace(t.Context(), append([]string{"alerts"}, args...)...)
			fits(t, strings.Join(args, " "), stdout+stderr, width)
		}
	}
}

// screens are command lines that show every screen but helps, in an order in which they
// can be run.
func screens() [][]string {
	var list [][]string
	add := func(line string) { list = append(list, strings.Fields(line)) }
	add("demo fleet --servers 12 --users 600")
	add("import fleet/fleet.yaml --db a.db")
	add("import fleet/fleet.yaml --db a.db")
	for _, line := range []string{
		"show servers", "show stores", "show users", "show groups", "check",
		"layout --plan plan.json", "users --after plan.json --plan users.json --place 100", "moves plan.json users.json --plan moves.json",
		"moves plan.json --continuous", "simulate", "simulate --fail rack:a1", "simulate --years 1", "simulate --after plan.json --top 3", "simulate --pairs --random 3 --samples 50 --top 3", "check --after plan.json",
		"show plan plan.json", "show plan users.json", "show plan moves.json", "layout --drain server:imap01 --max-changes 3", "export out",
		"layout --plot layout.png", "simulate --plot failures.svg --top 0",
	} {
		add(line + " --fleet fleet/fleet.yaml")
	}
	for _, line := range []string{
		"db --db a.db", "lag --db a.db", "lag --db a.db --since 3h", "lag --db a.db --store s001", "show loads --db a.db", "show loads --db a.db --store s002", "config show", "version",
		"bench layout --list", "bench layout --case mixed-10x6", "bench simulate --case singles-100", "bench users --case uneven-10000", "bench moves --case stores-200x2",
	} {
		add(line)
	}
	return list
}

// helps are command lines that show every help.
func helps() [][]string {
	list := [][]string{{"help"}}
	eachCommand((&app{}).root(), func(c *cobra.Command) {
		list = append(list, append(strings.Fields(c.CommandPath())[1:], "--help"))
	})
	return list
}

// eachCommand visits the commands below, but not those of the library.
func eachCommand(c *cobra.Command, visit func(*cobra.Command)) {
	visit(c)
	for _, below := range c.Commands() {
		eachCommand(below, visit)
	}
}

// fits reports lines that are wider than the terminal and could be broken: a command
// that is to be pasted is not.
func fits(t *testing.T, screen, text string, width int) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if got := twwidth.Width(line); got > width && len(strings.Fields(line)) > 1 && !strings.HasPrefix(line, "    interlace ") {
			t.Errorf("%s: %d columns in a terminal of %d: %q", screen, got, width, line)
		}
	}
}

var discovery = report.Discovery{
	Asked: 12, Answered: 10,
	Inventory: inventory.New(),
	Findings: []report.Finding{
		{Kind: "unreachable", Stops: true, Store: "s001", Server: "imap01", Text: "imap01:143 did not answer within 30 seconds: connection refused", Hint: "--partial keeps what was known of them"},
		{Kind: "user_twice", Store: "s002", Server: "imap02", User: "a.very.long.user.name@example.org", Text: "the user is on stores s002 and s003"},
	},
	Changes: inventory.Changes{{Subject: "users", What: "added", Count: 7, First: []inventory.Example{{Name: "anna"}, {Name: "bob", From: "s001", To: "s002"}, {Name: "carol"}, {Name: "dave"}}}},
}
