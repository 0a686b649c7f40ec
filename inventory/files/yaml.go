package files

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// parse returns the root of a fleet file, or nil. After a mistake that stops
// the parser it reports that, and returns the root of what stands before it, if
// that can be parsed.
func (r *reader) parse(text []byte) *yaml.Node {
	text = bytes.TrimPrefix(text, utf8BOM)
	if isUTF16(text) {
		r.mistakes.add(position{r.fleet, 1, 1}, encodingHint, "the file is UTF-16")
		return nil
	}
	if at := badCharacter(text); at >= 0 {
		r.badCharacter(text, at)
		return nil
	}
	root, second, err := decode(bytes.NewReader(text))
	switch {
	case err != nil:
		return r.reached(text, err)
	case second != nil:
		r.mistakes.add(r.at(second), "", "a second document begins here; a fleet file holds one")
	case root == nil:
		r.mistakes.add(position{r.fleet, 1, 1}, "", "the file is empty")
	}
	return root
}

// decode parses the first document of a text and the second, which should not be.
func decode(in io.Reader) (root, second *yaml.Node, err error) {
	decoder := yaml.NewDecoder(in)
	var documents [2]yaml.Node
	for i := range documents {
		err := decoder.Decode(&documents[i])
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return root, nil, err
		}
		if i == 0 && len(documents[0].Content) > 0 {
			root = documents[0].Content[0]
		}
		if i == 1 {
			second = &documents[1]
		}
	}
	return root, second, nil
}

// reached reports why the parser stopped and returns the root of what stands
// before: the text up to the line in question or, if that is in the middle of
// something, up to the last key of the fleet before it.
func (r *reader) reached(text []byte, err error) *yaml.Node {
	at, why := stopped(text, err)
	r.mistakes.add(position{r.fleet, lineAt(text, at), columnAt(text, at)}, why.hint, "%s", why.text)
	r.partial = true
	before := text[:bytes.LastIndexByte(text[:at], '\n')+1]
	for _, text := range [][]byte{before, before[:lastKey(before)]} {
		if root, _, err := decode(bytes.NewReader(text)); err == nil {
			return root
		}
	}
	return nil
}

// lastKey returns where the last line begins that looks like a key of the fleet.
func lastKey(text []byte) int {
	for end := len(text); end > 0; {
		begin := bytes.LastIndexByte(text[:end-1], '\n') + 1
		if line := text[begin:end]; line[0] >= 'a' && line[0] <= 'z' && bytes.IndexByte(line, ':') >= 0 {
			return begin
		}
		end = begin
	}
	return 0
}

// badCharacter returns the offset of the first byte that YAML does not allow,
// or -1.
func badCharacter(text []byte) int {
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRune(text[i:])
		switch {
		case c == utf8.RuneError && size == 1:
			return i
		case c < ' ' && c != '\t' && c != '\n' && c != '\r', c >= 0x7f && c < 0xa0 && c != 0x85, c == 0xfffe, c == 0xffff:
			return i
		}
		i += size
	}
	return -1
}

func (r *reader) badCharacter(text []byte, at int) {
	position := position{r.fleet, lineAt(text, at), columnAt(text, at)}
	if c, size := utf8.DecodeRune(text[at:]); size > 1 || c != utf8.RuneError {
		r.mistakes.add(position, "", "%s is a control character, which YAML does not allow", strconv.QuoteRune(c))
		return
	}
	r.mistakes.add(position, encodingHint, "the byte %#02x is not UTF-8", text[at])
}

// lineAt returns the number of the line at an offset, from 1.
func lineAt(text []byte, at int) int { return bytes.Count(text[:at], []byte("\n")) + 1 }

// columnAt returns the number of the character at an offset in its line, from 1.
func columnAt(text []byte, at int) int {
	return utf8.RuneCount(text[bytes.LastIndexByte(text[:at], '\n')+1:at]) + 1
}
