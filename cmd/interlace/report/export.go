package report

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// CSV writes the table with a header row (RFC 4180 with plain line feeds).
// Figures are plain, unknown is empty, lists are separated by spaces.
func (t *Table) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	keep := t.keyed()
	record := make([]string, len(keep))
	for i, c := range keep {
		record[i] = t.Columns[c].Key
	}
	if err := out.Write(record); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	for row := range t.Rows {
		for i, c := range keep {
			record[i] = row[c].csv()
		}
		if err := out.Write(record); err != nil {
			return fmt.Errorf("write CSV: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// JSON writes an object whose only member, called name, is the list of rows,
// one row a line, each an object by column key.
func (t *Table) JSON(w io.Writer, name string) error {
	out := bufio.NewWriter(w)
	keep := t.keyed()
	fmt.Fprintf(out, "{%s: [", quoted(name))
	separator := "\n"
	for row := range t.Rows {
		out.WriteString(separator + "  {")
		for i, c := range keep {
			if i > 0 {
				out.WriteString(", ")
			}
			fmt.Fprintf(out, "%s: %s", quoted(t.Columns[c].Key), row[c].json())
		}
		out.WriteString("}")
		separator = ",\n"
	}
	out.WriteString("\n]}\n")
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// keyed returns the indices of the columns that machines read.
func (t *Table) keyed() []int {
	var keep []int
	for i, c := range t.Columns {
		if c.Key != "" {
			keep = append(keep, i)
		}
	}
	return keep
}

func (c *Cell) csv() string {
	switch {
	case c.Unknown || c.Blank:
		return ""
	case c.Kind == Words:
		return spreadsheetText(c.Text)
	case c.Kind == List:
		return spreadsheetText(strings.Join(c.List, " "))
	}
	return plain(c.Value)
}

func (c *Cell) json() string {
	switch {
	case c.Unknown || c.Blank:
		return "null"
	case c.Kind == Words:
		return quoted(c.Text)
	case c.Kind == List:
		items := make([]string, len(c.List))
		for i, item := range c.List {
			items[i] = quoted(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return plain(c.Value)
}

// plain returns the shortest decimal that reads back as the same number.
func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func quoted(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // a string always encodes
	}
	return strings.TrimSuffix(b.String(), "\n")
}
