package inventory

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Paste writes a command so that it can be pasted into a POSIX shell, whatever
// its words hold. A word with control characters or other bytes that are no text
// could do something to the terminal before the shell sees it: then there is no
// command to paste.
func Paste(words ...string) Text {
	quoted := make([]string, len(words))
	for i, word := range words {
		if !utf8.ValidString(word) || strings.ContainsFunc(word, unpastable) {
			return ""
		}
		quoted[i] = shellWord(word, i == 0)
	}
	return Text(strings.Join(quoted, " "))
}

// unpastable reports characters that act on a terminal or hide what is there,
// such as marks that reverse the direction of writing.
func unpastable(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

var (
	plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+:,./=-]*$`)
	assigning = regexp.MustCompile(`^[A-Za-z0-9_]+=`)
)

// shellWord quotes a word where a shell would take it for something else: as the
// first of a command, NAME=VALUE would set a variable.
func shellWord(word string, first bool) string {
	if plainWord.MatchString(word) && !(first && assigning.MatchString(word)) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
