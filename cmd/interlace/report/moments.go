package report

import (
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// when is a time, as people read it, that may not have come yet.
func when(at inventory.Text) Cell {
	if text := minute(at); text != "" {
		return words(text)
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
	return t.UTC().Format("2006-01-02 15:04")
}
