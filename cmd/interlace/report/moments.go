package report

import (
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// zone is that of times, behind them or behind the heading of their column.
const zone = " UTC"

// when is a time in a column of moments, that may not have come yet.
func when(at inventory.Text) Cell {
	if text := minute(at); text != "" {
		return words(strings.TrimSuffix(text, zone))
	}
	return Unknown
}

// day is the day of a time; empty if there is none.
func day(at inventory.Text) string {
	date, _, _ := strings.Cut(minute(at), " ")
	return date
}

// minute is a time as people read it; empty if there is none.
func minute(at inventory.Text) string {
	t, err := time.Parse(time.RFC3339, string(at))
	if err != nil {
		return ""
	}
	return monitor.Minute(t)
}
