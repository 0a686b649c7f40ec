package files

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"
)

// lineReader hands out the lines of a file one by one without keeping them.
type lineReader struct {
	in   *bufio.Reader
	line int // number of the line that was read last, from 1

	bytes int64 // in all lines that were not too long
}

var errLongLine = errors.New("the line is longer than 64 KiB")

func newLineReader(in io.Reader) *lineReader {
	l := &lineReader{in: bufio.NewReaderSize(in, maxLine)}
	if start, _ := l.in.Peek(len(utf8BOM)); bytes.Equal(start, utf8BOM) {
		l.in.Discard(len(utf8BOM))
	}
	return l
}

// next returns the next line without its end, valid until the next call. After
// errLongLine, for which it skips the line, it can go on; any other error is
// the last, io.EOF the good one.
func (l *lineReader) next() ([]byte, error) {
	text, err := l.in.ReadSlice('\n')
	if err == nil || err == io.EOF && len(text) > 0 || err == bufio.ErrBufferFull {
		l.line++
	}
	switch {
	case err == bufio.ErrBufferFull:
		return nil, l.skip()
	case err != nil && (err != io.EOF || len(text) == 0):
		return nil, err
	}
	l.bytes += int64(len(text))
	text = bytes.TrimSuffix(text, []byte("\n"))
	return bytes.TrimSuffix(text, []byte("\r")), nil
}

// skip reads over the rest of a line that is too long.
func (l *lineReader) skip() error {
	for {
		switch _, err := l.in.ReadSlice('\n'); err {
		case bufio.ErrBufferFull:
		case nil, io.EOF:
			return errLongLine
		default:
			return err
		}
	}
}

// record is a line of CSV taken apart.
type record struct {
	text   []byte   // the line
	cells  [][]byte // what the fields hold, valid until the next line
	starts []int    // where each field begins in the line, in bytes
	quoted []byte   // content of quoted fields that hold quotes
}

// syntax is a mistake in the form of a line.
type syntax struct {
	offset     int // in bytes
	text, hint string
}

// split takes a line apart. What it returns beside nil leaves the record
// without use.
func (r *record) split(line []byte) *syntax {
	r.text, r.cells, r.starts, r.quoted = line, r.cells[:0], r.starts[:0], r.quoted[:0]
	for start := 0; ; {
		r.starts = append(r.starts, start)
		if start < len(line) && line[start] == '"' {
			end, wrong := r.quotedField(start)
			if wrong != nil {
				return wrong
			}
			if end == len(line) {
				return nil
			}
			start = end + 1
			continue
		}
		field, more := line[start:], false
		if comma := bytes.IndexByte(field, ','); comma >= 0 {
			field, more = field[:comma], true
		}
		if quote := bytes.IndexByte(field, '"'); quote >= 0 {
			return &syntax{start + quote, "a quote stands inside a field", `put the whole field in quotes and double those inside, such as "a ""b"" c"`}
		}
		r.cells = append(r.cells, field)
		if !more {
			return nil
		}
		start += len(field) + 1
	}
}

// quotedField appends the field that begins with a quote and returns where the
// comma or the end of the line behind it is.
func (r *record) quotedField(start int) (end int, wrong *syntax) {
	kept := len(r.quoted)
	for at := start + 1; ; {
		quote := bytes.IndexByte(r.text[at:], '"')
		if quote < 0 {
			return 0, &syntax{start, "the quote that opens here is not closed on this line", ""}
		}
		r.quoted = append(r.quoted, r.text[at:at+quote]...)
		at += quote + 1
		switch {
		case at == len(r.text) || r.text[at] == ',':
			r.cells = append(r.cells, r.quoted[kept:len(r.quoted):len(r.quoted)])
			return at, nil
		case r.text[at] != '"':
			return 0, &syntax{at, "text follows the quote that closes the field", ""}
		}
		r.quoted = append(r.quoted, '"')
		at++
	}
}

// column returns the number of the character at an offset of the line, from 1.
func (r *record) column(offset int) int {
	return utf8.RuneCount(r.text[:min(offset, len(r.text))]) + 1
}
