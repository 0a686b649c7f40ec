package files

import (
	"bytes"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

var parserError = regexp.MustCompile(`^yaml: (?:line ([0-9]+): )?(.*)$`)

// complaint is what we say where the YAML parser says something in its own way.
type complaint struct {
	text string
	at   string // the characters of which one is the cause; none: what was read last
	hint string
}

// block stands in place of the characters for a line that does not fit into
// what stands above it.
const block = "block"

// complaints by the parser's words.
var complaints = map[string]complaint{
	"mapping values are not allowed in this context": {
		"a key can't stand here", ":", "its indentation differs from the keys above, or a text with a colon in it lacks quotes",
	},
	"found character that cannot start any token": {
		"a value can't begin like this", "\t@`%", "YAML is indented with spaces only; a value that begins with @, ` or % is put in quotes",
	},
	"found a tab character that violates indentation": {
		"a tab stands in the indentation", "\t", "YAML is indented with spaces only",
	},
	"found unknown escape character": {"this escape is not known", `\`, `in quotes a backslash is written \\`},
	"did not find expected key":      {"a key with the indentation of those above is expected here", block, ""},
	"did not find expected '-' indicator": {
		"another item of the list, beginning with -, is expected here", block, "",
	},
	"did not find expected <document start>": {"nothing can follow here", block, ""},
	"could not find expected ':'":            {"a key and a colon are expected here", block, ""},
	"did not find expected node content":     {"a value is expected here", "", ""},
	"did not find expected ',' or ']'": {
		"the list that begins here is not closed by ], or a comma is missing", "[]", "",
	},
	"did not find expected ',' or '}'": {
		"the mapping that begins here is not closed by }, or a comma is missing", "{}", "",
	},
	"found unexpected end of stream": {"the quote that opens here is not closed", `"'`, ""},
}

// stopped returns where and why the parser stopped. Its own messages name the
// line, not always the right one, and no column. So the text is parsed once
// more, handed out byte by byte, to see how far the parser had to read; from
// there the cause is not far.
func stopped(text []byte, err error) (at int, why complaint) {
	match := parserError.FindStringSubmatch(err.Error())
	if match == nil {
		return 0, complaint{text: "YAML: " + err.Error()}
	}
	number, _ := strconv.Atoi(match[1])
	why, known := complaints[match[2]]
	if strings.HasPrefix(match[2], "unknown anchor") {
		why, known = complaint{aliasText, "*", aliasHint}, true
	}
	switch {
	case !known:
		return lastCharacter(text, consumed(text)), complaint{text: "YAML: " + match[2]}
	case why.at == "[]" || why.at == "{}":
		return unclosed(text, number+1, why.at), why // the parser counts these lines from 0
	case strings.Contains(why.at, `"`):
		return opening(text, number, why.at), why
	case why.at == block:
		return structural(text, match[2]), why
	}
	end := consumed(text)
	if at := bytes.LastIndexAny(text[:end], why.at); why.at != "" && at >= 0 {
		return at, why
	}
	return lastCharacter(text, end), why
}

// consumed returns how much of the text the parser reads until it stops.
func consumed(text []byte) int {
	in := &slowReader{text: text}
	_, _, _ = decode(in)
	return in.at
}

// structural returns the begin of the line in which a block is broken. The
// parser looks ahead by a word, which may stand in a later line: the cause is
// the earliest line with which the text ends in the same complaint.
func structural(text []byte, problem string) int {
	at := lastCharacter(text, consumed(text))
	const farthest = 4 // lines back
	for range farthest {
		earlier := text[:bytes.LastIndexByte(text[:at], '\n')+1]
		if _, _, err := decode(bytes.NewReader(earlier)); err == nil || !strings.HasSuffix(err.Error(), problem) {
			break
		}
		at = lastCharacter(earlier, len(earlier))
	}
	return indented(text, lineAt(text, at))
}

// unclosed returns where in a line the last bracket opens that does not close
// there. Where the line has none it is the first line: the parser says
// something else of brackets that open there.
func unclosed(text []byte, number int, brackets string) int {
	for _, number := range []int{number, 1} {
		begin, end := bounds(text, number)
		var open []int
		for i := begin; i < end; i++ {
			switch text[i] {
			case brackets[0]:
				open = append(open, i)
			case brackets[1]:
				open = open[:max(len(open)-1, 0)]
			}
		}
		if len(open) > 0 {
			return open[len(open)-1]
		}
	}
	return indented(text, number)
}

// opening returns where the last quote of a line is, or of the first line if
// this one has none.
func opening(text []byte, number int, quotes string) int {
	for _, number := range []int{number, 1} {
		begin, end := bounds(text, number)
		if at := bytes.LastIndexAny(text[begin:end], quotes); at >= 0 {
			return begin + at
		}
	}
	return indented(text, number)
}

// bounds returns where a line begins and ends.
func bounds(text []byte, number int) (begin, end int) {
	for range number - 1 {
		next := bytes.IndexByte(text[begin:], '\n')
		if next < 0 {
			break
		}
		begin += next + 1
	}
	if next := bytes.IndexByte(text[begin:], '\n'); next >= 0 {
		return begin, begin + next
	}
	return begin, len(text)
}

// indented returns the offset of the first character of the line that is no space.
func indented(text []byte, number int) int {
	begin, end := bounds(text, number)
	for begin < end && text[begin] == ' ' {
		begin++
	}
	return begin
}

// lastCharacter returns the offset of the last character before the end that is
// neither space nor line end.
func lastCharacter(text []byte, end int) int {
	read := bytes.TrimRight(text[:end], " \r\n")
	_, size := utf8.DecodeLastRune(read)
	return max(len(read)-size, 0)
}

// slowReader hands out a text byte by byte.
type slowReader struct {
	text []byte
	at   int
}

// Read reads one byte.
func (s *slowReader) Read(p []byte) (int, error) {
	if s.at == len(s.text) {
		return 0, io.EOF
	}
	p[0] = s.text[s.at]
	s.at++
	return 1, nil
}
