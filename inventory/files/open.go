package files

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// Limits against files that are not what they seem.
const (
	maxFleet = 8 << 20  // bytes of a fleet file
	maxLine  = 64 << 10 // bytes of a line of CSV
	maxTable = 4 << 30  // bytes of a table once unpacked
)

var errUnpacked = fmt.Errorf("it unpacks to more than %d GiB", maxTable>>30)

// openTable opens a file for reading, unpacking it if its name ends in .gz.
func openTable(path string) (io.ReadCloser, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, reason(err)
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		file.Close()
		return nil, errors.New("it is a directory")
	}
	if !strings.HasSuffix(path, ".gz") {
		return file, nil
	}
	packed, err := gzip.NewReader(bufio.NewReaderSize(file, maxLine))
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("unpack: %w", err)
	}
	return &unpacked{packed: packed, file: file, left: maxTable}, nil
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

// unpacked is a compressed file that ends in an error when it grows too large.
type unpacked struct {
	packed *gzip.Reader
	file   io.Closer
	left   int64
}

// Read reads unpacked bytes.
func (u *unpacked) Read(p []byte) (int, error) {
	if u.left <= 0 {
		return 0, errUnpacked
	}
	n, err := u.packed.Read(p[:min(int64(len(p)), u.left)])
	u.left -= int64(n)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("unpack: %w", err)
	}
	return n, err
}

// Close closes the file.
func (u *unpacked) Close() error { return u.file.Close() }

var utf8BOM = []byte("\ufeff")

// isUTF16 reports whether a file begins as one in UTF-16 does.
func isUTF16(start []byte) bool {
	return bytes.HasPrefix(start, []byte{0xff, 0xfe}) || bytes.HasPrefix(start, []byte{0xfe, 0xff}) ||
		len(start) > 1 && (start[0] == 0) != (start[1] == 0)
}

const encodingHint = "save the file as UTF-8"
