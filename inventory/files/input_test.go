package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

func pipe(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// However long somebody else takes to write, the context ends the reading.
func TestReadEndsWithTheContext(t *testing.T) {
	for name, begin := range map[string]func(t *testing.T, path string){
		"nobody writes": func(*testing.T, string) {},
		"somebody writes nothing": func(t *testing.T, path string) {
			w, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { w.Close() })
		},
		"somebody writes without end": func(t *testing.T, path string) {
			w, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { w.Close() })
			go func() {
				for err := error(nil); err == nil; {
					_, err = w.WriteString("\n")
				}
			}()
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := pipe(t)
			begin(t, path)
			fleet := filepath.Join(lay(t, map[string]string{"fleet.yaml": "format: 1\nservers: []\nstores: []\nusers: " + path + "\n"}), "fleet.yaml")
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, cancel)
			inv, _, err := Read(ctx, fleet)
			if !errors.Is(err, context.Canceled) || inv != nil {
				t.Errorf("got %v, %v", inv, err)
			}
		})
	}
}

// A fleet may come through pipes, late and in pieces.
func TestReadPipe(t *testing.T) {
	path := pipe(t)
	go func() {
		time.Sleep(20 * time.Millisecond)
		w, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer w.Close()
		for _, part := range []string{"user,store,disk,io\nan", "na,s1,1,1\nbob,s9,1,1\n"} {
			if _, err := w.WriteString(part); err != nil {
				t.Error(err)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	fleet := filepath.Join(lay(t, map[string]string{"fleet.yaml": "format: 1\nservers: []\nstores: [{name: s1}]\nusers: " + path + "\n"}), "fleet.yaml")
	_, _, err := Read(t.Context(), fleet)
	// The column is 1: what came through a pipe cannot be looked up again.
	if want := path + ":3:1: store s9 is not in the fleet (user bob)"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestOpenRefuses(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "socket")
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: socket}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{t.TempDir(): "it is a directory", "/dev/zero": "it is a device", socket: "it is a socket"} {
		if _, err := Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
	null, err := Open(t.Context(), os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if text, err := io.ReadAll(null); len(text) > 0 || err != nil {
		t.Errorf("%s holds %q, %v", os.DevNull, text, err)
	}
}

// Rows of a table that is full of mistakes are counted, not kept.
func TestMistakesWithoutEnd(t *testing.T) {
	header := "user,store,disk,io\n"
	for name, test := range map[string]struct {
		table inventory.Table
		text  string
	}{
		"unreadable": {inventory.InUsers, header + strings.Repeat("anna,s1,x,1\n", 5*mostWrong)},
		"stray":      {inventory.InUsers, header + strings.Repeat("anna,s9,1,1\n", 5*mostWrong)},
		"repeated":   {inventory.InUsers, header + strings.Repeat("anna,s1,1,1\nbob,s1,1,1\nanna,s1,2,1\n", 2*mostWrong)},
		"shares":     {inventory.InShares, "owner,folder,grantee,rights\n" + strings.Repeat("anna,Work,bob,lrs\nanna,Work,eve,lrs\n", 2*mostWrong)},
		"groups":     {inventory.InGroups, "group,member\n" + strings.Repeat("staff,anna\nstaff,bob\n", 2*mostWrong)},
		"instances":  {inventory.InInstances, "store,server,role\n" + strings.Repeat("s1,h1,replica\n", 2*mostWrong)},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReader(t.Context(), filepath.Join(lay(t, map[string]string{
				"fleet.yaml": fmt.Sprintf("format: 1\nservers: []\nstores: [{name: s1}]\n%s: table.csv\n", test.table),
				"table.csv":  test.text,
			}), "fleet.yaml"))
			text, err := r.readFleet()
			if err != nil {
				t.Fatal(err)
			}
			r.read(r.parse(text))
			r.validate()
			if rows := len(r.tables[test.table].lines); rows > mostWrong+10 {
				t.Errorf("%d rows are kept", rows)
			}
			m := r.mistakes.mistakes()
			if !strings.HasPrefix(m.Summary(), "at least ") || len(m.First) != Shown {
				t.Errorf("%s, %d kept", m.Summary(), len(m.First))
			}
		})
	}
}
