package cyrus

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// longestAnswer is what one line of an answer may have with its literals, unless
// a command expects more. The longest known else is the access list of a folder
// that thousands share.
const longestAnswer = 1 << 20

// errProtocol says that a server does not speak IMAP as the standard has it.
var errProtocol = errors.New("protocol error")

// protocolError shows a piece of what was not understood.
func protocolError(what string, line []byte) error {
	return fmt.Errorf("%w: %s: %s", errProtocol, what, sample(line))
}

// sample quotes the beginning of what a server said, safe to print.
func sample(line []byte) string {
	const most = 80
	line = bytes.TrimRight(line, "\r\n")
	if len(line) > most {
		return strconv.QuoteToASCII(string(line[:most])) + "…"
	}
	return strconv.QuoteToASCII(string(line))
}

// rawReader reads whole answers: a line, and where it ends in a literal also
// that and the line that goes on behind it (RFC 9051, section 4.3).
type rawReader struct {
	side   io.Reader
	from   *bufio.Reader
	most   int // bytes that an answer may have
	answer []byte
}

// rawSide is the side of the wire that our own reader reads.
type rawSide struct{ *wire }

func (s rawSide) Read(p []byte) (int, error) { return s.take(p, true) }

func newRawReader(side io.Reader) *rawReader {
	return &rawReader{side: side, from: bufio.NewReaderSize(side, 64<<10), most: longestAnswer}
}

// unread returns what was read from the wire and is part of no answer yet.
func (r *rawReader) unread() []byte {
	rest, err := r.from.Peek(r.from.Buffered())
	if err != nil {
		return nil
	}
	rest = bytes.Clone(rest)
	r.from.Reset(r.side)
	return rest
}

// next returns the next answer without its final line break. It is valid until
// the next call.
func (r *rawReader) next() ([]byte, error) {
	r.answer = r.answer[:0]
	for {
		start := len(r.answer)
		if err := r.line(); err != nil {
			return nil, err
		}
		line := r.answer[start:]
		if !bytes.HasSuffix(line, []byte("\r\n")) {
			return nil, protocolError("a line that does not end in CRLF", line)
		}
		if bytes.IndexByte(line, 0) >= 0 {
			return nil, protocolError("a NUL in a line", line)
		}
		size, found := literalSize(line)
		if !found || isText(r.answer) {
			return r.answer[:len(r.answer)-2], nil
		}
		if err := r.literal(size); err != nil {
			return nil, err
		}
	}
}

// line appends one line with its end.
func (r *rawReader) line() error {
	for {
		piece, err := r.from.ReadSlice('\n')
		r.answer = append(r.answer, piece...)
		if len(r.answer) > r.most {
			return protocolError("an answer that does not end", r.answer)
		}
		if err == nil || !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// literal appends a literal, as it comes: a size that a server only claims
// takes no memory.
func (r *rawReader) literal(size int64) error {
	if size > int64(r.most-len(r.answer)) {
		return protocolError(fmt.Sprintf("a literal of %d bytes", size), r.answer)
	}
	for size > 0 {
		piece, err := r.from.Peek(int(min(size, int64(r.from.Size()), int64(max(1, r.from.Buffered())))))
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		r.answer = append(r.answer, piece...)
		size -= int64(len(piece))
		if _, err := r.from.Discard(len(piece)); err != nil {
			return err
		}
	}
	return nil
}

// literalSize reads the size from a line that ends in {12} or {12+}.
func literalSize(line []byte) (int64, bool) {
	line = bytes.TrimSuffix(line, []byte("\r\n"))
	start := bytes.LastIndexByte(line, '{')
	if start < 0 || line[len(line)-1] != '}' {
		return 0, false
	}
	digits := bytes.TrimSuffix(line[start+1:len(line)-1], []byte("+"))
	size, err := strconv.ParseUint(string(digits), 10, 62)
	if errors.Is(err, strconv.ErrRange) {
		return 1 << 62, true
	}
	return int64(size), err == nil
}

// isText tells whether an answer ends in text for people, which has no
// literals however it may look: a tagged one, or the untagged OK, NO, BAD and BYE.
func isText(answer []byte) bool {
	rest, untagged := bytes.CutPrefix(answer, []byte("* "))
	if !untagged {
		return true
	}
	word, _, _ := bytes.Cut(rest, []byte(" "))
	switch string(bytes.ToUpper(word)) {
	case "OK", "NO", "BAD", "BYE", "PREAUTH":
		return true
	}
	return false
}
