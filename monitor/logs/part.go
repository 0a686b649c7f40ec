package logs

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

// mark is how many bytes tell one file from another.
const mark = 128

// part is one file of a log, as far as it has been told.
type part struct {
	monitor.Position
	handle *os.File // nil: it is not open
	unzip  *unzip   // of a compressed file
	grown  time.Time
	rest   rest
}

// rest is a last line that has no end yet.
type rest struct {
	offset int64
	size   int
	since  time.Time
}

// close lets the file go.
func (p *part) close() {
	if p.handle != nil {
		p.handle.Close()
	}
	p.handle, p.unzip = nil, nil
}

// readAt returns up to so many bytes at an offset.
func readAt(r io.ReaderAt, offset int64, most int) []byte {
	b := make([]byte, most)
	n, _ := r.ReadAt(b, offset) // what cannot be read is not there
	return b[:n]
}

// holds reports whether the text is what the part was when it was last looked at,
// and perhaps more.
func (p *part) holds(r io.ReaderAt) bool {
	return bytes.Equal(readAt(r, 0, len(p.Head)), p.Head) && p.goesOn(r)
}

// goesOn reports whether the text is what the part was just before the offset.
func (p *part) goesOn(r io.ReaderAt) bool {
	return bytes.Equal(readAt(r, p.Offset-int64(len(p.Tail)), len(p.Tail)), p.Tail)
}

// is reports whether a file with the number of the part is still the part.
func (p *part) is(c *found) bool {
	switch {
	case c.gz && p.unzip != nil && p.unzip.size == c.size && p.unzip.changed.Equal(c.changed):
		return true
	case c.gz:
		text, err := p.resume(c)
		p.unzip = text
		return err == nil && p.begins(c.head())
	case p.holds(c):
		p.learn(c)
		return true
	case c.size < p.Offset && c.size >= mark && p.begins(readAt(c, 0, mark)):
		p.skip(c, c.size) // its end was taken away
		return true
	}
	return false
}

// begins reports whether the first bytes of a file are those of the part, as far
// as both reach. Nothing is told of empty ones.
func (p *part) begins(head []byte) bool {
	n := min(len(head), len(p.Head))
	return n > 0 && bytes.Equal(head[:n], p.Head[:n])
}

// learn notes the first bytes as long as there were too few.
func (p *part) learn(r io.ReaderAt) {
	if len(p.Head) < mark {
		p.Head = readAt(r, 0, mark)
	}
}

// skip goes to an offset without telling what is before it.
func (p *part) skip(r io.ReaderAt, offset int64) {
	p.learn(r)
	p.Offset = offset
	n := min(offset, mark)
	p.Tail = readAt(r, offset-n, int(n))
	p.Within = len(p.Tail) > 0 && p.Tail[len(p.Tail)-1] != '\n'
}

// unzip is the text of a compressed file, from where the part has been told.
type unzip struct {
	file    *os.File
	text    io.Reader
	size    int64 // of the compressed file when it was opened
	changed time.Time
	pending []byte // has been read and not been told
	ended   bool   // nothing more comes out of it
}

// head returns the first bytes of the text of a file.
func (f *found) head() []byte {
	if !f.gz {
		return readAt(f, 0, mark)
	}
	text, err := gzip.NewReader(io.NewSectionReader(f, 0, f.size))
	if err != nil {
		return nil
	}
	b := make([]byte, mark)
	n, _ := io.ReadFull(text, b) // a short text is short
	return b[:n]
}

// errShort says that a file ends before what has been told of it does.
var errShort = errors.New("it is shorter than what has been told")

// resume opens a compressed file where the part has been told up to.
func (p *part) resume(f *found) (*unzip, error) {
	text, err := gzip.NewReader(io.NewSectionReader(f, 0, f.size))
	if err != nil {
		return nil, errShort
	}
	if _, err := io.CopyN(io.Discard, text, p.Offset-int64(len(p.Tail))); err != nil {
		return nil, errShort
	}
	tail := make([]byte, len(p.Tail))
	if _, err := io.ReadFull(text, tail); err != nil {
		return nil, errShort
	}
	if !bytes.Equal(tail, p.Tail) {
		return nil, errors.New("it is another text")
	}
	return &unzip{file: f.File, text: text, size: f.size, changed: f.changed}, nil
}
