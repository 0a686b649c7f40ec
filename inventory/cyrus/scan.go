package cyrus

import (
	"bytes"
	"strconv"
)

// deepest is how deep lists may nest. Cyrus's own answers need three levels.
const deepest = 20

// scanner reads the parts of one answer from left to right. The first thing
// that is not as it should be stops it: all further reads return zero values
// and err says what was expected.
type scanner struct {
	whole []byte // for the error message
	rest  []byte
	err   error
}

func scan(answer []byte) *scanner { return &scanner{whole: answer, rest: answer} }

func (s *scanner) fail(expected string) {
	if s.err == nil {
		s.err = protocolError("expected "+expected+" at byte "+strconv.Itoa(len(s.whole)-len(s.rest)), s.whole)
	}
	s.rest = nil
}

// is reads the text if it comes next.
func (s *scanner) is(text string) bool {
	if !bytes.HasPrefix(s.rest, []byte(text)) {
		return false
	}
	s.rest = s.rest[len(text):]
	return true
}

// expect reads the text.
func (s *scanner) expect(text string) {
	if !s.is(text) {
		s.fail(strconv.Quote(text))
	}
}

// end checks that nothing is left.
func (s *scanner) end() {
	if len(s.rest) > 0 {
		s.fail("the end")
	}
}

// word reads an atom. What stands in one is taken widely: all that neither
// separates nor begins anything else.
func (s *scanner) word() []byte {
	n := 0
	for n < len(s.rest) && isWordByte(s.rest[n]) {
		n++
	}
	if n == 0 {
		s.fail("a word")
		return nil
	}
	word := s.rest[:n]
	s.rest = s.rest[n:]
	return word
}

func isWordByte(b byte) bool {
	return b > ' ' && b != 0x7f && b != '(' && b != ')' && b != '"' && b != '{'
}

// text reads a word, a quoted string or a literal (astring of RFC 9051).
func (s *scanner) text() []byte {
	switch {
	case s.is(`"`):
		return s.quoted()
	case bytes.HasPrefix(s.rest, []byte("{")):
		return s.literal()
	}
	return s.word()
}

// quoted reads what is left of a quoted string. It is copied only where
// something in it is escaped.
func (s *scanner) quoted() []byte {
	end := bytes.IndexAny(s.rest, `"\`)
	if end >= 0 && s.rest[end] == '"' {
		text := s.rest[:end]
		s.rest = s.rest[end+1:]
		return text
	}
	var text []byte
	for i := 0; i < len(s.rest); i++ {
		switch s.rest[i] {
		case '"':
			s.rest = s.rest[i+1:]
			return text
		case '\\':
			if i++; i == len(s.rest) {
				break
			}
			fallthrough
		default:
			text = append(text, s.rest[i])
		}
	}
	s.fail("the end of a quoted string")
	return nil
}

func (s *scanner) literal() []byte {
	line, behind, found := bytes.Cut(s.rest, []byte("\r\n"))
	size, isSize := literalSize(line)
	if !found || !isSize || bytes.IndexByte(line[1:], '{') >= 0 || size > int64(len(behind)) {
		s.fail("a literal")
		return nil
	}
	s.rest = behind[size:]
	return behind[:size]
}

// number reads a whole number from 0 to most.
func (s *scanner) number(most uint64) uint64 {
	at := *s
	n, err := strconv.ParseUint(string(s.word()), 10, 64)
	if s.err == nil && (err != nil || n > most) {
		*s = at
		s.fail("a number from 0 to " + strconv.FormatUint(most, 10))
		return 0
	}
	return n
}

// skip reads any value: a text or a list of values.
func (s *scanner) skip() { s.skipAt(0) }

func (s *scanner) skipAt(depth int) {
	s.is("%") // a list of keys and values, in SYNCGET
	if !s.is("(") {
		s.text()
		return
	}
	if depth == deepest {
		s.fail("less nesting")
		return
	}
	for first := true; s.err == nil && !s.is(")"); first = false {
		if !first {
			s.expect(" ")
		}
		s.skipAt(depth + 1)
	}
}

// pairs reads a list of keys with values, "(KEY value KEY value)", and calls
// value for each key. What value does not know it skips.
func (s *scanner) pairs(value func(key []byte)) {
	s.expect("(")
	for first := true; s.err == nil && !s.is(")"); first = false {
		if !first {
			s.expect(" ")
		}
		key := s.text()
		s.expect(" ")
		value(key)
	}
}
