package logs

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/monitor"
	"pgregory.net/rapid"
)

// scene is a log that is written and rotated in every way, and its follower.
type scene struct {
	path   string
	writer *os.File
	log    *file
	told   []string
	saved  []monitor.Position
	kept   int // how many lines were told when the positions were saved

	number  int    // of the next line
	begun   string // the beginning of a line without its end
	want    []string
	dated   bool
	rotated int // since the last look
	noted   int // shapes of rotation: makes names differ
}

func must(t interface{ Fatal(...any) }, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

func (s *scene) open(t *rapid.T) {
	var err error
	s.writer, err = os.OpenFile(s.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	must(t, err)
}

func (s *scene) write(t *rapid.T, text string) {
	_, err := s.writer.WriteString(text)
	must(t, err)
}

// line writes lines, the first of which ends what was begun.
func (s *scene) line(t *rapid.T) {
	for range rapid.IntRange(1, 40).Draw(t, "lines") {
		if s.begun == "" {
			s.begun = s.fresh(t)
			s.write(t, s.begun)
		}
		s.want = append(s.want, s.begun)
		s.write(t, "\n")
		s.begun = ""
	}
}

func (s *scene) fresh(t *rapid.T) string {
	s.number++
	return fmt.Sprintf("line %d %s", s.number, strings.Repeat("x", rapid.SampledFrom([]int{0, 3, 200}).Draw(t, "length")))
}

func (s *scene) begin(t *rapid.T) {
	if s.begun != "" {
		return // a line is begun already
	}
	s.begun = s.fresh(t)
	s.write(t, s.begun)
}

func (s *scene) look(t *rapid.T) {
	s.rotated = 0
	for {
		more, err := s.log.read(time.Now(), 64, func(l Line) {
			if l.Cut {
				t.Fatalf("%q was cut", l.Text)
			}
			s.told = append(s.told, string(l.Text))
		})
		must(t, err)
		if !more {
			return
		}
	}
}

func (s *scene) save(*rapid.T) { s.saved, s.kept = s.log.positions(), len(s.told) }

// kill is a kill -9 of the follower: what it has not saved it has not told.
func (s *scene) kill(*rapid.T) {
	s.log.close()
	s.told = s.told[:s.kept]
	s.log = newFile(s.path, s.saved, true)
}

// shift makes room for a newly rotated file, as logrotate does, and returns its
// name.
func (s *scene) shift(t *rapid.T) string {
	// A log that nobody looks at is rotated twice before it is looked at and saved
	// again: what is in no file any more cannot be told.
	if s.rotated++; s.rotated != 2 {
		s.look(t)
		s.save(t)
		s.rotated = 1
	}
	if s.noted++; s.dated {
		return fmt.Sprintf("%s-202611%02d%06d", s.path, 10+s.noted/1000000, s.noted)
	}
	for i := 5; i > 0; i-- {
		for _, suffix := range []string{"", ".gz"} {
			from, to := fmt.Sprintf("%s.%d%s", s.path, i, suffix), fmt.Sprintf("%s.%d%s", s.path, i+1, suffix)
			if err := os.Rename(from, to); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
	}
	return s.path + ".1"
}

func (s *scene) rename(t *rapid.T) {
	must(t, os.Rename(s.path, s.shift(t)))
	late := rapid.Bool().Draw(t, "late")
	if late {
		s.line(t) // the writer does not know yet
	}
	if s.begun != "" {
		s.line(t)
	}
	if rapid.Bool().Draw(t, "look before the new one") {
		s.look(t)
	}
	s.writer.Close()
	s.open(t)
}

func (s *scene) copyTruncate(t *rapid.T) {
	if s.begun != "" {
		s.line(t)
	}
	name := s.shift(t)
	s.copy(t, s.path, name, rapid.Bool().Draw(t, "look at half a copy"))
	if rapid.Bool().Draw(t, "look before truncation") {
		s.look(t)
	}
	must(t, os.Truncate(s.path, 0))
}

func (s *scene) copy(t *rapid.T, from, to string, half bool) {
	text, err := os.ReadFile(from)
	must(t, err)
	file, err := os.Create(to)
	must(t, err)
	defer file.Close()
	if half {
		_, err = file.Write(text[:len(text)/2])
		must(t, err)
		s.look(t)
		text = text[len(text)/2:]
	}
	_, err = file.Write(text)
	must(t, err)
}

// compress compresses the newest rotated file with a number, as gzip does.
func (s *scene) compress(t *rapid.T) {
	name := s.path + rapid.SampledFrom([]string{".1", ".2"}).Draw(t, "which")
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	must(t, err)
	info, err := os.Stat(name)
	must(t, err)
	file, err := os.Create(name + ".gz")
	must(t, err)
	z := gzip.NewWriter(file)
	_, err = z.Write(text[:len(text)/2])
	must(t, err)
	if rapid.Bool().Draw(t, "look at half of it") {
		must(t, z.Flush())
		s.look(t)
	}
	_, err = z.Write(text[len(text)/2:])
	must(t, err)
	must(t, z.Close())
	must(t, file.Close())
	must(t, os.Chtimes(name+".gz", info.ModTime(), info.ModTime()))
	must(t, os.Remove(name))
}

// check fails if a line was told twice. Lines of two files that are written at the
// same time have no order.
func (s *scene) check(t *rapid.T) {
	count := map[string]int{}
	for _, line := range s.told {
		if count[line]++; count[line] > 1 {
			t.Fatalf("told twice: %q", line)
		}
	}
}

// TestFollow holds a follower against everything that happens to logs, in any
// order: each line is told once.
func TestFollow(t *testing.T) {
	base := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp(base, "")
		must(t, err)
		defer os.RemoveAll(dir)
		s := &scene{path: filepath.Join(dir, "mail.log")}
		s.log = newFile(s.path, nil, true)
		s.dated = rapid.Bool().Draw(t, "dated")
		if rapid.Bool().Draw(t, "late") {
			s.look(t)
			s.save(t)
		}
		s.open(t)
		defer func() { s.writer.Close(); s.log.close() }()
		t.Repeat(map[string]func(*rapid.T){
			"line": s.line, "begin": s.begin, "look": s.look, "save": s.save, "kill": s.kill,
			"rename": s.rename, "copyTruncate": s.copyTruncate, "compress": s.compress, "": s.check,
		})
		if s.begun != "" {
			s.line(t)
		}
		s.look(t)
		s.check(t)
		told := map[string]bool{}
		for _, line := range s.told {
			told[line] = true
		}
		for _, line := range s.want {
			if !told[line] {
				t.Fatalf("not told: %q", line)
			}
		}
		if len(s.told) != len(s.want) {
			t.Fatalf("told %d lines of %d", len(s.told), len(s.want))
		}
	})
}
