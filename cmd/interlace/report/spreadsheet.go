package report

import "strings"

// spreadsheetText returns a text that no spreadsheet takes for a formula.
func spreadsheetText(s string) string {
	if s != "" && strings.IndexByte("=+-@\t", s[0]) >= 0 {
		return "'" + s
	}
	return s
}
