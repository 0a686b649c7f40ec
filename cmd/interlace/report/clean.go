package report

import (
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// CleanLines is [inventory.Clean] for text of several lines, whose line breaks stay.
func CleanLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = inventory.Clean(lines[i])
	}
	return strings.Join(lines, "\n")
}

// spreadsheetText returns a text that no spreadsheet takes for a formula.
func spreadsheetText(s string) string {
	if s != "" && strings.IndexByte("=+-@\t", s[0]) >= 0 {
		return "'" + s
	}
	return s
}
