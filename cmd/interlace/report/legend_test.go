package report

import (
	"strings"
	"testing"
)

// Notes are about what is shown, and columns that tell no rows apart go first.
func TestLegendIsOfWhatIsShown(t *testing.T) {
	columns := []Column{left("name", "name", 0), right("sampled", "sampled", 3), right("same", "same", 1), right("differs", "differs", 2)}
	rows := [][]Cell{
		{words("a"), figure(Ratio, 0.5).as("~50.0 %"), count(7), count(1)},
		{words("b"), figure(Ratio, 0.6).as("~60.0 %"), count(7), count(2)},
	}
	for width, c := range map[int]struct{ has, hasNot []string }{
		0:  {[]string{"sampled, differs: figures", "same: always", "~: drawn"}, []string{"left out"}},
		27: {[]string{"sampled, differs: figures", "~: drawn", "1 column left"}, []string{"always"}},
		18: {[]string{"differs: figures", "2 columns left"}, []string{"~", "always"}},
	} {
		table := &Table{Columns: append([]Column{}, columns...), Rows: rowsOf(rows, func(row []Cell) []Cell { return row })}
		table.dropConstant()
		var b strings.Builder
		err := Legend{table, []Note{
			{Columns: []string{"sampled", "differs"}, Words: "figures"}, {Columns: []string{"same"}, Words: "always"}, {Mark: "~", Words: "drawn"},
		}}.Text(&b, Style{Width: width})
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(b.String()), " ")
		for _, part := range c.has {
			if !strings.Contains(text, part) {
				t.Errorf("width %d: no %q in\n%s", width, part, &b)
			}
		}
		for _, part := range c.hasNot {
			if strings.Contains(text, part) {
				t.Errorf("width %d: %q in\n%s", width, part, &b)
			}
		}
	}
}

// Columns of one scale have one unit, in which small values keep three digits.
func TestColumnsOfOneScale(t *testing.T) {
	table := &Table{
		Columns: []Column{right("copied", "", 0).scaled("bytes"), right("at least", "", 0).scaled("bytes")},
		Rows:    rowsOf([]float64{1.5, 0.25, 0.0125, 0}, func(v float64) []Cell { return []Cell{figure(Size, v*(1<<40)), figure(Size, v*(1<<38))} }),
	}
	var b strings.Builder
	if err := table.Text(&b, Style{}); err != nil {
		t.Fatal(err)
	}
	want := "copied TiB at least TiB 1.50 0.375 0.250 0.0625 0.0125 0.00313 0.00 0.00"
	if got := strings.Join(strings.Fields(b.String()), " "); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// However narrow a terminal is, two columns have two spaces between them.
func TestNarrowColumnsDoNotTouch(t *testing.T) {
	table := &Table{
		Columns: []Column{left("", "", 0), right("computed", "", 0), right("simulated", "", 0)},
		Rows: rowsOf([]string{"how often the last copy of a store is lost"}, func(name string) []Cell {
			return []Cell{words(name), words("once in 1,080 years"), words("once in 1,090 years")}
		}),
	}
	for width := 44; width < 90; width++ {
		var b strings.Builder
		if err := table.Text(&b, Style{Width: width}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), "  once") && !strings.Contains(b.String(), "\nonce") {
			t.Errorf("width %d:\n%s", width, &b)
		}
		if strings.Contains(b.String(), "years once") {
			t.Errorf("width %d: columns touch:\n%s", width, &b)
		}
	}
}
