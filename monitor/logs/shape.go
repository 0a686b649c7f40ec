package logs

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// mostShape is how long a shape may be.
const mostShape = 160

// shape returns what lines of one kind have in common: the words, with holes for
// numbers, quoted words, names of mailboxes and users, paths and identifiers.
func shape(message string) string {
	message = message[:min(len(message), 4*mostShape)]
	var b strings.Builder
	for len(message) > 0 && b.Len() < mostShape {
		switch c := message[0]; {
		case c == ' ' || c == '\t':
			message = strings.TrimLeft(message, " \t")
			b.WriteByte(' ')
		case c == '<' || c == '"' || c == '\'' || c == '(':
			closing := map[byte]byte{'<': '>', '"': '"', '\'': '\'', '(': ')'}[c]
			end := strings.IndexByte(message[1:], closing)
			if end <= 0 {
				b.WriteByte(c)
				message = message[1:]
				continue
			}
			b.WriteString(string(c) + "…" + string(closing))
			message = message[end+2:]
		default:
			end := strings.IndexAny(message, " \t<\"'(=")
			if end < 0 {
				end = len(message)
			} else if message[end] == '=' {
				end++
			}
			b.WriteString(hole(message[:max(end, 1)]))
			message = message[max(end, 1):]
		}
	}
	return shown(strings.TrimSpace(b.String()), mostShape)
}

// hole returns a word, or what stands for it where others may stand instead.
func hole(word string) string {
	name := strings.TrimRight(word, ",:;.)=")
	if strings.ContainsAny(name, "0123456789") || strings.ContainsAny(strings.TrimLeft(name, "/."), "./@!^\\%$") || strings.HasPrefix(name, "/") {
		return "…" + word[len(name):]
	}
	return word
}

// shown returns a text that may go to a terminal and into a mail: everything
// escaped that does not print, and cut after so many characters.
func shown(text string, most int) string {
	var b strings.Builder
	n := 0
	for i := 0; i < len(text); n++ {
		if n == most {
			b.WriteString("…")
			break
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size == 1 || !strconv.IsPrint(r) {
			quoted := strconv.QuoteToASCII(text[i : i+size])
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteString(text[i : i+size])
		}
		i += size
	}
	return b.String()
}
