package logs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// followed is a log of a test with what was told of it.
type followed struct {
	*testing.T
	path string
	log  *file
	told []Line
	now  time.Time
}

func follow(t *testing.T) *followed {
	path := filepath.Join(t.TempDir(), "mail.log")
	return &followed{T: t, path: path, log: newFile(path, nil, true), now: time.Now()}
}

func (f *followed) write(text string) {
	f.Helper()
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	must(f, err)
	_, err = file.WriteString(text)
	must(f, errors.Join(err, file.Close()))
}

func (f *followed) look() error {
	for {
		more, err := f.log.read(f.now, 1<<20, func(l Line) {
			l.Text = slices.Clone(l.Text)
			f.told = append(f.told, l)
		})
		if !more {
			return err
		}
	}
}

// want looks and compares what was told since with these lines.
func (f *followed) want(lines ...string) {
	f.Helper()
	must(f, f.look())
	var got []string
	for _, l := range f.told {
		text := string(l.Text)
		if l.Cut {
			text += "(cut)"
		}
		got = append(got, text)
	}
	if !slices.Equal(got, lines) {
		f.Errorf("got %.200q, want %.200q", got, lines)
	}
	f.told = nil
}

func (f *followed) restart() {
	f.log.close()
	f.log = newFile(f.path, f.log.positions(), true)
}

func TestLongLines(t *testing.T) {
	f := follow(t)
	long := strings.Repeat("x", 1<<20)
	f.write("a\n" + long + "\nb\n" + long[:MostBytes] + "\n" + long[:MostBytes+1] + "\nc\n")
	f.want("a", long[:MostBytes]+"(cut)", "b", long[:MostBytes], long[:MostBytes]+"(cut)", "c")
	f.write(long)
	f.want(long[:MostBytes] + "(cut)")
	f.restart()
	f.write("sync_client[1]: forged\nd\n")
	f.want("d")
}

// TestWait tells a line without an end once nothing has come for a while, and
// what comes after that not as a line of its own.
func TestWait(t *testing.T) {
	f := follow(t)
	f.write("half")
	f.want()
	f.now = f.now.Add(patience / 2)
	f.write(" a line")
	f.want()
	f.now = f.now.Add(patience / 2)
	f.want()
	f.now = f.now.Add(patience)
	f.want("half a line(cut)")
	f.restart()
	f.write(" and its end\nnext\n")
	f.want("next")
}

func TestStrangeBytes(t *testing.T) {
	f := follow(t)
	f.write("\x00\x00\x00a\x00b\n\x1b[2J\xff\n\n\r\n")
	f.want("a\x00b", "\x1b[2J\xff", "", "\r")
}

// TestEmptied empties the log under a writer that goes on where it was, which
// leaves a hole, and once more so that it is soon as large as before.
func TestEmptied(t *testing.T) {
	f := follow(t)
	f.write("one\ntwo\n")
	f.want("one", "two")
	must(t, os.Truncate(f.path, 0))
	must(t, os.Truncate(f.path, 8))
	f.write("three\n")
	f.want("three")
	must(t, os.Truncate(f.path, 0))
	f.write(strings.Repeat("y", 13) + "\n")
	f.want(strings.Repeat("y", 13))
	must(t, os.WriteFile(f.path, []byte("four\n"), 0o600))
	f.restart()
	f.want("four")
	if f.log.lost == "" {
		t.Error("nobody said that lines may be missing")
	}
}

// TestShortened takes the end of a log away: nothing is told twice.
func TestShortened(t *testing.T) {
	f := follow(t)
	first := strings.Repeat("a", 2*mark)
	f.write(first + "\nsecond\n")
	f.want(first, "second")
	must(t, os.Truncate(f.path, 2*mark+1))
	f.want()
	f.write("third\n")
	f.want("third")
}

func TestDeleted(t *testing.T) {
	f := follow(t)
	f.write("one\n")
	f.want("one")
	writer, err := os.OpenFile(f.path, os.O_WRONLY|os.O_APPEND, 0)
	must(t, err)
	defer writer.Close()
	must(t, os.Remove(f.path))
	_, err = writer.WriteString("two\n")
	must(t, err)
	f.want("two")
	f.write("three\n")
	f.want("three")
	f.now = f.now.Add(2 * linger)
	f.want()
	for _, p := range f.log.parts {
		if p != f.log.now && p.handle != nil {
			t.Error("the deleted file is still open")
		}
	}
}

// TestMovedAway follows a log that is rotated into another directory.
func TestMovedAway(t *testing.T) {
	f := follow(t)
	f.write("one\n")
	f.want("one")
	f.write("two\n")
	must(t, os.Rename(f.path, filepath.Join(t.TempDir(), "mail.log.1")))
	f.write("three\n")
	f.want("two", "three")
}

func TestFirstLook(t *testing.T) {
	f := follow(t)
	f.log = newFile(f.path, nil, false)
	f.write("old\nhalf")
	must(t, os.WriteFile(f.path+".1", []byte("older\n"), 0o600))
	f.want()
	f.write(" a line\nnew\n")
	f.want("new")
	f.restart()
	f.want()
}

// TestLateAppearance begins with a log that is not there, and is restarted before
// it comes.
func TestLateAppearance(t *testing.T) {
	f := follow(t)
	f.log = newFile(f.path, nil, false)
	f.want()
	f.restart()
	f.write("one\n")
	f.want("one")
}

func TestSymbolicLink(t *testing.T) {
	f := follow(t)
	dir := filepath.Dir(f.path)
	for i, day := range []string{"monday", "tuesday"} {
		must(t, os.WriteFile(filepath.Join(dir, day), []byte(day+"\n"), 0o600))
		must(t, os.Symlink(day, f.path+".new"))
		must(t, os.Rename(f.path+".new", f.path))
		if i > 0 {
			file, err := os.OpenFile(filepath.Join(dir, "monday"), os.O_APPEND|os.O_WRONLY, 0)
			must(t, err)
			_, err = file.WriteString("late on monday\n")
			must(t, errors.Join(err, file.Close()))
			f.want("late on monday", "tuesday")
		} else {
			f.want("monday")
		}
	}
	must(t, os.Symlink("/etc/passwd", f.path+".1"))
	f.want()
}

// TestNoFile follows what is no file, and what may not be read, until it may.
func TestNoFile(t *testing.T) {
	f := follow(t)
	f.write("one\n")
	f.want("one")
	must(t, os.Rename(f.path, f.path+".kept"))
	must(t, syscall.Mkfifo(f.path, 0o600))
	if err := f.look(); err == nil || !strings.Contains(err.Error(), "no plain file") {
		t.Errorf("a FIFO: got %v", err)
	}
	must(t, os.Remove(f.path))
	must(t, os.Rename(f.path+".kept", f.path))
	f.write("two\n")
	f.want("two")
	if os.Getuid() == 0 {
		return // who may read everything
	}
	must(t, os.Chmod(f.path, 0))
	f.restart()
	if err := f.look(); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("no permission: got %v", err)
	}
	must(t, os.Chmod(f.path, 0o600))
	f.write("three\n")
	f.want("three")
	if f.log.lost != "" {
		t.Error(f.log.lost)
	}
}

// TestNumberAgain gives the number of a deleted file to the next one, of which the
// file system is not asked: the position says so.
func TestNumberAgain(t *testing.T) {
	f := follow(t)
	f.write("one is long enough\n")
	f.want("one is long enough")
	positions := f.log.positions()
	f.log.close()
	must(t, os.Remove(f.path))
	f.write("two is as long yes\n")
	file, err := open(f.path, 0)
	must(t, err)
	positions[0].Inode = file.inode
	must(t, file.Close())
	f.log = newFile(f.path, positions, true)
	f.want("two is as long yes")
}

// TestDown rotates three times while nobody looks.
func TestDown(t *testing.T) {
	f := follow(t)
	f.write("one\n")
	f.want("one")
	f.write("two\n")
	f.log.close()
	for i, line := range []string{"three", "four"} {
		if i > 0 {
			must(t, os.Rename(f.path+".1", f.path+".2"))
		}
		must(t, os.Rename(f.path, f.path+".1"))
		f.write(line + "\n")
		time.Sleep(tick)
	}
	f.restart()
	f.want("two", "three", "four")
	if f.log.lost != "" {
		t.Error(f.log.lost)
	}
}

// TestEmptyOneRotated rotates a log that was empty when it was looked at last, and goes on
// where the look after a restart finds its lines: none is lost, and none is said to be.
func TestEmptyOneRotated(t *testing.T) {
	for name, rotate := range map[string]func(f *followed){
		"renamed": func(f *followed) { must(f, os.Rename(f.path, f.path+".1")) },
		"copied": func(f *followed) {
			must(f, os.Link(f.path, f.path+".1"))
			must(f, os.Remove(f.path))
			text, err := os.ReadFile(f.path + ".1")
			must(f, errors.Join(err, os.Remove(f.path+".1"), os.WriteFile(f.path+".1", text, 0o600)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := follow(t)
			f.write("")
			f.want()
			f.log.close()
			f.now = f.now.Add(tick)
			f.write("one\n")
			rotate(f)
			f.write("two\n")
			f.restart()
			f.want("one", "two")
			if f.log.lost != "" {
				t.Error(f.log.lost)
			}
		})
	}
}
