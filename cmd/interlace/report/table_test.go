package report

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/planner"
)

var update = flag.Bool("update", false, "write what was found into the golden files")

// golden compares the text with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

func textOf(t *testing.T, b Block, style Style) string {
	t.Helper()
	var out bytes.Buffer
	if err := b.Text(&out, style); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func csvOf(t *testing.T, table *Table) string {
	t.Helper()
	var out bytes.Buffer
	if err := table.CSV(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func jsonOf(t *testing.T, table *Table, name string) string {
	t.Helper()
	var out bytes.Buffer
	if err := table.JSON(&out, name); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// sample has a cell of every kind, and names that mean harm.
func sample() *Table {
	return &Table{
		Columns: []Column{
			left("name", "name", 0), left("stores", "stores", 2), right("users", "users", 1), right("full", "utilisation", 0),
			right("disk", "disk_bytes", 0),
			{Heading: "io", Key: "io_ops_per_s", Right: true, Unit: "ops/s", Drop: 3},
			right("takes", "seconds", 4), left("", "", 5), hidden("note"),
		},
		Rows: slices.Values([][]Cell{
			{
				words("imap1"), list([]string{"s1", "s2"}), count(1234567), figure(Ratio, 0.9344).in(Broken),
				figure(Size, int64(45_300_000_000_000)), figure(Quantity, 8912.0), figure(Seconds, 112_800.0), figure(Bar, 0.64), words("=1+1"),
			},
			{
				words("\x1b[31mred\nline\u202e"), list([]string{}), count(7), figure(Ratio, 1.184),
				figure(Size, int64(1)), figure(Quantity, 0.5), figure(Seconds, 0.25), figure(Bar, 9.0), words("-x"),
			},
			{words("日本"), Unknown, Unknown, Unknown, Unknown, Unknown, Unknown, Nothing, Nothing},
			{words("@cmd"), Nothing, Nothing, Nothing, {Kind: Size, Value: 2 << 40, Estimated: true}, Nothing, Nothing, Nothing, words("\tx")},
		}),
	}
}

func TestTableText(t *testing.T) {
	golden(t, "table.txt", textOf(t, sample(), Style{}))
}

func TestTableCSV(t *testing.T) {
	golden(t, "table.csv", csvOf(t, sample()))
}

func TestTableJSON(t *testing.T) {
	golden(t, "table.json", jsonOf(t, sample(), "servers"))
}

// A long table is written row by row, and looks the same.
func TestLongTableLooksTheSame(t *testing.T) {
	long := func(n int) *Table {
		s := sample()
		head := slices.Collect(s.Rows)
		return &Table{Columns: s.Columns, Rows: func(yield func([]Cell) bool) {
			for i := range n {
				if !yield(head[i%len(head)]) {
					return
				}
			}
		}}
	}
	short := textOf(t, long(drawnRows), Style{Colour: true})
	extra := textOf(t, long(drawnRows+1), Style{Colour: true})
	if !strings.HasPrefix(extra, short) {
		i := 0
		for i < len(short) && short[i] == extra[i] {
			i++
		}
		t.Errorf("rows differ near %q against %q", extra[max(0, i-80):i+80], short[max(0, i-80):i+80])
	}
}

func TestNarrowTerminalDropsTheLeastUseful(t *testing.T) {
	for _, width := range []int{120, 70, 50, 40, 20} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			golden(t, fmt.Sprintf("narrow-%d.txt", width), textOf(t, sample(), Style{Width: width}))
		})
	}
}

func TestColourOnlyWhereAllowed(t *testing.T) {
	if plain := textOf(t, sample(), Style{}); strings.Contains(plain, "\x1b") {
		t.Errorf("escape sequences in plain text: %q", plain)
	}
	if coloured := textOf(t, sample(), Style{Colour: true}); !strings.Contains(coloured, "\x1b[31m93.4 %\x1b[0m") {
		t.Errorf("a broken promise is not red: %q", coloured)
	}
}

func TestFigures(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Rounded(999_999), "999,999"},
		{Rounded(1_234_567), "1.23 M"},
		{PercentText(0), "0.0 %"},
		{PercentText(0.9344), "93.4 %"},
		{PercentText(0.99949), "99.9 %"},
		{PercentText(0.9996), "100 %"},
		{PercentText(1.184), "118 %"},
		{PercentText(-0.01), "-1.0 %"},
		{BytesText(int64(0)), "0 B"},
		{BytesText(int64(1023)), "1.00 KiB"},
		{BytesText(int64(999)), "999 B"},
		{BytesText(int64(1024)), "1.00 KiB"},
		{BytesText(int64(45_300_000_000_000)), "41.2 TiB"},
		{BytesText(int64(1) << 60), "1,024 PiB"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// A schedule of before its changes told what they do shows that as unknown.
func TestSchedulesThatTellLess(t *testing.T) {
	wave := 1
	table := ScheduledChanges([]planner.ScheduledChange{{Plan: "0123456789abcdef", ID: "c1", Wave: &wave, EndSeconds: 60}})
	got := strings.Fields(textOf(t, table, Style{}))
	if want := strings.Fields("plan change wave starts ends what copied 0123456789abcdef c1 1 0 s 1 m – –"); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if csv := csvOf(t, table); !strings.HasSuffix(csv, ",c1,1,0,60,,,,,,,\n") {
		t.Errorf("got %q", csv)
	}
}

// Where a schedule orders several plans, of which each has a c1, no change is named without its plan,
// however narrow the screen is.
func TestChangesOfSeveralPlans(t *testing.T) {
	wave := 1
	change := func(plan string) planner.ScheduledChange {
		return planner.ScheduledChange{Plan: plan, ID: "c1", Wave: &wave, EndSeconds: 60, Do: planner.Move, User: "anna", From: "s1", To: "s2"}
	}
	several := ScheduledChanges([]planner.ScheduledChange{change("0123456789abcdef"), change("0123486789abcdef"), change("f")})
	for width := 90; width < 200; width++ {
		text := strings.Join(strings.Fields(textOf(t, several, Style{Width: width})), " ")
		for _, want := range []string{"c1 of 012345 ", "c1 of 012348 ", "c1 of f "} {
			if !strings.Contains(text, want) {
				t.Errorf("in %d columns no %s:\n%s", width, want, text)
			}
		}
	}
	if text := textOf(t, several, Style{Width: 40}); strings.Contains(text, "c1") && !strings.Contains(text, "012345") {
		t.Errorf("changes look alike:\n%s", text)
	}
	if csv := csvOf(t, several); !strings.Contains(csv, "0123456789abcdef,c1,1,") {
		t.Errorf("got %q", csv)
	}
}

// No figure of a column of sizes has more than three significant digits, and
// none that is not zero is shown as zero.
func TestOneScale(t *testing.T) {
	for _, largest := range []float64{1, 9.99, 99.9, 999, 1000, 1023, 1024, 123456, 1 << 40, 3 << 50} {
		for _, scales := range [][]scale{binaryScales, decimalScales} {
			s := chooseScale(scales, largest)
			text := s.text(largest)
			if n := len(strings.Trim(strings.ReplaceAll(text, ".", ""), "0")); n > 3 && largest < 1<<50 {
				t.Errorf("%g is %q", largest, text)
			}
			if small := s.text(largest / 1e9); small == s.text(0) {
				t.Errorf("a small part of %g is shown as zero", largest)
			}
		}
	}
}

// A line that is too wide is broken between words, nothing of it is lost, and
// no part is wider than the terminal unless a word is.
func TestWrapped(t *testing.T) {
	const line = "changes   453 promotions (0 B, 22,586 users interrupted) · 857 replicas seeded (36.4 TiB) · 852 dropped"
	for width := range 130 {
		parts := Wrapped(line, width, 10)
		if got := strings.Join(strings.Fields(strings.Join(parts, " ")), " "); got != strings.Join(strings.Fields(line), " ") {
			t.Errorf("width %d: %q", width, parts)
		}
		for _, part := range parts {
			if n := len([]rune(part)); width > 30 && n > width {
				t.Errorf("width %d: %q has %d columns", width, part, n)
			}
		}
	}
	if got := Wrapped(line, 80, 10); got[1] != "          857 replicas seeded (36.4 TiB) · 852 dropped" {
		t.Errorf("broken at %q", got)
	}
}

// A command at the end of what is told stays whole, however narrow the terminal is.
func TestParagraph(t *testing.T) {
	const prose, command = "interlace: user anna has to be denied on imap2:", "/usr/lib/cyrus/bin/cyr_deny -C /etc/s1.conf -m 'the mailbox is being moved' -- anna"
	for width := range 200 {
		got, whole := Paragraph(prose+" "+command, width, 4), len(prose+" "+command)
		switch {
		case width == 0 || width >= whole:
			if len(got) != 1 {
				t.Errorf("width %d: %q", width, got)
			}
		case got[len(got)-1] != "    "+command || strings.Join(strings.Fields(strings.Join(got[:len(got)-1], " ")), " ") != prose:
			t.Errorf("width %d: %q", width, got)
		}
	}
	if got := Paragraph("open a file: /etc/imapd.conf: permission denied for whoever has no right to read it", 40, 4); len(got) != 3 {
		t.Errorf("%q", got)
	}
}
