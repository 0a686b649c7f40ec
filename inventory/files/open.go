package files

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// Limits against files that are not what they seem.
const (
	maxFleet = 8 << 20  // bytes of a fleet file
	maxLine  = 64 << 10 // bytes of a line of CSV
	maxTable = 2 << 30  // bytes of a table that is not a plain file
)

// tableLimit is maxTable, but in tests, which would unpack for half a minute.
var tableLimit int64 = maxTable

var errEndless = fmt.Errorf("it holds more than %d GiB", maxTable>>30)

// openTable opens a file for reading, unpacking it if its name ends in .gz, and
// tells how many bytes will be read, 0 if that is not known.
func openTable(ctx context.Context, path string) (in io.ReadCloser, size int64, err error) {
	file, err := Open(ctx, path)
	if err != nil {
		return nil, 0, reason(err)
	}
	if strings.HasSuffix(path, ".gz") {
		packed, err := gzip.NewReader(bufio.NewReaderSize(file, maxLine))
		if err != nil {
			file.Close()
			return nil, 0, fmt.Errorf("unpack: %w", err)
		}
		return &limited{in: packed, file: file, left: tableLimit}, 0, nil
	}
	if !file.Plain {
		return &limited{in: file, file: file, left: tableLimit}, 0, nil
	}
	return file, file.Size, nil
}

// reason returns the cause of an error of the file system without the name of
// the file, which messages have anyway.
func reason(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// limited is a compressed file or a pipe: its size does not tell how much can be
// read from it, and it ends in an error when that is too much.
type limited struct {
	in   io.Reader
	file io.Closer
	left int64
}

// Read reads as long as the limit is not reached.
func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errEndless
	}
	n, err := l.in.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

// Close closes the file.
func (l *limited) Close() error { return l.file.Close() }

var utf8BOM = []byte("\ufeff")

// isUTF16 reports whether a file begins as one in UTF-16 does.
func isUTF16(start []byte) bool {
	return bytes.HasPrefix(start, []byte{0xff, 0xfe}) || bytes.HasPrefix(start, []byte{0xfe, 0xff}) ||
		len(start) > 1 && (start[0] == 0) != (start[1] == 0)
}

const encodingHint = "save the file as UTF-8"
