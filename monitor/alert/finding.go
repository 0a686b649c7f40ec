package alert

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"strings"
	"unicode"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Key returns what a finding is about: the same for the same kind, server,
// store, channel and subject.
func Key(f *monitor.Finding) string {
	return hash(string(f.Kind), string(f.Server), string(f.Store), string(f.Channel), string(f.Subject))
}

// hash returns 16 hexadecimal digits of the words. Their lengths keep two lists
// apart that read the same when written one after the other.
func hash(words ...string) string {
	sum := sha256.New()
	for _, word := range words {
		var length [8]byte
		for i := range length {
			length[i] = byte(len(word) >> (8 * i))
		}
		sum.Write(length[:])
		sum.Write([]byte(word))
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// Longest texts of a finding that are kept, in bytes.
const (
	longestName    = 300
	longestText    = 2000
	longestCommand = 8000
)

// tidied returns the finding as it may be kept and printed: its texts are of
// bounded length, in one line and without what moves a cursor, and names are
// written as they are shown elsewhere. A command that would not survive that
// cannot be pasted and is left out.
func tidied(f monitor.Finding) monitor.Finding {
	for _, name := range []*inventory.Text{&f.Server, &f.Store, &f.Channel, &f.Subject, &f.Since, &f.SinceBy, &f.Mark} {
		*name = inventory.Text(line(inventory.Clean(string(*name)), longestName))
	}
	f.Kind, f.Text = monitor.Kind(line(string(f.Kind), longestName)), line(f.Text, longestText)
	f.Said = inventory.Text(line(string(f.Said), longestText))
	if f.Severity.Rank() == 0 {
		f.Severity = monitor.Warning
	}
	if command := line(string(f.Command), longestCommand); command != string(f.Command) {
		f.Command = ""
	}
	if math.IsNaN(f.Value.Value) || math.IsInf(f.Value.Value, 0) {
		f.Value = inventory.Number{}
	}
	return f
}

// line returns a text in one line of at most that many bytes. What does not
// print becomes a question mark.
func line(text string, most int) string {
	const ellipsis = "…"
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case r == ' ' || unicode.IsPrint(r) && r != unicode.ReplacementChar:
			return r
		}
		return '?'
	}, text)
	if len(text) <= most {
		return text
	}
	end := 0
	for i := range text {
		if i > most-len(ellipsis) {
			break
		}
		end = i
	}
	return text[:end] + ellipsis
}
