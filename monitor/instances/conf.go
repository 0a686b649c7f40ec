package instances

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Limits of a configuration: far above what people write, and below what hurts.
const (
	mostBytes    = 1 << 20
	mostIncludes = 64
)

// conf is an imapd.conf, by option.
type conf struct {
	values map[string]string
	files  int // how many were read
}

// readConf reads an imapd.conf and what it includes.
func readConf(path string) (*conf, error) {
	c := &conf{values: map[string]string{}}
	return c, c.read(path)
}

func (c *conf) read(path string) error {
	if c.files++; c.files > mostIncludes {
		return fmt.Errorf("%s: more than %d files include one another", path, mostIncludes)
	}
	text, err := readFile(path)
	if err != nil {
		return err
	}
	for number, line := range wholeLines(text) {
		if err := c.line(path, line); err != nil {
			return fmt.Errorf("%s:%d: %w", path, number, err)
		}
	}
	return nil
}

// line reads one option, or the file that the line includes. The path of that is
// taken as Cyrus takes it, which is absolute or else relative to wherever a
// process runs; here to the file.
func (c *conf) line(path, line string) error {
	option, value, found := strings.Cut(line, ":")
	option, value = strings.ToLower(strings.TrimSpace(option)), strings.TrimSpace(value)
	if !found || option == "" {
		return errors.New("this is no option and no value")
	}
	if option != "@include" {
		c.values[option] = value
		return nil
	}
	if !filepath.IsAbs(value) {
		value = filepath.Join(filepath.Dir(path), value)
	}
	return c.read(value)
}

// wholeLines yields the lines that say something with their numbers. A backslash
// at its end continues a line.
func wholeLines(text []byte) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		begun, whole := 0, ""
		for i, line := range strings.Split(string(text), "\n") {
			if whole == "" {
				begun = i + 1
			}
			line = strings.TrimRight(line, " \t\r")
			if more, continues := strings.CutSuffix(line, `\`); continues {
				whole += more
				continue
			}
			whole = strings.TrimSpace(whole + line)
			if whole != "" && whole[0] != '#' && !yield(begun, whole) {
				return
			}
			whole = ""
		}
	}
}

// readFile reads a plain file that is not too large, and waits for nothing.
func readFile(path string) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no plain file", path)
	}
	text, err := io.ReadAll(io.LimitReader(file, mostBytes+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > mostBytes:
		return nil, fmt.Errorf("%s is larger than %d bytes", path, mostBytes)
	case bytes.IndexByte(text, 0) >= 0:
		return nil, fmt.Errorf("%s is no text", path)
	}
	return text, nil
}

// text returns the value of an option, or another one where it is not set.
func (c *conf) text(option, otherwise string) string {
	if value, set := c.values[option]; set && value != "" {
		return value
	}
	return otherwise
}

// yes reports whether a switch is on, in the words that Cyrus knows for it.
func (c *conf) yes(option string) bool {
	switch strings.ToLower(c.values[option]) {
	case "1", "on", "t", "true", "y", "yes":
		return true
	}
	return false
}
